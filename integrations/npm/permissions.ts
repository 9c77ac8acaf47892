/**
 * The flags of Deno with which the npm package starts the program: what its command line needs, and those that the user
 * gives. Pure.
 */

import { callFlag, listenFlag, permissionFlags } from "../../src/cli/launch.ts";
import { CLIENT_VARIABLE, PROJECT_VARIABLE } from "../../src/cli/location.ts";
import { PERSON_OPTIONS } from "../../src/cli/taken_options.ts";
import { AUTO } from "../../src/core/model/project_name.ts";

/** The variable that names a service, to use in place of the files. */
export const URL_VARIABLE = "ORCHESTRATOR_URL";

/** The variables that every command reads. */
export const VARIABLES: readonly string[] = [
  "ORCHESTRATOR_DATA_DIR",
  "ORCHESTRATOR_INSTANCE",
  "ORCHESTRATOR_TOKEN",
  URL_VARIABLE,
  "USER",
  "USERNAME",
  PROJECT_VARIABLE,
  CLIENT_VARIABLE,
  "XDG_DATA_HOME",
  "HOME",
  "USERPROFILE",
  "LOCALAPPDATA",
];

/** The variables by which init finds the configuration of clients. */
export const INIT_VARIABLES: readonly string[] = [
  "APPDATA",
  "XDG_CONFIG_HOME",
  "CLAUDE_CONFIG_DIR",
  "CODEX_HOME",
  "COPILOT_HOME",
  "CLINE_DIR",
];

/** Where `serve` listens by default. */
const DEFAULT_HOST = "127.0.0.1";
const DEFAULT_PORT = 8787;

/** A flag of Deno that permits or forbids something; the program has no such option. */
const DENO_FLAG = /^(--(allow|deny)-(read|write|net|env|sys|run|import|ffi)(=|$)|(-A|--allow-all)$)/;

/** Flags of Deno that permit everything. It takes no flag beside them that permits something. */
const ALL_FLAGS: readonly string[] = ["-A", "--allow-all"];

export interface Start {
  /** The arguments of the program. */
  readonly args: readonly string[];
  /** The permissions that the user gives beside those that the program needs. */
  readonly given: readonly string[];
}

/** Tells the flags that are Deno's from the arguments that are the program's. */
export function splitArguments(args: readonly string[]): Start {
  const end = args.includes("--") ? args.indexOf("--") : args.length;
  const isGiven = (arg: string, index: number) => index < end && DENO_FLAG.test(arg);
  return {
    args: args.filter((arg, index) => !isGiven(arg, index)),
    given: args.filter(isGiven),
  };
}

/**
 * What a command line is about: one data directory, projects by their names, those of repositories wherever they are, or
 * the configuration of clients, which may be anywhere, too.
 */
export type Scope = "directory" | "projects" | "repositories" | "clients";

/** Returns what a command line is about. */
export function scopeOf(args: readonly string[], environment: (variable: string) => string | undefined): Scope {
  const projects = valuesOf(args, "--project").flatMap((names) => names.split(","));
  const command = commandOf(args);
  if (command === "init") return "clients";
  if (command === "projects" || projects.includes(AUTO)) return "repositories";
  if (projects.length > 0 || args.includes("--projects")) return "projects";
  return optionOf(args, "--data") === undefined && environment(PROJECT_VARIABLE) ? "repositories" : "directory";
}

/** Where the program and its data are. */
export interface Places {
  readonly scope: Scope;
  /** The data directory, or that of all projects, and its real path if that is another one. */
  readonly data: readonly string[];
  /** The directory of the program, which it must read to start threads. */
  readonly program: string;
  /** The address of a service that the environment names. */
  readonly service?: string | undefined;
}

/** Returns the flags of `deno run`. */
export function denoFlags({ args, given }: Start, { scope, data, program, service }: Places): readonly string[] {
  if (given.some((flag) => ALL_FLAGS.includes(flag))) return [...RUN_FLAGS, ...given];
  const { read, written } = filesOf(args);
  const isInit = scope === "clients";
  // Git's files are where the repository is.
  const isAnywhere = isInit || scope === "repositories";
  return [
    ...RUN_FLAGS,
    ...(isAnywhere ? ["--allow-read"] : permissionFlags([...data, program, ...read, ...written], "read")),
    ...(isInit ? ["--allow-write"] : permissionFlags([...data, ...written], "create").slice(1)),
    `--allow-env=${[...VARIABLES, ...(isInit ? INIT_VARIABLES : [])].join(",")}`,
    "--allow-sys=statfs",
    ...netFlags(args, service),
    ...given,
  ];
}

/** Nothing is downloaded, and no file of the working directory or above the program changes what is run. */
const RUN_FLAGS: readonly string[] = [
  "--quiet",
  "--no-prompt",
  "--no-config",
  "--no-lock",
  "--no-remote",
  "--no-npm",
  "--cached-only",
];

/** The commands that call the service that runs on their data, wherever it listens on this machine. */
const CALLING: readonly string[] = ["status", "call", "open", ...Object.keys(PERSON_OPTIONS)];

const LOOPBACK_FLAG = "--allow-net=127.0.0.1,[::1]";

/** The options before a command that take no value. */
export const FLAGS: readonly string[] = ["--version", "-V", "--help", "-h", "--deliver", "--allow-private-webhooks"];

/** The command; undefined if there is none, and MCP is served. */
export function commandOf(args: readonly string[]): string | undefined {
  let at = 0;
  for (let arg = args[at]; arg?.startsWith("-"); arg = args[at]) at += arg.includes("=") || FLAGS.includes(arg) ? 1 : 2;
  return args[at];
}

/** The value of an option; the last one counts. */
export function optionOf(args: readonly string[], name: string): string | undefined {
  return valuesOf(args, name).at(-1);
}

/** The values of an option, written `--name value` or `--name=value`. */
function valuesOf(args: readonly string[], name: string): readonly string[] {
  return args.flatMap((arg, index) => {
    if (arg.startsWith(`${name}=`)) return [arg.slice(name.length + 1)];
    return arg === name ? args.slice(index + 1, index + 2) : [];
  });
}

/** The files that a command is given. A few too many are no harm: the user has named them. */
function filesOf(args: readonly string[]): { readonly read: readonly string[]; readonly written: readonly string[] } {
  const handlers = optionOf(args, "--handlers");
  return {
    read: [...argumentsOf("import", args), ...(handlers === undefined ? [] : [parentOf(handlers)])],
    // A copy goes into a directory that may be missing.
    written: argumentsOf("backup", args).flatMap((destination) => [destination, parentOf(destination)]),
  };
}

/** The arguments of a command that are no options. */
function argumentsOf(command: string, args: readonly string[]): readonly string[] {
  if (commandOf(args) !== command) return [];
  return args.slice(args.indexOf(command) + 1).filter((arg) => !arg.startsWith("-"));
}

function parentOf(path: string): string {
  const parent = path.replace(/[/\\]+$/, "").replace(/[^/\\]+$/, "");
  return parent === "" ? "." : parent;
}

/** Permits to listen, or to call a service. A server of one client does neither. */
function netFlags(args: readonly string[], service: string | undefined): readonly string[] {
  const command = commandOf(args);
  if (command === undefined) return [];
  if (command === "serve") return listenFlags(args);
  const named = optionOf(args, "--url");
  return [...callFlags(named ?? service), ...(named === undefined && CALLING.includes(command) ? [LOOPBACK_FLAG] : [])];
}

/** Permits to call a service by its address. */
function callFlags(address: string | undefined): readonly string[] {
  const url = address === undefined ? null : URL.parse(address);
  // What is no address of a service is for the program to refuse.
  return url !== null && /^https?:$/.test(url.protocol) ? [callFlag(url)] : [];
}

/** Permits to listen where `serve` is told to. A place that cannot be is for the program to refuse. */
function listenFlags(args: readonly string[]): readonly string[] {
  const host = optionOf(args, "--host") ?? DEFAULT_HOST;
  const port = Number(optionOf(args, "--port") ?? DEFAULT_PORT);
  if (!/^[\w.:-]+$/.test(host) || !Number.isInteger(port)) return [];
  return [listenFlag(host === "localhost" ? DEFAULT_HOST : host, port)];
}

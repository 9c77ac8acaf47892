/** Makes command lines that start this program with exactly the Deno permissions that it needs. Pure. */

import type { Invocation } from "./arguments.ts";
import { placeVariables } from "./data_place.ts";
import type { ProjectsInvocation } from "./project_arguments.ts";
import {
  CLIENT_VARIABLE,
  type FileLocation,
  type LocatedProject,
  type Location,
  PROJECT_VARIABLE,
} from "./location.ts";

/**
 * How each command uses the data directory; for `call` and a person's commands, what they call decides, and `init` uses none.
 * Only `create` makes a missing one.
 */
export const ACCESS = {
  serve: "create",
  http: "create",
  status: "read",
  digest: "read",
  history: "read",
  analyze: "read",
  export: "read",
  audit: "read",
  "audit head": "read",
  "token issue": "create",
  "token list": "read",
  "token revoke": "write",
  open: "write",
  "webhook add": "write",
  "webhook list": "read",
  "webhook log": "read",
  "webhook test": "read",
  "webhook replay": "write",
  "webhook rotate": "write",
  "webhook remove": "write",
  verify: "read",
  repair: "write",
  backup: "read",
  import: "create",
  clock: "write",
  archive: "write",
  pause: "write",
  resume: "write",
  doctor: "read",
  redact: "write",
  migrate: "write",
} as const satisfies Record<
  Exclude<
    Invocation["type"],
    "call" | "copy" | "init" | "person" | "completion" | "complete" | ProjectsInvocation["type"]
  >,
  "read" | "write" | "create"
>;

/** A command line without the program's own arguments. */
export interface Launch {
  readonly command: string;
  /** Arguments before those of the program. */
  readonly args: readonly string[];
}

export interface LaunchOptions {
  /** Of this program. */
  readonly version: string;
  readonly isStandalone: boolean;
  /** The running executable: Deno, or the standalone program. */
  readonly executable: string;
  readonly denoVersion: string;
  /** The path of this program. */
  readonly program: string;
  /** What the program is made of, so that it can start itself as a worker: its directory, or the program of one file. */
  readonly readable: string;
  /** The operating system, as Deno names it. */
  readonly os: string;
}

/** Permits to read the client's token: without it, a token in the environment would count for nothing. */
const TOKEN = "ORCHESTRATOR_TOKEN";

/** Returns how to start this program again in the way in which it was started. */
export function launchOf(options: LaunchOptions, location: Location): Launch {
  const { version, isStandalone, executable, denoVersion, program } = options;
  if (isStandalone) return { command: executable, args: [] };
  const npm = npmLaunchOf(program, version);
  if (npm !== undefined) return npm;
  const permissions = permissionsFor(location, options);
  const run = ["run", ...permissions, program];
  return isInNpxCache(executable)
    ? { command: "npx", args: ["--yes", `deno@${denoVersion}`, ...run] }
    : { command: "deno", args: run };
}

/** The npm package, and its program in a directory where npm has installed it. */
const NPM_PACKAGE = "@mcp-orchestrator/server";
const NPM_PROGRAM = /([/\\]node_modules[/\\]@mcp-orchestrator[/\\]server[/\\])program[/\\]main\.js$/;

/** What people start: the command that npm installs, the standalone program, or the file that they have Deno run. */
export function programName(
  { isStandalone, executable, program }: Pick<LaunchOptions, "isStandalone" | "executable" | "program">,
): string {
  if (NPM_PROGRAM.test(program)) return "mcp-orchestrator";
  return (isStandalone ? executable : program).replace(/^.*[/\\]/, "");
}

/** How to start the program of the npm package, whose launcher gives the permissions; undefined for another program. */
function npmLaunchOf(program: string, version: string): Launch | undefined {
  if (!NPM_PROGRAM.test(program)) return undefined;
  return isInNpxCache(program)
    ? { command: "npx", args: ["--yes", `${NPM_PACKAGE}@${version}`] }
    : { command: "node", args: [program.replace(NPM_PROGRAM, "$1launcher.mjs")] };
}

/** Whether a path is in the cache of npx, which npx may clear at any time. */
function isInNpxCache(path: string): boolean {
  return /[/\\]_npx[/\\]/.test(path);
}

function permissionsFor(location: Location, options: LaunchOptions): readonly string[] {
  switch (location.store) {
    case "memory":
      return [];
    case "file":
      return clientPermissions(options, location);
    case "database":
      return [...location.permissions, readFlag([options.readable]), `--allow-env=${TOKEN}`];
    default:
      return location satisfies never;
  }
}

/** Deno's flags for a client's server: for its data, its token, and to start itself as a worker. */
function clientPermissions({ readable, os }: LaunchOptions, { directory, project }: FileLocation): readonly string[] {
  const place = project?.place ?? directory;
  return [
    project?.isAuto === true ? READ_ALL : readFlag([place, readable]),
    writeFlag([place]),
    environmentFlag(os, project),
  ];
}

/** Deno's flags to look at a plan in files or at the service on them, with a token if there is one. */
export function readerPermissions(
  os: string,
  { directory, project, service }: FileLocation & { readonly service: URL },
): readonly string[] {
  if (project?.isAuto === true) return anyRepositoryPermissions(os, service);
  return [readFlag([project?.place ?? directory]), environmentFlag(os, project), callFlag(service)];
}

/** Deno's flags to look at the plan of whatever repository the program works in. */
export function anyRepositoryPermissions(os: string, service: URL): readonly string[] {
  return [READ_ALL, environmentFlag(os, { isAuto: true }), callFlag(service)];
}

/** Deno's flag to read the token, and what says which project is meant. */
export function environmentFlag(os: string, project?: Pick<LocatedProject, "isAuto">): string {
  const variables = project === undefined ? [TOKEN] : [...projectVariables(project.isAuto, os), TOKEN];
  return `--allow-env=${variables.join(",")}`;
}

/** For `--project auto`: git's files of any repository, wherever its work trees are. */
const READ_ALL = "--allow-read";

/** The variables that say which project is meant, and where it is. Without one of them, it could be another project. */
export function projectVariables(isAuto: boolean, os: string): readonly string[] {
  return [...(isAuto ? [PROJECT_VARIABLE, CLIENT_VARIABLE] : []), ...placeVariables(os)];
}

/** What a start with `--project` needs permissions for. */
export interface ProjectPermissions {
  readonly isAuto: boolean;
  readonly access: "read" | "write" | "create";
  readonly os: string;
  /** The directory with all projects; absent as long as the environment that names it may not be read. */
  readonly place?: string;
  /** What else is needed: the targets of links. */
  readonly others?: readonly string[];
}

/** Returns how to start the program with all permissions that a project needs. */
export function howToPermitProject({ isAuto, access, os, place, others = [] }: ProjectPermissions): string {
  const isUnknown = place === undefined;
  const quoted = isUnknown
    ? `"${USUAL_PLACES[os] ?? USUAL_PLACES["linux"]}"`
    : shellWords([pathList([place, ...others])]);
  const flags = [
    isAuto ? READ_ALL : `${READ_ALL}=${quoted}`,
    ...(access === "read" ? [] : [`--allow-write=${quoted}`]),
    `--allow-env=${projectVariables(isAuto, os).join(",")}`,
  ];
  const hasVariable = isUnknown && flags.some((flag) => flag.includes(quoted));
  return `start with ${flags.join(" ")}` +
    (hasVariable ? " (clients replace no variable: write the path itself into their configurations)" : "");
}

/** Where the projects are without further variables, as a shell reads it. */
const USUAL_PLACES: Readonly<Record<string, string>> = {
  linux: "$HOME/.local/share/mcp-orchestrator/projects",
  darwin: "$HOME/Library/Application Support/mcp-orchestrator/projects",
  windows: "%LOCALAPPDATA%/mcp-orchestrator/projects",
};

/** Returns how to start the program with permission for a data directory and for the targets of links in it. */
export function howToPermit(
  { directory, all, access }: {
    readonly directory: string;
    readonly all: readonly string[];
    readonly access: "read" | "write" | "create";
  },
): string {
  return `start with ${shellWords([...permissionFlags(all, access), "--data", directory])}`;
}

/** Returns how to start a backup with permission to read the data and to write to `place`. */
export function howToPermitBackup(
  { directory, place, destination }: {
    readonly directory: string;
    readonly place: string;
    readonly destination: string;
  },
): string {
  const flags = [...permissionFlags([directory, place], "read"), ...permissionFlags([place], "create").slice(1)];
  return `start with ${shellWords([...flags, "--data", directory, "backup", destination])}`;
}

/** Deno's flag that permits to listen on a port; 0 stands for any port. */
export function listenFlag(host: string, port: number): string {
  return `--allow-net=${host.includes(":") ? `[${host}]` : host}:${port}`;
}

/** Deno's flag that permits to call a service. */
export function callFlag(service: URL): string {
  return `--allow-net=${hostOf(service)}`;
}

/** The host and port of a service, as permissions name them. */
export function hostOf({ host, port, protocol }: URL): string {
  return port === "" ? `${host}:${protocol === "https:" ? 443 : 80}` : host;
}

/** Deno's flags that permit access to the given paths. */
export function permissionFlags(places: readonly string[], access: "read" | "write" | "create"): readonly string[] {
  return access === "read" ? [readFlag(places)] : [readFlag(places), writeFlag(places)];
}

function readFlag(places: readonly string[]): string {
  return `--allow-read=${pathList(places)}`;
}

function writeFlag(places: readonly string[]): string {
  return `--allow-write=${pathList(places)}`;
}

function pathList(places: readonly string[]): string {
  return [...new Set(places.map(nameable))].join(",");
}

/**
 * The path, or the nearest directory above it whose name has no comma: in a flag, a comma ends the path, even a doubled
 * one ("Empty path is not allowed", Deno 2.9.6). A permission for a directory covers everything below it.
 */
function nameable(path: string): string {
  const [beforeComma = ""] = path.split(",", 1);
  return beforeComma === path ? path : beforeComma.slice(0, Math.max(1, beforeComma.search(/[/\\][^/\\]*$/)));
}

/** Arguments quoted for a POSIX shell. */
export function shellWords(args: readonly string[]): string {
  return args.map((arg) => /^[\w./=:@,-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`).join(" ");
}

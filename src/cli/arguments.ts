/** Reads the command line. Bad arguments are reported; none is silently ignored. */

import { Command, CommanderError, Option } from "commander";
import { addArchiveCommand, type ArchiveCommand } from "./archive_arguments.ts";
import { addDigestCommand } from "./digest_arguments.ts";
import type { DigestInvocation } from "./digest.ts";
import { addCall, type CallOptions } from "./call_arguments.ts";
import { addCopyCommand, type CopyCommand } from "./copy_arguments.ts";
import { addAuditCommands, addHistoryCommand, type HistoryInvocation } from "./history_arguments.ts";
import { addHttp, type HttpOptions } from "./http_arguments.ts";
import { addInitCommand, type InitInvocation } from "./init_arguments.ts";
import { addOpenCommand, type OpenInvocation } from "./open_arguments.ts";
import { addMigrateCommand, type MigrateCommand } from "./migrate_arguments.ts";
import { addOperationCommands, type OperationInvocation } from "./operation_arguments.ts";
import { type NamedLocation, type NamedProjects, PROJECT_VARIABLE, STORE_VARIABLE } from "./location.ts";
import {
  atLeastOne,
  head,
  instanceCounts,
  nonEmpty,
  projectNames,
  type StoreKind,
  storeKind,
  type WantedHead,
} from "./option_values.ts";
import { addPersonCommands, urlOption } from "./person/arguments.ts";
import { addCompletionCommands, type CompletionInvocation } from "./person/completion_arguments.ts";
import type { PersonOptions } from "./person/command.ts";
import { addPlanFileCommands, type ExportInvocation, type ImportInvocation } from "./plan_arguments.ts";
import { addProjectCommands, type ProjectsInvocation } from "./project_arguments.ts";
import { addRedactCommand, type RedactInvocation } from "./redact_arguments.ts";
import { addServeOptions, type ServeFlags, type ServeOptions, serveOptionsOf } from "./serve_options.ts";
import { CALL_OPTIONS, PERSON_OPTIONS } from "./taken_options.ts";
import { addTokenCommands, type TokenInvocation } from "./token_arguments.ts";
import { addWebhookCommands, type WebhookInvocation } from "./webhook_arguments.ts";

/** A command and its options. */
type Chosen =
  | ({ readonly type: "serve" } & ServeOptions)
  | { readonly type: "status"; readonly all: boolean; readonly watch: boolean; readonly url?: URL }
  | { readonly type: "analyze"; readonly limit: number; readonly forecast?: readonly number[] }
  | DigestInvocation
  | HistoryInvocation
  | TokenInvocation
  | OpenInvocation
  | WebhookInvocation
  | { readonly type: "verify"; readonly head?: WantedHead }
  | { readonly type: "repair" }
  | { readonly type: "backup"; readonly destination: string }
  | ExportInvocation
  | ImportInvocation
  | { readonly type: "clock" }
  | ArchiveCommand
  | CopyCommand
  | MigrateCommand
  | OperationInvocation
  | ({ readonly type: "call" } & CallOptions)
  | ({ readonly type: "person" } & PersonOptions)
  | CompletionInvocation
  | RedactInvocation
  | ProjectsInvocation
  | InitInvocation;

/** The command `serve` and its options. */
type ChosenService = { readonly type: "http" } & ServeOptions & HttpOptions;

/** A command, its options, and its data. */
export type Invocation =
  | ({ readonly location: NamedLocation } & Chosen)
  | ({ readonly location: NamedLocation | NamedProjects } & ChosenService);

/** The program ends at once; help, the version or an error is printed already. */
export interface Exit {
  readonly type: "exit";
  readonly code: number;
}

export interface ArgumentsContext {
  /** The name under which people call the program. */
  readonly name: string;
  readonly version: string;
  /** Where the data is by default, in words for `--help`. */
  readonly defaultPlace: string;
  /** The names of all toolsets, and of those that are on by default. */
  readonly toolsets: readonly string[];
  readonly defaultToolsets: readonly string[];
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Default of `analyze --limit`. */
const DEFAULT_ANALYZED = 10;

/** Takes what the arguments ask for. */
type Choose = (chosen: Chosen | ChosenService) => void;

/** Reads the arguments; prints help, the version, or what is wrong with them. */
export function readArguments(args: readonly string[], context: ArgumentsContext): Invocation | Exit {
  let invocation: Invocation | undefined;
  const program = newProgram(context);
  const choose: Choose = (chosen) => {
    const idle = idleOption(program, chosen);
    if (idle !== undefined) program.error(`error: ${idle}: leave it out`);
    const location = locationOf(program);
    invocation = chosen.type === "http"
      ? { ...chosen, location: projectsOf(program, chosen) ?? location }
      : { ...chosen, location };
  };
  const { defaultToolsets } = context;
  addServeOptions(program, context);
  addHttp(program, (http) => choose({ type: "http", ...serveOptionsOf(program, defaultToolsets), ...http }));
  addCall(program, (call) => choose({ type: "call", ...serveOptionsOf(program, defaultToolsets), ...call }));
  addPersonCommands(
    program,
    (asked) => choose({ type: "person", ...serveOptionsOf(program, defaultToolsets), ...asked }),
  );
  addPlanCommands(program, choose);
  addDigestCommand(program, choose);
  addPlanFileCommands(program, choose);
  addHistoryCommand(program, choose);
  addAuditCommands(program, choose);
  addOperationCommands(program, choose);
  addArchiveCommand(program, choose);
  addCopyCommand(program, choose);
  addMigrateCommand(program, choose);
  addRedactCommand(program, choose);
  addJournalCommands(program, choose);
  addTokenCommands(program, choose);
  addOpenCommand(program, choose);
  addCompletionCommands(program, choose);
  addProjectCommands(program, choose);
  addWebhookCommands(program, choose);
  addInitCommand(program, choose);
  // Last, as commands take settings from the program when they are added.
  addServe(program, choose, defaultToolsets);
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { type: "exit", code: error.exitCode };
  }
  return invocation ?? { type: "exit", code: 0 };
}

/** The program with the options that name its data. */
function newProgram({ name, version, defaultPlace, print, printError }: ArgumentsContext): Command {
  return new Command(name)
    .description("A graph of tasks that several AI agents share over the Model Context Protocol (MCP).")
    .version(version)
    .configureOutput({
      writeOut: print,
      writeErr: printError,
      getErrHasColors: () => false,
      getOutHasColors: () => false,
    })
    .exitOverride()
    .showHelpAfterError("(--help shows what there is)")
    .addOption(
      new Option(
        "--data <directory>",
        `where the tasks are kept (default: ORCHESTRATOR_DATA_DIR, or else ${defaultPlace})`,
      ).argParser(nonEmpty),
    )
    .addOption(
      new Option(
        "--project <name>",
        `the plan of that name, or auto: of this git repository (default: ${PROJECT_VARIABLE}); serve takes several`,
      ).argParser(projectNames),
    )
    .addOption(
      new Option(
        "--store <kind>",
        `file, which calls no service either, postgres://user@host/database, or memory, which keeps nothing ` +
          `(default: ${STORE_VARIABLE}, or else file)`,
      ).argParser(storeKind),
    );
}

function addPlanCommands(program: Command, choose: Choose): void {
  program.command("status")
    .description("print the tasks as a table, those that matter most first")
    .option("--all", "every task, finished ones too, in the order of creation", false)
    .addOption(new Option("--watch", "show what matters now, live in a terminal").default(false).conflicts("all"))
    .addOption(urlOption())
    .action((options: { all: boolean; watch: boolean; url?: URL }) => choose({ type: "status", ...options }));
  program.command("analyze")
    .description("print the critical path of the remaining tasks, and what holds them up")
    .option("--limit <count>", "most entries in each list", atLeastOne, DEFAULT_ANALYZED)
    .option("--forecast <counts>", "also when it will be done with so many instances, like 2,4", instanceCounts)
    .action((options: { limit: number; forecast?: readonly number[] }) => choose({ type: "analyze", ...options }));
}

function addJournalCommands(program: Command, choose: Choose): void {
  program.command("verify")
    .description("check every record of the journal; changes nothing")
    .option("--head <head>", "also check that it holds this record, which audit head printed", head)
    .action((options: { head?: WantedHead }) => choose({ type: "verify", ...options }));
  program.command("repair")
    .description("cut a damaged end off the journal, keeping a copy")
    .action(() => choose({ type: "repair" }));
  program.command("backup")
    .description("copy the data directory, even while servers use it, and check the copy")
    .argument("<destination>", "a directory that is empty or missing")
    .action((destination: string) => choose({ type: "backup", destination }));
  program.command("clock")
    .description("take care of the journal's time")
    .command("correct")
    .description("set the journal's time to the clock, after a clock that was ahead has written to it")
    .action(() => choose({ type: "clock" }));
}

/** Without a command, the program serves MCP on standard input and output. */
function addServe(program: Command, choose: Choose, toolsets: readonly string[]): void {
  program
    .allowExcessArguments()
    .action(() => {
      const [unknown] = program.args;
      if (unknown !== undefined) {
        const names = program.commands.map((command) => command.name()).join(", ");
        program.error(`error: unknown command '${unknown}': there are ${names}; without one, MCP is served`);
      }
      choose({ type: "serve", ...serveOptionsOf(program, toolsets) });
    });
}

/** What the options that name the data say. */
interface LocationFlags {
  readonly data?: string;
  readonly project?: readonly string[];
  readonly store?: StoreKind;
}

function locationOf(program: Command): NamedLocation {
  const { data, project, store } = program.opts<LocationFlags>();
  if (store === "memory") return { type: "memory" };
  if (store !== undefined && store !== "file") return { type: "database", url: store.url, project: project?.[0] };
  const files = store === "file" ? { isInFiles: true as const } : {};
  if (project?.[0] === undefined) return { type: "data", directory: data, ...files };
  return { type: "project", project: project[0], ...files };
}

/** The projects that a service serves side by side; undefined if it serves one plan that is none. */
function projectsOf(program: Command, { projects }: HttpOptions): NamedProjects | undefined {
  const { project } = program.opts<LocationFlags>();
  if ((project === undefined || isDatabase(program)) && projects !== true) return undefined;
  return { type: "projects", names: [...new Set(project)], isAll: projects === true };
}

/** Whether the arguments name a database. */
function isDatabase(program: Command): boolean {
  return typeof program.opts<LocationFlags>().store === "object";
}

/** Names an option that contradicts another one about where the data is, and why; undefined if there is none. */
function idleLocation(program: Command, chosen: Chosen | ChosenService): string | undefined {
  const { data, project, store } = program.opts<LocationFlags>();
  const { type } = chosen;
  const isProjects = type === "http" && chosen.projects === true;
  const named = project !== undefined ? "--project" : isProjects ? "--projects" : undefined;
  if (named !== undefined && data !== undefined) {
    return `--data has no effect with ${named}, which says where the plan is`;
  }
  if (named !== undefined && store === "memory") {
    return `${named} has no effect with --store memory, which keeps nothing`;
  }
  if (isDatabase(program) && type === "init") {
    return "--store postgres://… has no effect on init, which configures plans in files; docs/postgresql.md has the command";
  }
  if (isDatabase(program) && data !== undefined) {
    return "--data has no effect with --store postgres://…, which says where the plan is";
  }
  if (isDatabase(program) && (isProjects || (project?.length ?? 0) > 1)) {
    return "a second project has no effect with --store postgres://…: start one serve for each";
  }
  if (project !== undefined && project.length > 1 && type !== "http") {
    return `--project has no effect a second time, but for serve: ${type === "serve" ? "MCP" : type} is about one plan`;
  }
  if (type === "copy" && (data !== undefined || store !== undefined)) {
    return `${
      data !== undefined ? "--data" : "--store"
    } has no effect on copy: --from and --to say where the plans are`;
  }
  if (type !== "serve" && type !== "http") {
    const name = nameOf(chosen);
    return store === "memory" ? `--store memory has no effect on ${name}, which needs a data directory` : undefined;
  }
  const isIdle = store === "memory" && data !== undefined;
  return isIdle ? "--data has no effect with --store memory, which keeps nothing" : undefined;
}

/** What the person has called the command. */
function nameOf(chosen: Chosen | ChosenService): string {
  return chosen.type === "person" ? chosen.command.type : chosen.type;
}

/** Names a given option that has no effect on the command, and why; undefined if there is none. */
function idleOption(program: Command, invocation: Chosen | ChosenService): string | undefined {
  const { type } = invocation;
  const idle = idleLocation(program, invocation);
  if (idle !== undefined) return idle;
  const given = program.options.filter((option) => program.getOptionValueSource(option.attributeName()) === "cli");
  if (type === "projects list" || type === "projects rename" || type === "projects move") {
    const [option] = given;
    return option && `${option.long} has no effect on projects, which is about all of them`;
  }
  if (type === "http" && given.some(({ long }) => long === "--instance")) {
    return "--instance has no effect on serve, as its clients are several: each gives its own instance_id";
  }
  const isOpen = invocation.type === "http" && invocation.open;
  if (type === "http" && given.some(({ long }) => long === "--as") && !isOpen) {
    return "--as has no effect on serve without --open, as its clients bring tokens: issue one with --role";
  }
  if (isOpen && program.opts<ServeFlags>().as === "token") {
    return "--as token has no effect on serve --open, whose clients need no token";
  }
  if (type === "http" && given.some(({ long }) => long === "--deliver")) {
    return "--deliver has no effect on serve, which always delivers";
  }
  if (type === "serve" || type === "http") {
    if (invocation.allowHandlersFrom !== undefined && invocation.handlers === undefined) {
      return "--allow-handlers-from has no effect without --handlers";
    }
    const isSeveral = type === "http" &&
      (invocation.projects === true || (program.opts<LocationFlags>().project?.length ?? 0) > 1);
    if (isSeveral && invocation.handlers !== undefined) {
      return "--handlers has no effect with several projects, as a handlers file is for one plan";
    }
    return undefined;
  }
  const used = [
    ...["--data", "--project", "--store"],
    ...(WITH_INSTANCE.includes(type) ? ["--instance"] : []),
    ...(type === "webhook test" ? ["--allow-private-webhooks"] : []),
    ...(type === "call" ? CALL_OPTIONS : []),
    ...(invocation.type === "person" ? PERSON_OPTIONS[invocation.command.type] : []),
  ];
  const serving = given.find(({ long }) => long == null || !used.includes(long));
  return serving && `${serving.long} has no effect on ${nameOf(invocation)}: it says how MCP is served`;
}

/** The commands that have an option `--instance` of their own. */
const WITH_INSTANCE: readonly Invocation["type"][] = ["digest", "history", "audit", "token issue"];

/** Reads the command line. Bad arguments are reported; none is silently ignored. */

import { Command, CommanderError, Option } from "commander";
import type { HistoryQuery } from "../app/history.ts";
import type { NotificationType } from "../core/messages/notifications.ts";
import { ROLES } from "../core/model/access.ts";
import type { NewToken } from "../core/model/token.ts";
import { addArchiveCommand, type ArchiveCommand } from "./archive_arguments.ts";
import { addCall, type CallOptions } from "./call_arguments.ts";
import {
  atLeastOne,
  commaList,
  eventTypes,
  expiry,
  from,
  head,
  hostNames,
  instanceCounts,
  ipAddress,
  moment,
  nonEmpty,
  type WantedHead,
} from "./option_values.ts";
import { addOperationCommands, type OperationInvocation } from "./operation_arguments.ts";
import { addWebhookCommands, type WebhookInvocation } from "./webhook_arguments.ts";
import { addRedactCommand, type RedactInvocation } from "./redact_arguments.ts";
import { addServeOptions, type ServeFlags, type ServeOptions, serveOptionsOf } from "./serve_options.ts";

/** The store that the arguments name. */
export interface Location {
  readonly store: "file" | "memory";
  /** The value of `--data`. */
  readonly directory: string | undefined;
}

/** Options for serving HTTP. */
export interface HttpOptions {
  readonly port: number;
  /** An IP address. */
  readonly host: string;
  /** Whether there is no access control. */
  readonly open: boolean;
  /** Further host names by which clients call the server. */
  readonly allowHost?: readonly string[];
}

/** A command and its options. */
export type Invocation =
  & { readonly location: Location }
  & (
    | ({ readonly type: "serve" } & ServeOptions)
    | ({ readonly type: "http" } & ServeOptions & HttpOptions)
    | { readonly type: "status"; readonly all: boolean }
    | { readonly type: "analyze"; readonly limit: number; readonly forecast?: readonly number[] }
    | { readonly type: "history"; readonly query: HistoryQuery; readonly json: boolean }
    | { readonly type: "audit"; readonly query: Omit<HistoryQuery, "limit"> }
    | { readonly type: "audit head" }
    | { readonly type: "token issue"; readonly settings: Omit<NewToken, "digest"> }
    | { readonly type: "token list" }
    | { readonly type: "token revoke"; readonly name: string }
    | WebhookInvocation
    | { readonly type: "verify"; readonly head?: WantedHead }
    | { readonly type: "repair" }
    | { readonly type: "backup"; readonly destination: string }
    | { readonly type: "export" }
    | { readonly type: "import"; readonly file: string }
    | { readonly type: "clock" }
    | ArchiveCommand
    | OperationInvocation
    | ({ readonly type: "call" } & CallOptions)
    | RedactInvocation
  );

/** The program ends at once; help, the version or an error is printed already. */
export interface Exit {
  readonly type: "exit";
  readonly code: number;
}

export interface ArgumentsContext {
  readonly version: string;
  /** Where the data is by default, in words for `--help`. */
  readonly defaultPlace: string;
  /** The names of all toolsets, and of those that are on by default. */
  readonly toolsets: readonly string[];
  readonly defaultToolsets: readonly string[];
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Default of `serve --port` and `serve --host`. */
const DEFAULT_PORT = 8787;
const DEFAULT_HOST = "127.0.0.1";

/** The highest port. */
const MAX_PORT = 65_535;

/** Defaults of `history --limit` and `analyze --limit`. */
const DEFAULT_EVENTS = 50;
const DEFAULT_ANALYZED = 10;

/** Stores the invocation that the arguments ask for. */
type Choose = (chosen: (location: Location) => Invocation) => void;

/** Reads the arguments; prints help, the version, or what is wrong with them. */
export function readArguments(args: readonly string[], context: ArgumentsContext): Invocation | Exit {
  let invocation: Invocation | undefined;
  const program = newProgram(context);
  const choose: Choose = (chosen) => {
    const { data, store } = program.opts<{ data?: string; store: "file" | "memory" }>();
    invocation = chosen({ store, directory: data });
    const idle = idleOption(program, invocation);
    if (idle !== undefined) program.error(`error: ${idle}: leave it out`);
  };
  addServeOptions(program, context);
  addCommands(program, choose);
  addArchiveCommand(program, (command) => choose((location) => ({ location, ...command })));
  addRedactCommand(program, (chosen) => choose((location) => ({ location, ...chosen })));
  addTokenCommands(program, choose);
  addWebhookCommands(program, (invocation) => choose((location) => ({ location, ...invocation })));
  addAuditCommands(program, choose);
  addOperationCommands(program, (chosen) => choose((location) => ({ location, ...chosen })));
  addCall(program, (call) => {
    choose((location) => ({ type: "call", location, ...serveOptionsOf(program, context.toolsets), ...call }));
  });
  addHttp(program, choose, context.defaultToolsets);
  // Last, as commands take settings from the program when they are added.
  addServe(program, choose, context.defaultToolsets);
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { type: "exit", code: error.exitCode };
  }
  return invocation ?? { type: "exit", code: 0 };
}

/** The program with the options that name its data. */
function newProgram({ version, defaultPlace, print, printError }: ArgumentsContext): Command {
  return new Command("orchestrator")
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
      new Option("--store <kind>", "memory keeps nothing and shares nothing: for trying things out")
        .choices(["file", "memory"]).default("file"),
    );
}

function addCommands(program: Command, choose: Choose): void {
  program.command("status")
    .description("print the tasks as a table")
    .option("--all", "finished ones too, however many", false)
    .action(({ all }: { all: boolean }) => choose((location) => ({ type: "status", location, all })));
  program.command("analyze")
    .description("print the critical path of the remaining tasks, and what holds them up")
    .option("--limit <count>", "most entries in each list", atLeastOne, DEFAULT_ANALYZED)
    .option("--forecast <counts>", "also when it will be done with so many instances, like 2,4", instanceCounts)
    .action((options: { limit: number; forecast?: readonly number[] }) =>
      choose((location) => ({ type: "analyze", location, ...options }))
    );
  program.command("history")
    .description("print what happened, who did it and when")
    .option("--task <id>", "only events of this task")
    .option("--instance <id>", "only events of this instance, and of tasks that it held")
    .option("--group <id>", "only events of this group, and of its tasks")
    .option("--type <names>", "only events of these types, like task.completed,task.failed", eventTypes)
    .option("--since <moment>", "only what came after this seq, event or ISO 8601 time, oldest first", moment)
    .option("--until <moment>", "only what came before this seq, event or ISO 8601 time", moment)
    .option("--limit <count>", "most events", atLeastOne, DEFAULT_EVENTS)
    .option("--json", "print CloudEvents, one JSON object a line", false)
    .action(({ type: types, json, ...options }: HistoryFlags) => {
      const query = {
        ...options,
        ...instanceOf(program),
        ...(types !== undefined && { types }),
      };
      choose((location) => ({ type: "history", location, query, json }));
    });
  program.command("verify")
    .description("check every record of the journal; changes nothing")
    .option("--head <head>", "also check that it holds this record, which audit head printed", head)
    .action((options: { head?: WantedHead }) => choose((location) => ({ type: "verify", location, ...options })));
  program.command("repair")
    .description("cut a damaged end off the journal, keeping a copy")
    .action(() => choose((location) => ({ type: "repair", location })));
  program.command("backup")
    .description("copy the data directory, even while servers use it, and check the copy")
    .argument("<destination>", "a directory that is empty or missing")
    .action((destination: string) => choose((location) => ({ type: "backup", location, destination })));
  program.command("export")
    .description("print all tasks as JSON, in the format of tasks.json")
    .action(() => choose((location) => ({ type: "export", location })));
  program.command("import")
    .description("add the tasks of a file, all or none: an export, or the tasks.json of the earlier server")
    .argument("<file>", "a path, or - for standard input")
    .action((file: string) => choose((location) => ({ type: "import", location, file })));
  program.command("clock")
    .description("take care of the journal's time")
    .command("correct")
    .description("set the journal's time to the clock, after a clock that was ahead has written to it")
    .action(() => choose((location) => ({ type: "clock", location })));
}

function addHttp(program: Command, choose: Choose, toolsets: readonly string[]): void {
  program.command("serve")
    .description("serve many clients over HTTP: MCP at /mcp")
    .addOption(
      new Option("--port <number>", "the port; 0 takes any free one").argParser(from(0, MAX_PORT)).default(
        DEFAULT_PORT,
      ),
    )
    .addOption(
      new Option("--host <address>", "the IP address, or localhost").argParser(ipAddress).default(DEFAULT_HOST),
    )
    .option("--allow-host <names>", "further host names by which clients call it, like tasks.example.com", hostNames)
    .option("--open", "no access control: every program on this machine may do everything", false)
    .action((http: HttpOptions) =>
      choose((location) => ({ type: "http", location, ...serveOptionsOf(program, toolsets), ...http }))
    );
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
      choose((location) => ({ type: "serve", location, ...serveOptionsOf(program, toolsets) }));
    });
}

function addTokenCommands(program: Command, choose: Choose): void {
  const token = program.command("token").description("say who may call, and what each may do");
  token.command("issue")
    .description("issue a token, and print it this once with a configuration for a client")
    .requiredOption("--name <name>", "its name in lists and in the audit")
    .addOption(new Option("--role <role>", "what its holder may do").choices(ROLES).makeOptionMandatory())
    .option("--instance <id>", "the only instance_id that its holder may use")
    .option("--audiences <names>", "the audiences whose groups it sees, with commas between (default: all)", commaList)
    .option("--expires <time>", "when it expires: ISO 8601, or a duration from now like P30D (default: never)", expiry)
    .action(({ expires: expiresAt, ...options }: IssueFlags) => {
      const settings = { ...options, ...instanceOf(program), ...(expiresAt !== undefined && { expiresAt }) };
      choose((location) => ({ type: "token issue", location, settings }));
    });
  token.command("list")
    .description("print the tokens that were not revoked")
    .action(() => choose((location) => ({ type: "token list", location })));
  token.command("revoke")
    .description("revoke a token at once, everywhere")
    .argument("<name>", "the name of the token")
    .action((name: string) => choose((location) => ({ type: "token revoke", location, name })));
}

function addAuditCommands(program: Command, choose: Choose): void {
  const audit = program.command("audit")
    .description("print every command and every refused call, with who made it: JSON Lines, oldest first")
    .option("--caller <name>", "only what this client did or was refused")
    .option("--token <name>", "only what holders of this token did or were refused")
    .option("--task <id>", "only what is about this task")
    .option("--instance <id>", "only what is about this instance")
    .option("--since <moment>", "only what came after this seq, event or ISO 8601 time", moment)
    .option("--until <moment>", "only what came before this seq, event or ISO 8601 time", moment)
    .addOption(
      new Option("--type <names>", "only events of these types, like task.completed,task.failed").argParser(eventTypes),
    )
    .addOption(new Option("--denied", "only refused calls").conflicts("type"))
    .action(({ type, denied, caller, ...options }: AuditFlags) => {
      const types = denied === true ? ["access.denied" as const] : type;
      const query = {
        ...options,
        ...instanceOf(program),
        ...(caller !== undefined && { actor: caller }),
        ...(types !== undefined && { types }),
      };
      choose((location) => ({ type: "audit", location, query }));
    });
  audit.command("head")
    .description("print the seq and hash of the last record: keep them elsewhere, for verify --head")
    .action(() => choose((location) => ({ type: "audit head", location })));
}

/** The value of --instance: the program has an option of this name, too, so it is the program that gets it. */
function instanceOf(program: Command): { readonly instance?: string } {
  const { instance } = program.opts<ServeFlags>();
  return instance === undefined ? {} : { instance };
}

/** Names a given option that has no effect on the command, and why; undefined if there is none. */
function idleOption(program: Command, invocation: Invocation): string | undefined {
  const { type, location } = invocation;
  const given = program.options.filter((option) => program.getOptionValueSource(option.attributeName()) === "cli");
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
    const isIdle = location.store === "memory" && location.directory !== undefined;
    return isIdle ? "--data has no effect with --store memory, which keeps nothing" : undefined;
  }
  if (location.store === "memory") return `--store memory has no effect on ${type}, which needs a data directory`;
  const used = [
    ...["--data", "--store"],
    ...(WITH_INSTANCE.includes(type) ? ["--instance"] : []),
    ...(type === "webhook test" ? ["--allow-private-webhooks"] : []),
    ...(type === "call" ? CALL_OPTIONS : []),
  ];
  const serving = given.find(({ long }) => long == null || !used.includes(long));
  return serving && `${serving.long} has no effect on ${type}: it says how MCP is served`;
}

/** The options for serving that also count for a single call. */
const CALL_OPTIONS: readonly string[] = [
  "--as",
  "--instance",
  "--timeout-ms",
  "--max-attempts",
  "--initial-interval-ms",
  "--backoff-coefficient",
  "--max-interval-ms",
  "--max-wait-ms",
];

/** The commands that have an option `--instance` of their own. */
const WITH_INSTANCE: readonly Invocation["type"][] = ["history", "audit", "token issue"];

interface IssueFlags extends Omit<NewToken, "digest" | "expiresAt"> {
  readonly expires?: number;
}

interface AuditFlags extends Omit<HistoryQuery, "limit" | "types" | "actor"> {
  readonly caller?: string;
  readonly type?: readonly NotificationType[];
  readonly denied?: boolean;
}

interface HistoryFlags extends Omit<HistoryQuery, "types"> {
  readonly type?: readonly NotificationType[];
  readonly json: boolean;
}

/** Reads the command line. Bad arguments are reported; none is silently ignored. */

import { Command, CommanderError, Option } from "commander";
import { DEFAULT_SESSION_GRACE_MS } from "../app/session_keeper.ts";
import type { HistoryQuery } from "../app/history.ts";
import { DEFAULT_MAX_WAIT_MS, LONGEST_MAX_WAIT_MS } from "../app/waiting.ts";
import { type Role, ROLES } from "../core/model/access.ts";
import type { TaskDefaults } from "../core/messages/commands.ts";
import type { NotificationType } from "../core/messages/notifications.ts";
import { MAX_COUNT, MAX_DURATION_MS } from "../core/model/limits.ts";
import { DEFAULT_MAX_ATTEMPTS } from "../core/model/task.ts";
import { atLeastOne, eventTypes, factor, from, instanceId, moment, nonEmpty, toolsetNames } from "./option_values.ts";

/** The store that the arguments name. */
export interface Location {
  readonly store: "file" | "memory";
  /** The value of `--data`. */
  readonly directory: string | undefined;
}

/** Options for serving MCP. */
export interface ServeOptions {
  /** Names of the toolsets to offer to clients. */
  readonly toolsets: readonly string[];
  /** What the client may do. */
  readonly role: Role;
  /** The instance of the client's calls that name none. */
  readonly instance?: string;
  /** Settings of new tasks that do not set them. */
  readonly defaults: TaskDefaults;
  /** Longest wait of `get_next_task`, in milliseconds. */
  readonly maxWaitMs?: number;
  /** How long the tasks of an ended session wait for their instances, in milliseconds. */
  readonly sessionGraceMs?: number;
}

/** A command and its options. */
export type Invocation =
  & { readonly location: Location }
  & (
    | ({ readonly type: "serve" } & ServeOptions)
    | { readonly type: "status"; readonly all: boolean }
    | { readonly type: "history"; readonly query: HistoryQuery; readonly json: boolean }
    | { readonly type: "verify" }
    | { readonly type: "repair" }
    | { readonly type: "backup"; readonly destination: string }
    | { readonly type: "export" }
    | { readonly type: "import"; readonly file: string }
    | { readonly type: "clock" }
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
  /** The names of all toolsets. */
  readonly toolsets: readonly string[];
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Default of `history --limit`. */
const DEFAULT_EVENTS = 50;

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
  addServeOptions(program, context.toolsets);
  addCommands(program, choose);
  // Last, as commands take settings from the program when they are added.
  addServe(program, choose, context.toolsets);
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

function addServeOptions(program: Command, toolsets: readonly string[]): void {
  const add = <T>(flags: string, description: string, parse: (value: string) => T) =>
    program.addOption(new Option(flags, description).argParser(parse));
  add("--toolsets <names>", `which tools to offer, of ${toolsets.join(",")}`, (value) => toolsetNames(value, toolsets));
  program.addOption(
    new Option("--as <role>", "what the client may do: all, plan and work, work, or only look (default: admin)")
      .choices(ROLES),
  );
  add(
    "--instance <id>",
    "instance_id of calls that give none (default: ORCHESTRATOR_INSTANCE, or else the client's name and random words)",
    instanceId,
  );
  add("--timeout-ms <ms>", "timeout_ms of tasks that don't set it", from(1, MAX_DURATION_MS));
  add(
    "--max-attempts <count>",
    `max_attempts of tasks that don't set it (default: ${DEFAULT_MAX_ATTEMPTS})`,
    from(1, MAX_COUNT),
  );
  add("--initial-interval-ms <ms>", "first pause before another attempt (default: 1000)", from(0, MAX_DURATION_MS));
  add("--backoff-coefficient <factor>", "each pause is longer than the one before by this factor (default: 2)", factor);
  add("--max-interval-ms <ms>", "longest pause (default: 100 times the first)", from(0, MAX_DURATION_MS));
  add(
    "--max-wait-ms <ms>",
    `longest wait of get_next_task; clients must not give up a call sooner (default: ${DEFAULT_MAX_WAIT_MS})`,
    from(1, LONGEST_MAX_WAIT_MS),
  );
  add(
    "--session-grace-ms <ms>",
    `how long tasks without timeout_ms wait for a client that is gone (default: ${DEFAULT_SESSION_GRACE_MS})`,
    from(0, MAX_DURATION_MS),
  );
}

function addCommands(program: Command, choose: Choose): void {
  program.command("status")
    .description("print the tasks as a table")
    .option("--all", "finished ones too, however many", false)
    .action(({ all }: { all: boolean }) => choose((location) => ({ type: "status", location, all })));
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
      // The program has an option of this name, too, so it is the program that gets it.
      const { instance } = program.opts<ServeFlags>();
      const query = {
        ...options,
        ...(instance !== undefined && { instance }),
        ...(types !== undefined && { types }),
      };
      choose((location) => ({ type: "history", location, query, json }));
    });
  program.command("verify")
    .description("check every record of the journal; changes nothing")
    .action(() => choose((location) => ({ type: "verify", location })));
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

/** Without a command, the program serves MCP. */
function addServe(program: Command, choose: Choose, toolsets: readonly string[]): void {
  program
    .allowExcessArguments()
    .action(() => {
      const [unknown] = program.args;
      if (unknown !== undefined) {
        const names = program.commands.map((command) => command.name()).join(", ");
        program.error(`error: unknown command '${unknown}': there are ${names}; without one, MCP is served`);
      }
      const options = program.opts<ServeFlags>();
      choose((location) => ({
        type: "serve",
        location,
        toolsets: options.toolsets ?? toolsets,
        role: options.as ?? "admin",
        ...(options.instance !== undefined && { instance: options.instance }),
        defaults: defaultsOf(options),
        ...(options.maxWaitMs !== undefined && { maxWaitMs: options.maxWaitMs }),
        ...(options.sessionGraceMs !== undefined && { sessionGraceMs: options.sessionGraceMs }),
      }));
    });
}

/** Names a given option that has no effect on the command, and why; undefined if there is none. */
function idleOption(program: Command, { type, location }: Invocation): string | undefined {
  const given = program.options.filter((option) => program.getOptionValueSource(option.attributeName()) === "cli");
  if (type === "serve") {
    const isIdle = location.store === "memory" && location.directory !== undefined;
    return isIdle ? "--data has no effect with --store memory, which keeps nothing" : undefined;
  }
  if (location.store === "memory") return `--store memory has no effect on ${type}, which needs a data directory`;
  const used = ["--data", "--store", ...(type === "history" ? ["--instance"] : [])];
  const serving = given.find(({ long }) => long == null || !used.includes(long));
  return serving && `${serving.long} has no effect on ${type}: it says how MCP is served`;
}

interface HistoryFlags extends Omit<HistoryQuery, "types"> {
  readonly type?: readonly NotificationType[];
  readonly json: boolean;
}

interface ServeFlags {
  readonly as?: Role;
  readonly instance?: string;
  readonly toolsets?: readonly string[];
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly initialIntervalMs?: number;
  readonly backoffCoefficient?: number;
  readonly maxIntervalMs?: number;
  readonly maxWaitMs?: number;
  readonly sessionGraceMs?: number;
}

function defaultsOf(flags: ServeFlags): TaskDefaults {
  const { timeoutMs, maxAttempts, initialIntervalMs, backoffCoefficient: coefficient, maxIntervalMs } = flags;
  const backoff = {
    ...(initialIntervalMs !== undefined && { initialIntervalMs }),
    ...(coefficient !== undefined && { coefficient }),
    ...(maxIntervalMs !== undefined && { maxIntervalMs }),
  };
  return {
    ...(timeoutMs !== undefined && { timeoutMs }),
    ...(maxAttempts !== undefined && { maxAttempts }),
    ...(Object.keys(backoff).length > 0 && { backoff }),
  };
}

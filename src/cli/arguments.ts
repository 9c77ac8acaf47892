/**
 * What the program was asked to do, from its arguments and environment.
 */

import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { DEFAULT_MAX_WAIT_MS, LONGEST_MAX_WAIT_MS } from "../app/waiting.ts";
import type { TaskDefaults } from "../core/messages/commands.ts";
import { MAX_BACKOFF_COEFFICIENT, MAX_COUNT, MAX_DURATION_MS } from "../core/model/limits.ts";

/** Where the data is kept. */
export interface Location {
  readonly store: "file" | "memory";
  /** The data directory that `--data` names. */
  readonly directory: string | undefined;
}

/** How to serve. */
export interface ServeOptions {
  /** Names of the toolsets to offer. */
  readonly toolsets: readonly string[];
  /** Settings of new tasks that do not say otherwise. */
  readonly defaults: TaskDefaults;
  /** Longest time that `get_next_task` waits, in milliseconds. */
  readonly maxWaitMs?: number;
}

/** What to do. */
export type Invocation =
  & { readonly location: Location }
  & (
    | ({ readonly type: "serve" } & ServeOptions)
    | { readonly type: "status"; readonly all: boolean }
    | { readonly type: "history"; readonly task?: string; readonly since?: number; readonly limit: number }
    | { readonly type: "verify" }
    | { readonly type: "repair" }
    | { readonly type: "backup"; readonly destination: string }
    | { readonly type: "export" }
    | { readonly type: "import"; readonly file: string }
  );

/** Arguments that end the program at once, with what was to be said already printed. */
export interface Exit {
  readonly type: "exit";
  readonly code: number;
}

export interface Surroundings {
  readonly version: string;
  /** Where the data is if nothing else is said. */
  readonly defaultPlace: string;
  /** The names of all toolsets. */
  readonly toolsets: readonly string[];
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

/** Records that `history` prints unless told otherwise. */
const DEFAULT_RECORDS = 50;

/** Reads the arguments; prints help, version or what is wrong with them. */
export function readArguments(args: readonly string[], surroundings: Surroundings): Invocation | Exit {
  const { version, defaultPlace, print, printError } = surroundings;
  let invocation: Invocation | undefined;
  const program = new Command("orchestrator");
  const location = (): Location => {
    const { data, store } = program.opts<{ data?: string; store: "file" | "memory" }>();
    return { store, directory: data };
  };
  const choose = (chosen: (location: Location) => Invocation) => {
    invocation = chosen(location());
    const idle = idleOption(program, invocation);
    if (idle !== undefined) program.error(`error: ${idle}: leave it out`);
  };
  program
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
  program
    .addOption(
      new Option("--toolsets <names>", `which tools to offer, of ${surroundings.toolsets.join(",")}`)
        .argParser((value) => toolsetNames(value, surroundings.toolsets)),
    )
    .addOption(
      new Option("--timeout-ms <ms>", "timeout_ms of tasks that don't say").argParser(from(1, MAX_DURATION_MS)),
    )
    .addOption(
      new Option("--max-attempts <count>", "max_attempts of tasks that don't say").argParser(from(1, MAX_COUNT)),
    )
    .addOption(new Option("--initial-interval-ms <ms>", "first pause before another attempt (default: 1000)")
      .argParser(from(0, MAX_DURATION_MS)))
    .addOption(
      new Option("--backoff-coefficient <factor>", "by what each pause is longer than the one before (default: 2)")
        .argParser(factor),
    )
    .addOption(
      new Option("--max-interval-ms <ms>", "longest pause (default: 100 times the first)").argParser(
        from(0, MAX_DURATION_MS),
      ),
    )
    .addOption(
      new Option(
        "--max-wait-ms <ms>",
        `longest wait of get_next_task; clients must not give up a call sooner (default: ${DEFAULT_MAX_WAIT_MS})`,
      ).argParser(from(1, LONGEST_MAX_WAIT_MS)),
    );
  program.command("status")
    .description("print the tasks as a table")
    .option("--all", "finished ones too, however many", false)
    .action(({ all }: { all: boolean }) => choose((location) => ({ type: "status", location, all })));
  program.command("history")
    .description("print what happened, who did it and when")
    .option("--task <id>", "only records that speak of this task")
    .option("--since <seq>", "only records after this one, oldest first", wholeNumber)
    .option("--limit <count>", "most records", atLeastOne, DEFAULT_RECORDS)
    .action((options: { task?: string; since?: number; limit: number }) =>
      choose((location) => ({ type: "history", location, ...options }))
    );
  program.command("verify")
    .description("check every record of the journal; changes nothing")
    .action(() => choose((location) => ({ type: "verify", location })));
  program.command("repair")
    .description("cut a damaged end off the journal, keeping a copy")
    .action(() => choose((location) => ({ type: "repair", location })));
  program.command("backup")
    .description("copy the data directory, while servers use it or not, and check the copy")
    .argument("<destination>", "a directory that is made, or empty")
    .action((destination: string) => choose((location) => ({ type: "backup", location, destination })));
  program.command("export")
    .description("print all tasks as JSON, in the format of tasks.json")
    .action(() => choose((location) => ({ type: "export", location })));
  program.command("import")
    .description("add the tasks of a file, all or none: an export, or the tasks.json of the earlier server")
    .argument("<file>", "a path, or - for standard input")
    .action((file: string) => choose((location) => ({ type: "import", location, file })));
  // Only now, as commands take this over from the program when they are made.
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
        toolsets: options.toolsets ?? surroundings.toolsets,
        defaults: defaultsOf(options),
        ...(options.maxWaitMs !== undefined && { maxWaitMs: options.maxWaitMs }),
      }));
    });
  try {
    program.parse(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return { type: "exit", code: error.exitCode };
  }
  return invocation ?? { type: "exit", code: 0 };
}

/** An option that was given and has no effect on what was asked for, and why: nothing is ignored silently. */
function idleOption(program: Command, { type, location }: Invocation): string | undefined {
  const given = program.options.filter((option) => program.getOptionValueSource(option.attributeName()) === "cli");
  if (type === "serve") {
    const isIdle = location.store === "memory" && location.directory !== undefined;
    return isIdle ? "--data has no effect with --store memory, which keeps nothing" : undefined;
  }
  if (location.store === "memory") return `--store memory has no effect on ${type}, which needs a data directory`;
  const serving = given.find(({ long }) => long !== "--data" && long !== "--store");
  return serving && `${serving.long} has no effect on ${type}: it says how MCP is served`;
}

interface ServeFlags {
  readonly toolsets?: readonly string[];
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly initialIntervalMs?: number;
  readonly backoffCoefficient?: number;
  readonly maxIntervalMs?: number;
  readonly maxWaitMs?: number;
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

function toolsetNames(value: string, known: readonly string[]): readonly string[] {
  const names = value.split(",").map((name) => name.trim()).filter((name) => name !== "");
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new InvalidArgumentError(`There is no ${unknown}: there are ${known.join(", ")}.`);
  if (names.length === 0) throw new InvalidArgumentError(`Name at least one of ${known.join(", ")}.`);
  return names;
}

function factor(value: string): number {
  const number = Number(value);
  if (number >= 1 && number <= MAX_BACKOFF_COEFFICIENT) return number;
  throw new InvalidArgumentError(`It must be a number from 1 to ${MAX_BACKOFF_COEFFICIENT}.`);
}

function nonEmpty(value: string): string {
  if (value.trim() === "") throw new InvalidArgumentError("It is empty: give a directory.");
  return value;
}

function atLeastOne(value: string): number {
  if (wholeNumber(value) === 0) throw new InvalidArgumentError("It must be at least 1.");
  return wholeNumber(value);
}

/** Takes whole numbers within the bounds that the core sets to what they stand for. */
function from(least: number, most: number): (value: string) => number {
  return (value) => {
    const number = wholeNumber(value);
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be from ${least} to ${most}.`);
  };
}

function wholeNumber(value: string): number {
  if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError("It must be a whole number.");
  return Number(value);
}

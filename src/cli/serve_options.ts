/** The options that say how MCP is served, whatever the transport. */

import { type Command, Option } from "commander";
import { LOG_FORMATS, LOG_LEVELS, type LogFormat, type LogLevel, type LogOptions } from "../app/log_options.ts";
import { DEFAULT_SESSION_GRACE_MS } from "../app/session_keeper.ts";
import { DEFAULT_MAX_WAIT_MS, LONGEST_MAX_WAIT_MS } from "../app/waiting.ts";
import type { TaskDefaults } from "../core/messages/commands.ts";
import { MAX_COUNT, MAX_DURATION_MS } from "../core/model/limits.ts";
import { type Role, ROLES } from "../core/model/access.ts";
import { DEFAULT_MAX_ATTEMPTS } from "../core/model/task.ts";
import { duration, factor, filePath, from, instanceId, nonEmpty, toolsetNames } from "./option_values.ts";

/** Options for serving MCP. */
export interface ServeOptions {
  /** Names of the toolsets to offer to clients. */
  readonly toolsets: readonly string[];
  /** What the client may do. Default: what its token may, or else everything. */
  readonly role?: Role;
  /** Whether a start without a token is an error. */
  readonly needsToken?: true;
  /** The instance of the client's calls that name none. */
  readonly instance?: string;
  /** Settings of new tasks that do not set them. */
  readonly defaults: TaskDefaults;
  /** Longest wait of `get_next_task`, in milliseconds. */
  readonly maxWaitMs?: number;
  /** How long the tasks of an ended session wait for their instances, in milliseconds. */
  readonly sessionGraceMs?: number;
  /** How long ago tasks ended that are archived by themselves, in milliseconds. Default: none is. */
  readonly archiveAfterMs?: number;
  /** Whether a server of one client competes for the deliveries to webhooks. */
  readonly deliver?: true;
  /** Whether webhooks may be sent to loopback and private addresses. */
  readonly allowPrivateWebhooks?: true;
  /** The path of a file with handlers to run. */
  readonly handlers?: string;
  /** The directory whose handlers file is used although it is in a git work tree. */
  readonly allowHandlersFrom?: string;
  /** How much the log says, and in which form. */
  readonly log: LogOptions;
}

/** The names of the toolsets: all, and those that are on by default. */
export interface ToolsetNames {
  readonly toolsets: readonly string[];
  readonly defaultToolsets: readonly string[];
}

/** Ends the help of commands that take these options, too. */
export const SERVER_OPTIONS = "\nOptions of the server count here, too: --help without a command shows them.";

export function addServeOptions(program: Command, { toolsets, defaultToolsets }: ToolsetNames): void {
  const add = <T>(flags: string, description: string, parse: (value: string) => T) =>
    program.addOption(new Option(flags, description).argParser(parse));
  add(
    "--toolsets <names>",
    `which tools to offer, of ${toolsets.join(",")} (default: ${defaultToolsets.join(",")})`,
    (value) => toolsetNames(value, toolsets),
  );
  program.addOption(
    new Option(
      "--as <role>",
      "what the client may do: all, plan and work, work, only look, or what the token in ORCHESTRATOR_TOKEN may " +
        "(default: token if there is one, or else admin)",
    ).choices([...ROLES, "token"]),
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
    `longest wait of get_next_task and wait_for_event; clients must not give up a call sooner (default: ${DEFAULT_MAX_WAIT_MS})`,
    from(1, LONGEST_MAX_WAIT_MS),
  );
  add(
    "--session-grace-ms <ms>",
    `how long tasks without timeout_ms wait for a client that is gone (default: ${DEFAULT_SESSION_GRACE_MS})`,
    from(0, MAX_DURATION_MS),
  );
  add("--archive-after <duration>", "archive tasks that ended so long ago, like P30D (default: none)", duration);
  program.option("--deliver", "send events to the webhooks, unless another process does; needs --allow-net");
  program.option("--allow-private-webhooks", "allow webhooks on this machine and in private networks");
  add("--handlers <file>", "run the commands of this file when something happens: see docs/handlers.md", filePath);
  program.addOption(
    new Option("--log-level <level>", "how much to log; debug has a line for each call (default: info)")
      .choices(LOG_LEVELS),
  );
  program.addOption(
    new Option("--log-format <format>", "lines for people, or JSON (default: pretty)").choices(LOG_FORMATS),
  );
  add("--allow-handlers-from <directory>", "use a handlers file in this directory although git works there", nonEmpty);
}

/** The values of the options that were given. */
export function serveOptionsOf(program: Command, defaultToolsets: readonly string[]): ServeOptions {
  const options = program.opts<ServeFlags>();
  return {
    toolsets: options.toolsets ?? defaultToolsets,
    ...(options.as === "token" ? { needsToken: true } : options.as !== undefined && { role: options.as }),
    ...(options.instance !== undefined && { instance: options.instance }),
    defaults: defaultsOf(options),
    ...(options.maxWaitMs !== undefined && { maxWaitMs: options.maxWaitMs }),
    ...(options.sessionGraceMs !== undefined && { sessionGraceMs: options.sessionGraceMs }),
    ...(options.archiveAfter !== undefined && { archiveAfterMs: options.archiveAfter }),
    ...(options.deliver === true && { deliver: true }),
    ...(options.allowPrivateWebhooks === true && { allowPrivateWebhooks: true }),
    ...(options.handlers !== undefined && { handlers: options.handlers }),
    ...(options.allowHandlersFrom !== undefined && { allowHandlersFrom: options.allowHandlersFrom }),
    log: {
      ...(options.logLevel !== undefined && { level: options.logLevel }),
      ...(options.logFormat !== undefined && { format: options.logFormat }),
    },
  };
}

/** The value of --instance: the program has an option of this name, so it gets the value also when a command has one. */
export function instanceOf(program: Command): { readonly instance?: string } {
  const { instance } = program.opts<ServeFlags>();
  return instance === undefined ? {} : { instance };
}

export interface ServeFlags {
  readonly as?: Role | "token";
  readonly instance?: string;
  readonly toolsets?: readonly string[];
  readonly timeoutMs?: number;
  readonly maxAttempts?: number;
  readonly initialIntervalMs?: number;
  readonly backoffCoefficient?: number;
  readonly maxIntervalMs?: number;
  readonly maxWaitMs?: number;
  readonly sessionGraceMs?: number;
  readonly archiveAfter?: number;
  readonly deliver?: true;
  readonly allowPrivateWebhooks?: true;
  readonly handlers?: string;
  readonly allowHandlersFrom?: string;
  readonly logLevel?: LogLevel;
  readonly logFormat?: LogFormat;
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

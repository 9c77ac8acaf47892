/** The composition of `call`: one tool, run by a process of its own. main.ts loads it only for that command. */

import { localAnalyst } from "../app/analysis.ts";
import type { Engine } from "../app/engine.ts";
import { Denials } from "../app/denials.ts";
import { Feed } from "../app/feed.ts";
import { Heard } from "../app/heard.ts";
import type { Observer } from "../app/observer.ts";
import { type Deliveries, type Log, Unavailable } from "../app/ports.ts";
import { DEFAULT_SESSION_GRACE_MS, SessionKeeper } from "../app/session_keeper.ts";
import { Sweeper } from "../app/sweeper.ts";
import { Waiting } from "../app/waiting.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import type { CallOptions } from "../cli/call_arguments.ts";
import { describeMissing, type FileLocation } from "../cli/location.ts";
import { rightsOf } from "../cli/rights.ts";
import type { Caller, Denial, Via } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import { DEFAULT_MAX_ATTEMPTS } from "../core/model/task.ts";
import { isReadingOperation, operationsOf } from "../mcp/operations.ts";
import { holdsData, isPermitted } from "../store/file/data_directory.ts";
import { parseJsonFile } from "../store/file/json_text.ts";
import { DeliveryFiles } from "../store/file/delivery_files.ts";
import { realDisk } from "../store/file/disk.ts";
import type { DeskParts } from "./deliver.ts";
import { DEFAULT_LEASE_MS, startApp } from "./start_app.ts";
import { startReading } from "./start_reading.ts";

/** The name of callers in the journal. */
const CALLER = "cli";

/** What a call needs of its surroundings. What cannot be had is told like a refusal of the call. */
export interface CallSurroundings extends Omit<CallParts, "location" | "secret" | "instance"> {
  /** Writes text to standard output as it is. */
  readonly write: (text: string) => void;
  /** Writes text to standard error as it is. */
  readonly writeError: (text: string) => void;
  readonly locate: (access: "read" | "create") => Promise<FileLocation>;
  readonly secretOf: () => CallParts["secret"];
  readonly instanceOf: () => CallParts["instance"];
}

interface CallParts {
  readonly location: FileLocation;
  readonly log: Log;
  readonly observer: Observer;
  /** The secret of the caller's token, if it has one. */
  readonly secret: string | undefined;
  /** The instance of a call that names none, if the environment or the arguments name one. */
  readonly instance: string | undefined;
  readonly version: string;
  /** Identifies this process in the journal. */
  readonly process: string;
  /** Reads a file, or standard input for `-`. */
  readonly readFile: (file: string) => Promise<Uint8Array>;
  /** Aborted when the program shall end: a call that waits ends. */
  readonly ending: AbortSignal;
}

/** Runs a tool, and prints its answer, or why it was refused; returns the exit code. */
export async function callTool(options: CallOptions, surroundings: CallSurroundings): Promise<number> {
  const { write, writeError, locate, secretOf, instanceOf, ...rest } = surroundings;
  try {
    const isReading = isReadingOperation(options.tool);
    const location = await locate(isReading ? "read" : "create");
    const parts = { ...rest, location, secret: secretOf(), instance: instanceOf() };
    const args = await readArguments(options, parts);
    if (isReading && !holdsData(location.directory)) throw new Refusal("not_found", describeMissing(location));
    const json = await (isReading ? read : change)(args, options, parts);
    write(JSON.stringify(json) + "\n");
    return 0;
  } catch (error) {
    if (!(error instanceof Refusal || error instanceof Unavailable)) throw error;
    const { code, message } = error;
    const data = error instanceof Refusal ? { data: error.data } : {};
    writeError(JSON.stringify({ error: { code, message, ...data } }) + "\n");
    return 1;
  }
}

async function readArguments({ tool, json = "{}" }: CallOptions, { readFile }: CallParts): Promise<unknown> {
  const input = json === "-" ? await readFile("-") : undefined;
  try {
    return input === undefined ? JSON.parse(json) : parseJsonFile(input);
  } catch (cause) {
    throw new Refusal(
      "invalid_value",
      `Cannot call ${tool} as its arguments are not JSON (${
        cause instanceof Error ? cause.message : cause
      }): give an ` +
        `object, like '{"task_id": "a"}', or - and the object on standard input`,
    );
  }
}

/** Runs a tool that may change something. A claim gets a lease, as nobody is connected after the call. */
async function change(args: unknown, options: CallOptions, parts: CallParts) {
  const { location, log, observer } = parts;
  const { defaults } = options;
  await using app = await startApp(location, {
    log,
    observer,
    defaults: { maxAttempts: DEFAULT_MAX_ATTEMPTS, ...defaults },
    leaseMs: defaults.timeoutMs ?? DEFAULT_LEASE_MS,
  });
  const { engine, sessions, deliveries } = app;
  await using _denials = new Denials({ engine, log });
  const keeper = await SessionKeeper.start({
    engine,
    sessions,
    // Its session keeps no tasks. It is there to end those of dead clients, which may hold what is asked for.
    heard: { lastCalls: () => [] },
    log,
    id: crypto.randomUUID(),
    graceMs: DEFAULT_SESSION_GRACE_MS,
  });
  const sweeper = new Sweeper({ engine, log });
  try {
    return await run(args, { ...options, engine, executor: keeper, deliveries }, parts);
  } finally {
    await keeper.close();
    await sweeper.close();
  }
}

/** Runs a tool that only reads: nothing in the data directory is made or changed, unless the call is refused to its caller. */
async function read(args: unknown, options: CallOptions, parts: CallParts) {
  const { location: { directory }, log } = parts;
  const denials: Denial[] = [];
  try {
    await using app = await startReading(directory, { log, showsLegacy: true });
    app.engine.onDenied((denial) => denials.push(denial));
    const { engine } = app;
    const deliveries = new DeliveryFiles({ directory, disk: realDisk });
    return await run(args, { ...options, engine, executor: engine, deliveries }, parts);
  } finally {
    if (denials.length > 0) await record(denials, parts);
  }
}

/** Records calls that were refused to their callers, if the directory may be written to. */
async function record(denials: readonly Denial[], { location, log }: CallParts): Promise<void> {
  const { directory } = location;
  if (!isPermitted(directory, "write")) {
    return log.warn(`A refused call is not in the audit, as permission to write ${directory} is missing`);
  }
  await using app = await startApp(location, { log });
  await using recorder = new Denials({ engine: app.engine, log });
  for (const denial of denials) recorder.note(denial);
}

interface RunOptions extends CallOptions {
  readonly engine: Engine;
  readonly executor: Pick<SessionKeeper, "execute">;
  readonly deliveries: Deliveries;
}

async function run(args: unknown, options: RunOptions, parts: CallParts) {
  const { engine, executor, deliveries, tool, role, request, maxWaitMs, allowPrivateWebhooks } = options;
  const { log, observer: { onCall }, secret, process, version, ending } = parts;
  const via: Via = { transport: "cli", process };
  const { rights, instance } = await rightsOf(engine, {
    who: { name: CALLER, via },
    secret,
    role,
    instance: parts.instance,
  });
  const caller: Caller = { name: CALLER, via, ...rights };
  const feed = new Feed(engine, log);
  const heard = new Heard(engine);
  const waiting = new Waiting({ engine, executor, feed, log, ...(maxWaitMs !== undefined && { maxWaitMs }) });
  // A process that answers one call has none that would wait for an analysis.
  const questions = { analystOf: (who: Caller) => localAnalyst((query) => engine.query(query, who)) };
  const webhooks = lazyDesk({ engine, deliveries, version, allowPrivate: allowPrivateWebhooks === true });
  const operation = operationsOf({ engine, executor, questions, waiting, heard, webhooks, onCall }).find(({ name }) =>
    name === tool
  );
  try {
    return (await operation?.run(args, { caller, instance, request, signal: ending }))?.json;
  } finally {
    await waiting.close();
    heard.close();
    feed.close();
  }
}

/** What webhooks need, loaded when it is first used: most calls do without. */
function lazyDesk(parts: DeskParts): WebhookDesk {
  const open = async () => (await import("./deliver.ts")).deskOf(parts);
  return {
    makeSecret: async () => (await open()).makeSecret(),
    standingOf: async (webhook) => (await open()).standingOf(webhook),
    optionsFor: async (url) => (await open()).optionsFor(url),
    test: async (webhook) => (await open()).test(webhook),
  };
}

/** Runs tools on a plan in files or in a database, in this process. */

import { localAnalyst } from "../app/analysis.ts";
import type { Engine } from "../app/engine.ts";
import { Denials } from "../app/denials.ts";
import { Feed } from "../app/feed.ts";
import { Heard } from "../app/heard.ts";
import type { Observer } from "../app/observer.ts";
import type { Deliveries, Log } from "../app/ports.ts";
import { DEFAULT_SESSION_GRACE_MS, SessionKeeper } from "../app/session_keeper.ts";
import { Sweeper } from "../app/sweeper.ts";
import { Waiting } from "../app/waiting.ts";
import type { WebhookDesk } from "../app/webhook_desk.ts";
import type { CallOptions } from "../cli/call_arguments.ts";
import type { Location, StoredLocation } from "../cli/location.ts";
import { rightsOf } from "../cli/rights.ts";
import type { Caller, Denial, Via } from "../core/model/access.ts";
import { DEFAULT_MAX_ATTEMPTS } from "../core/model/task.ts";
import { operationsOf } from "../mcp/operations.ts";
import { isPermitted } from "../store/file/data_directory.ts";
import type { DeskParts } from "./deliver.ts";
import type { OpenTools } from "./open_tools.ts";
import { startApp } from "./start_app.ts";
import { startReading } from "./start_reading.ts";

/** The name of callers in the journal. */
const CALLER = "cli";

/** With whose rights to call, and what new tasks are like. */
export type LocalOptions = Pick<CallOptions, "role" | "defaults" | "maxWaitMs" | "allowPrivateWebhooks">;

export interface LocalParts extends Parts {
  readonly location: StoredLocation;
}

/** The same for a plan that may be in memory only. */
export interface ChangeParts extends Parts {
  readonly location: Location;
}

interface Parts {
  readonly log: Log;
  readonly observer: Observer;
  /** The secret of the caller's token, if it has one. */
  readonly secret: string | undefined;
  /** The instance of a call that names none, if the environment or the arguments name one. */
  readonly instance: string | undefined;
  /** The instance of a call where nobody names one, not even a token; undefined: such a call is refused. */
  readonly fallback: string | undefined;
  /** How long a claimed task without `timeout_ms` is kept, as nobody is connected after the call, in milliseconds. */
  readonly leaseMs: number;
  readonly version: string;
  /** Identifies this process in the journal. */
  readonly process: string;
  /** Aborted when the program shall end: a call that waits ends. */
  readonly ending: AbortSignal;
}

/** Opens a plan for calls that may change something. A plan in memory begins empty, and is gone afterwards. */
export async function openToChange(options: LocalOptions, parts: ChangeParts): Promise<OpenTools> {
  const { location, log, observer, leaseMs } = parts;
  await using stack = new AsyncDisposableStack();
  const app = stack.use(
    await startApp(location, {
      log,
      observer,
      defaults: { maxAttempts: DEFAULT_MAX_ATTEMPTS, ...options.defaults },
      leaseMs,
    }),
  );
  const { engine, sessions, deliveries } = app;
  stack.use(new Denials({ engine, log }));
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
  stack.defer(() => sweeper.close());
  stack.defer(() => keeper.close());
  return await toolsOn({ ...options, engine, executor: keeper, deliveries }, parts, stack);
}

/**
 * Opens a plan for calls that only read: nothing in the data directory is made or changed, unless a call is refused to its
 * caller.
 */
export async function openToRead(options: LocalOptions, parts: LocalParts): Promise<OpenTools> {
  const { location, log } = parts;
  const denials: Denial[] = [];
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => {
    if (denials.length > 0) await record(denials, parts);
  });
  const { engine, deliveries } = stack.use(await startReading(location, { log, showsLegacy: true }));
  engine.onDenied((denial) => denials.push(denial));
  return await toolsOn({ ...options, engine, executor: engine, deliveries }, parts, stack);
}

/** Records calls that were refused to their callers, if a data directory may be written to. */
async function record(denials: readonly Denial[], { location, log }: LocalParts): Promise<void> {
  if (location.store === "file" && !isPermitted(location.directory, "write")) {
    return log.warn(`A refused call is not in the audit, as permission to write ${location.directory} is missing`);
  }
  await using app = await startApp(location, { log });
  await using recorder = new Denials({ engine: app.engine, log });
  for (const denial of denials) recorder.note(denial);
}

interface RunOptions extends LocalOptions {
  readonly engine: Engine;
  readonly executor: Pick<SessionKeeper, "execute">;
  readonly deliveries: Deliveries;
}

/** The tools of an engine. What they need is disposed of before what is in the stack already. */
async function toolsOn(
  options: RunOptions,
  parts: Parts,
  stack: AsyncDisposableStack,
): Promise<OpenTools> {
  const { engine, executor, deliveries, role, maxWaitMs, allowPrivateWebhooks } = options;
  const { log, observer: { onCall }, secret, process, version, ending } = parts;
  const via: Via = { transport: "cli", process };
  const { rights, instance = parts.fallback } = await rightsOf(engine, {
    who: { name: CALLER, via },
    secret,
    role,
    instance: parts.instance,
  });
  const caller: Caller = { name: CALLER, via, ...rights };
  const feed = new Feed(engine, log);
  stack.defer(() => feed.close());
  const heard = new Heard(engine);
  stack.defer(() => heard.close());
  const waiting = new Waiting({ engine, executor, feed, log, ...(maxWaitMs !== undefined && { maxWaitMs }) });
  stack.defer(() => waiting.close());
  // A process that answers one call has none that would wait for an analysis.
  const questions = { analystOf: (who: Caller) => localAnalyst((query) => engine.query(query, who)) };
  const webhooks = lazyDesk({ engine, deliveries, version, allowPrivate: allowPrivateWebhooks === true });
  const operations = operationsOf({ engine, executor, questions, waiting, heard, webhooks, onCall });
  const held = stack.move();
  return {
    call: async (tool, args, request) => {
      const operation = operations.find(({ name }) => name === tool);
      if (operation === undefined) throw new Error(`There is no operation ${tool}`);
      return (await operation.run(args, { caller, instance, request, signal: ending })).json;
    },
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
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

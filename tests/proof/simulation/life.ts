/** What a simulated process does in a life: an engine on the simulated disk, as a server has, that makes random calls. */

import { type Log, Unavailable } from "../../../src/app/ports.ts";
import { DeliveryFiles } from "../../../src/store/file/delivery_files.ts";
import type { Disk } from "../../../src/store/file/disk.ts";
import type { WebhooksOptions } from "../../../src/webhooks/webhooks.ts";
import type { CallEnded, CallStarted, Request } from "../history/call_log.ts";
import { answerOf, Caller, perform } from "../history/caller.ts";
import { addWebhooks, deliverAll, startDelivering, type WantedWebhook } from "../history/deliver.ts";
import { outcomeOf } from "../history/outcome.ts";
import { type Random, randomOf } from "../history/random.ts";
import { CLOCK_ERRORS, type ServerProcess, startWhenFree } from "../history/server_process.ts";
import { frozen } from "../../support/frozen.ts";
import { DIRECTORY } from "./directory.ts";
import type { Ending, Life } from "./messages.ts";

/** Of the calls, how many create a task that waits for nothing: or a short run would find nothing to do. */
const CREATING = 0.35;

/** How many read, beside those that do anyway. */
const READING = 0.2;

/** How many redact a task that the life has created. */
const REDACTING = 0.05;

/** From how many ids these tasks come. */
const TASKS = 90;

/** How often a start is tried while others hold a lock. */
const MAX_STARTS = 40;

/** Most calls at once. */
const MAX_BURST = 8;

/** After so many calls that could not be carried out, one after the other, the next life may fare better. */
const MAX_FAILURES = 12;

/** How many lives compete for the webhooks. */
const DELIVERING = 0.7;

/** The webhooks of a plan, of which it has none, the first or both. */
const WEBHOOKS: readonly WantedWebhook[] = [
  { name: "all", url: "https://receiver.example.com/all" },
  {
    name: "some",
    url: "https://receiver.example.com/some",
    types: ["task.created", "task.redacted", "webhook.disabled"],
  },
];

const SILENT: Log = { info() {}, warn() {}, error() {} };

/** What a life is given. */
export interface Context {
  readonly disk: Disk;
  readonly openSender: NonNullable<WebhooksOptions["openSender"]>;
  readonly life: Life;
  readonly now: () => number;
  /** A clock that all processes share, in milliseconds: so slow that no two turns are close. */
  readonly order: () => number;
  readonly say: (entry: CallStarted | CallEnded) => void;
}

/** Resolves to how the life ended. */
export async function live(context: Context): Promise<Ending> {
  let when: "starting" | "running" = "starting";
  try {
    const server = await startWhenFree({
      ...context.life.sizes,
      directory: DIRECTORY,
      disk: context.disk,
      now: context.now,
      log: SILENT,
      maxStarts: MAX_STARTS,
    });
    when = "running";
    const last = context.life.calls === "last" ? await lookAround(server, context) : await work(server, context);
    await server.close();
    return last === undefined ? {} : { last };
  } catch (error) {
    return { error: { when, message: told(error), ...(error instanceof Unavailable && { code: error.code }) } };
  }
}

/** Makes calls, now and then several at once, or with another clock. Ends early where nothing is to be had any more. */
async function work(server: ServerProcess, { life, order, say, ...context }: Context): Promise<undefined> {
  const { engine, clock, redact } = server;
  const random = randomOf(`${life.seed} worker ${life.worker} life ${life.life}`);
  const created: string[] = [];
  let failures = 0;
  const caller = new Caller({
    ...life,
    engine,
    redact,
    clock,
    random,
    sharedTime: order,
    say: (entry) => {
      say(entry);
      if (entry.type === "ended") failures = entry.outcome.type === "unavailable" ? failures + 1 : 0;
    },
  });
  const webhooks = WEBHOOKS.slice(0, life.webhooks);
  const deliveries = new DeliveryFiles({ ...context, directory: DIRECTORY });
  await addWebhooks(webhooks, { engine, deliveries, call: (request) => caller.call(request) });
  await using _delivering = delivers(life) ? delivering(server, context, life) : undefined;
  for (let rest = Number(life.calls); rest > 0 && failures < MAX_FAILURES;) {
    if (random.chance(0.05)) clock.errorMs = random.pick(CLOCK_ERRORS);
    const count = Math.min(rest, random.chance(0.15) ? random.between(2, MAX_BURST) : 1);
    rest -= count;
    await Promise.all(Array.from({ length: count }, () => caller.call(randomRequest(random, created))));
    await pause(random, life.maxPauseMs);
  }
}

/** A call that there should be more of than usual, if any. `created` has the tasks that may be redacted. */
export function randomRequest(random: Random, created: string[]): Request | undefined {
  const kind = random.next();
  if (kind < READING) return { type: "read" };
  if (kind > 1 - REDACTING && created.length > 0) {
    const id = created[random.between(0, created.length - 1)] ?? "";
    return { type: "redact_task", id, fields: ["description", "result"], reason: "leak", records: [] };
  }
  if (kind > READING + CREATING) return undefined;
  const tasks = Array.from({ length: random.pick([1, 1, 1, 4]) }, () => ({
    id: `t${random.between(0, TASKS - 1)}`,
    description: "x".repeat(random.pick([1, 30, 700])),
    dependencies: [],
    ...(random.chance(0.7) && { timeoutMs: random.between(50, 1_500) }),
  }));
  created.push(...tasks.map(({ id }) => id));
  return { type: "create_tasks", tasks };
}

async function pause(random: Random, maxPauseMs: number): Promise<void> {
  if (random.chance(0.3)) return;
  const pauseMs = random.between(0, random.chance(0.1) ? 10 * maxPauseMs : maxPauseMs);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

/** What the last process of all does: writes, reads, makes a checkpoint, and tells all that it knows. */
async function lookAround(
  server: ServerProcess,
  { life, order, say, ...context }: Context,
): Promise<NonNullable<Ending["last"]>> {
  const { engine, clock, checkpoints, sweeper } = server;
  const process = `w${life.worker}.${life.life}`;
  const requests: readonly Request[] = [
    { type: "read" },
    { type: "register_instance", instance: `w${life.worker}`, settings: { metadata: { token: "last" } } },
    { type: "read" },
  ];
  let calls = 0;
  const make = async (request: Request) => {
    const call = `${process}#${++calls}`;
    say({ type: "started", call, process, request, at: order(), seq: engine.seq });
    const outcome = await outcomeOf(perform(engine, request, call).then((answer) => answerOf(request, answer)));
    say({ type: "ended", call, outcome, at: order(), seq: engine.seq, journalAt: clock.journalAt });
  };
  for (const request of requests) await make(request);
  if (life.webhooks > 0) {
    await using _delivering = delivering(server, context, life);
    await deliverAll({ engine, deliveries: new DeliveryFiles({ ...context, directory: DIRECTORY }), call: make });
  }
  await sweeper.close();
  const { snapshot, position } = frozen(await engine.checkpoint());
  await checkpoints.save(snapshot, position);
  return { snapshot, seq: position.seq };
}

/** Whether a life competes for the webhooks: so often that another one can mostly take over. */
function delivers({ seed, worker, life, webhooks }: Life): boolean {
  return webhooks > 0 && randomOf(`${seed} worker ${worker} life ${life} delivers`).chance(DELIVERING);
}

function delivering(
  { engine, clock }: ServerProcess,
  { disk, openSender }: Pick<Context, "disk" | "openSender">,
  { seed, worker, life }: Life,
): AsyncDisposable {
  const deliveries = new DeliveryFiles({ directory: DIRECTORY, disk });
  const { next: random } = randomOf(`${seed} worker ${worker} life ${life} jitter`);
  const now = () => clock.read();
  return startDelivering({ engine, deliveries, log: SILENT, version: "0.0.0", now, random, openSender });
}

export function told(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error}` : String(error);
}

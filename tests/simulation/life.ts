/** What a simulated process does in a life: an engine on the simulated disk, as a server has, that makes random calls. */

import { Checkpointer } from "../../src/app/checkpointer.ts";
import { Engine } from "../../src/app/engine.ts";
import { type Log, Unavailable } from "../../src/app/ports.ts";
import { Sweeper } from "../../src/app/sweeper.ts";
import type { Disk } from "../../src/store/disk.ts";
import { CheckpointFiles } from "../../src/store/checkpoint_files.ts";
import { FileJournal } from "../../src/store/file_journal.ts";
import type { CallEnded, CallStarted, Request } from "../history/call_log.ts";
import { Caller, Clock, perform } from "../history/caller.ts";
import { outcomeOf } from "../history/outcome.ts";
import { type Random, randomOf } from "../history/random.ts";
import { DIRECTORY } from "./directory.ts";
import type { Ending, Life } from "./messages.ts";

/** Of the calls, how many create a task that waits for nothing: or a short run would find nothing to do. */
const CREATING = 0.35;

/** How many read, beside those that do anyway. */
const READING = 0.1;

/** From how many ids these tasks come. */
const TASKS = 90;

/** As in the torture: a process that stands still may hold the lock. */
const LOCK_WAIT_MS = 700;

/** How often a start is tried while others hold a lock. */
const MAX_STARTS = 40;

/** How far a clock is put wrong, in milliseconds. Far ahead would end all that is timed, for everybody. */
const CLOCK_ERRORS: readonly [number, ...number[]] = [0, 0, 0, 300, 1_500, -800, -5_000, -3_600_000];

const SILENT: Log = { info() {}, warn() {}, error() {} };

/** What a life is given. */
export interface Context {
  readonly disk: Disk;
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
    const server = await startWhenFree(context);
    when = "running";
    const last = context.life.calls === "last" ? await lookAround(server, context) : await work(server, context);
    await server.close();
    return last === undefined ? {} : { last };
  } catch (error) {
    return { error: { when, message: told(error), ...(error instanceof Unavailable && { code: error.code }) } };
  }
}

interface Server {
  readonly engine: Engine;
  readonly clock: Clock;
  readonly checkpoints: CheckpointFiles;
  readonly sweeper: Sweeper;
  readonly close: () => Promise<void>;
}

async function start({ disk, life, now }: Context): Promise<Server> {
  const clock = new Clock(now);
  const shared = { directory: DIRECTORY, disk, log: SILENT };
  const { segmentBytes } = life;
  const journal = new FileJournal({
    ...shared,
    segmentBytes,
    lockWaitMs: LOCK_WAIT_MS,
    now: () => clock.readForJournal(),
  });
  const checkpoints = new CheckpointFiles({ ...shared, now: () => clock.read() });
  const engine = await Engine.start({ journal, checkpoints, log: SILENT, now: () => clock.read() });
  const checkpointer = new Checkpointer({ engine, checkpoints, log: SILENT });
  const sweeper = new Sweeper({ engine, now: () => clock.read(), log: SILENT });
  const close = async () => {
    await sweeper.close();
    await checkpointer.close();
    await engine.close();
    checkpoints.close();
    await journal.close();
  };
  return { engine, clock, checkpoints, sweeper, close };
}

/** A process that stands still may hold a lock for longer than anybody waits. */
async function startWhenFree(context: Context): Promise<Server> {
  for (let tries = 1;; tries++) {
    try {
      return await start(context);
    } catch (error) {
      const isBusy = error instanceof Unavailable && error.code === "busy";
      if (!isBusy || tries === MAX_STARTS) throw error;
    }
  }
}

/** Makes calls, now and then several at once, or with another clock. Ends early where nothing is to be had any more. */
async function work({ engine, clock }: Server, { life, order, say }: Context): Promise<undefined> {
  const random = randomOf(`${life.seed} worker ${life.worker} life ${life.life}`);
  let isUseless = false;
  const caller = new Caller({
    ...life,
    engine,
    clock,
    random,
    sharedTime: order,
    say: (entry) => {
      say(entry);
      if (entry.type === "ended" && entry.outcome.type === "unavailable") isUseless ||= entry.outcome.mayHaveHappened;
    },
  });
  for (let rest = Number(life.calls); rest > 0 && !isUseless;) {
    if (random.chance(0.05)) clock.errorMs = random.pick(CLOCK_ERRORS);
    const count = Math.min(rest, random.chance(0.15) ? random.between(2, 4) : 1);
    rest -= count;
    await Promise.all(Array.from({ length: count }, () => caller.call(randomRequest(random))));
    await pause(random, life.maxPauseMs);
  }
}

/** A call that there should be more of than usual, if any. */
function randomRequest(random: Random): Request | undefined {
  const kind = random.next();
  if (kind < READING) return { type: "read" };
  if (kind > READING + CREATING) return undefined;
  const tasks = Array.from({ length: random.pick([1, 1, 1, 4]) }, () => ({
    id: `t${random.between(0, TASKS - 1)}`,
    description: "x".repeat(random.pick([1, 30, 700])),
    dependencies: [],
    ...(random.chance(0.7) && { timeoutMs: random.between(50, 1_500) }),
  }));
  return { type: "create_tasks", tasks };
}

async function pause(random: Random, maxPauseMs: number): Promise<void> {
  if (random.chance(0.3)) return;
  const pauseMs = random.between(0, random.chance(0.1) ? 10 * maxPauseMs : maxPauseMs);
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}

/** What the last process of all does: writes, reads, makes a checkpoint, and tells all that it knows. */
async function lookAround(
  { engine, clock, checkpoints, sweeper }: Server,
  { life, order, say }: Context,
): Promise<NonNullable<Ending["last"]>> {
  const process = `w${life.worker}.${life.life}`;
  const requests: readonly Request[] = [
    { type: "read" },
    { type: "register_instance", instance: `w${life.worker}`, settings: { metadata: { token: "last" } } },
    { type: "read" },
  ];
  for (const [index, request] of requests.entries()) {
    const call = `${process}#${index + 1}`;
    say({ type: "started", call, process, request, at: order(), seq: engine.seq });
    const outcome = await outcomeOf(perform(engine, request, call));
    say({ type: "ended", call, outcome, at: order(), seq: engine.seq, journalAt: clock.journalAt });
  }
  await sweeper.close();
  const { snapshot, position } = await engine.checkpoint();
  await checkpoints.save(snapshot, position);
  return { snapshot, seq: position.seq };
}

export function told(error: unknown): string {
  return error instanceof Error ? `${error.stack ?? error}` : String(error);
}

/**
 * Shows that the journal's clock alone tells what is due, and that what looks due and is not under the write lock, as a
 * process took a wrong time for the journal's, is tried again after pauses: the number of tries grows with their logarithm,
 * then with the number of polls, and not with the number of claims that wait.
 */

import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS } from "../../src/app/pause.ts";
import { Sweeper } from "../../src/app/sweeper.ts";
import { Waiting } from "../../src/app/waiting.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask, taskWith, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { JournalHandle } from "../support/journal_handle.ts";
import { RecordingLog } from "../support/log.ts";
import { recordsAfter } from "../support/store.ts";
import { notRepeated } from "../support/not_repeated.ts";

/** When the tests begin by the journal's clock, in milliseconds since the Unix epoch. */
const START = 1_000_000;

/** When what the tests wait for is due, in milliseconds after the start; new leases end later than the tests. */
const DUE_MS = 20_000;

/** The client whose tasks nobody ends. */
const GONE = "gone";

/** How late what is due is done, at most, if the process knows the time, in milliseconds. */
const SOON_MS = 25;

/** What makes a task ready though nobody calls: a gone process held it, or it was not to begin before. */
const KINDS = {
  "a lease": taskWith({ timeoutMs: DUE_MS, backoff: { initialIntervalMs: 0 } }, "t"),
  "a delay": taskWith({ notBefore: START + DUE_MS }, "t"),
};

interface Scene {
  readonly kind: keyof typeof KINDS;
  /** How many claims wait, for as many tasks. */
  readonly waiters: number;
  /** How far the clock of the machine is ahead of the journal's, in milliseconds. Default: 0. */
  readonly machineMs?: number;
  /** How far the process takes the journal's clock to be ahead of itself under the lock, in milliseconds. Default: 0. */
  readonly errorMs?: number;
}

interface Outcome {
  /** How often the process took the write lock, and how often it read. */
  readonly transactions: number;
  readonly reads: number;
  /** When the task was swept and claimed, in milliseconds after it was due by the journal's clock. */
  readonly lateMs: readonly number[];
}

for (const kind of ["a lease", "a delay"] as const) {
  for (const waiters of [0, 1, 30]) {
    const whoWaits = `${kind} that ends, with ${waiters} claims that wait`;

    for (const machineMs of [-1_500, 1_500]) {
      const where = machineMs > 0 ? "behind" : "ahead of";
      test(`${whoWaits}: a journal's clock ${where} the machine's costs nothing`, async () => {
        const { transactions, reads, lateMs } = await run({ kind, waiters, machineMs });
        const { mostTransactions, mostReads } = boundsOf({ kind, waiters });
        assert(transactions <= mostTransactions, `${transactions} transactions`);
        assert(reads <= mostReads, `${reads} reads`);
        assert(lateMs.every((ms) => ms >= 0 && ms <= SOON_MS), `late by ${lateMs} ms`);
      });
    }

    // A database's clock is an estimate between two answers of it; far more than an estimate is ever off.
    for (const errorMs of [-1_500, 1_500, 15_000]) {
      const how = errorMs > 0 ? "fast" : "slow";
      test(`${whoWaits}: a clock that is ${Math.abs(errorMs)} ms ${how} makes few vain tries`, async () => {
        const { transactions, reads, lateMs } = await run({ kind, waiters, errorMs });
        const { mostTransactions, mostReads } = boundsOf({ kind, waiters, errorMs });
        assert(transactions <= mostTransactions, `${transactions} transactions`);
        assert(reads <= mostReads, `${reads} reads`);
        const mostMs = Math.max(LONGEST_PAUSE_MS, -errorMs) + SOON_MS;
        assert(lateMs.every((ms) => ms >= 0 && ms <= mostMs), `late by ${lateMs} ms`);
      });
    }
  }
}

test("a claim for a client that is gone is handed back, though the journal's clock is behind the machine's", async () => {
  using time = new FakeTime();
  using _ = machineClock(() => START + performance.now() + 1_500);
  const log = new RecordingLog();
  const journal = new MemoryJournal(() => START + performance.now());
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  await engine.execute(create(newTask("a")), localOperator("test"));
  const waiting = new Waiting({ engine, feed: new Feed(engine, log), log });
  const options = { waitMs: 1_000, signal: AbortSignal.abort() };
  const claim = waiting.claim({ type: "claim_task", instance: "ann" }, localOperator("test"), options);
  await time.pass(0);
  assertEquals(notRepeated(await claim).task?.id, "a");
  assertEquals((await engine.query({ type: "get_task", id: "a" }, localOperator("test"))).status, "pending");
});

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** How many transactions and reads a scene may take: the ways in which it acts, by how often each may act in vain. */
function boundsOf({ kind, waiters, errorMs = 0 }: Scene): { mostTransactions: number; mostReads: number } {
  // Sweeps of the sweeper and of the waiting claims, and, where these look ready, tries of the latter.
  const ways = 1 + (waiters === 0 ? 0 : kind === "a delay" ? 2 : 1);
  const aheadMs = Math.max(0, errorMs);
  const vainEach = aheadMs === 0
    ? 0
    : Math.ceil(Math.log2(LONGEST_PAUSE_MS / FIRST_PAUSE_MS) + aheadMs / LONGEST_PAUSE_MS);
  const vain = ways * vainEach;
  // The first claims are one batch; then one sweep of each way, and one try for each task.
  const mostTransactions = vain + waiters + 3;
  // The sweeper, the feed and the waiting claims poll; after each action, the process looks again.
  const polls = 3 * Math.ceil(lengthOf(errorMs) / LONGEST_PAUSE_MS);
  return { mostTransactions, mostReads: polls + 2 * mostTransactions };
}

/** How long a scene lasts, in milliseconds. */
function lengthOf(errorMs: number): number {
  return DUE_MS + Math.max(0, -errorMs) + 2 * LONGEST_PAUSE_MS;
}

/** Lets a process sweep and claims wait until all tasks are handed out. */
async function run({ kind, waiters, machineMs = 0, errorMs = 0 }: Scene): Promise<Outcome> {
  using time = new FakeTime();
  using _ = machineClock(() => START + performance.now() + machineMs);
  const shared = new MemoryJournal(() => START + performance.now());
  const log = new RecordingLog();
  const gone = await Engine.start({ journal: shared, checkpoints: noCheckpoints, log });
  const tasks = times(Math.max(1, waiters), (index) => ({ ...KINDS[kind], id: `t${index}` }));
  await gone.execute(create(...tasks), localOperator("test"));
  const held = kind === "a lease" ? tasks : [];
  for (const { id } of held) await gone.execute({ type: "claim_task", instance: "ann", id }, localOperator(GONE));

  const journal = new JournalHandle(shared, () => shared.now() + errorMs);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  const sweeper = new Sweeper({ engine, log });
  const waiting = new Waiting({ engine, feed: new Feed(engine, log), log });
  const options = { waitMs: 2 * DUE_MS, signal: new AbortController().signal };
  const claims = times(
    waiters,
    (index) => waiting.claim({ type: "claim_task", instance: `w${index}` }, localOperator("test"), options),
  );
  await time.pass(lengthOf(errorMs));
  const { transactions, reads } = journal;
  await Promise.all([waiting.close(), sweeper.close()]);
  const records = await recordsAfter(shared);
  const got = (await Promise.all(claims)).map((claim) => notRepeated(claim).task?.id);
  assertEquals(got.toSorted(), waiters === 0 ? [] : tasks.map(({ id }) => id).toSorted());
  assertEquals(log.warnings, []);
  const acts = records.filter(({ actor, command }) =>
    command === "sweep" || (command === "claim_task" && actor !== GONE)
  );
  assert(acts.some(({ command }) => command === "sweep"));
  return { transactions, reads, lateMs: acts.map(({ at }) => at - START - DUE_MS) };
}
/** Sets the machine's clock until it is disposed. */
function machineClock(now: () => number): Disposable {
  const real = Date.now;
  Date.now = now;
  return { [Symbol.dispose]: () => void (Date.now = real) };
}

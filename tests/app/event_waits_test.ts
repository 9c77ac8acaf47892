/** Shows that calls wait for events of any process, get pages of the history, and leave no timer behind. */

import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { EventWaits, type NextEvents, type WantedEvents } from "../../src/app/event_waits.ts";
import { Feed } from "../../src/app/feed.ts";
import { readHistory } from "../../src/app/history.ts";
import { type Caller, localOperator } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { RecordingLog } from "../support/log.ts";

const START = 1_000_000;
const MAX_WAIT_MS = 50_000;
const MAX_WAITERS = 3;
const DIGEST = "a".repeat(64);

/** Longest time in which who waits learns of a new event, in milliseconds. */
const SOON_MS = 25;

interface Scene {
  readonly time: FakeTime;
  readonly engine: Engine;
  /** Another process on the journal. */
  readonly other: Engine;
  readonly waits: EventWaits;
  /** How often the calls have read the journal. */
  readonly searches: { count: number };
}

interface Wait {
  readonly cancel: () => void;
  readonly page: NextEvents | undefined;
  readonly error: unknown;
  readonly reports: readonly number[];
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const journal = new MemoryJournal(() => START + performance.now());
      const log = new RecordingLog();
      const [engine, other] = [await start(journal, log), await start(journal, log)];
      const searches = { count: 0 };
      const counting = {
        query: engine.query.bind(engine),
        source: () => engine.source(),
        catchUp: () => engine.catchUp(),
        knownCaller: (caller: Caller) => engine.knownCaller(caller),
        search(search: Parameters<Engine["search"]>[0]) {
          searches.count++;
          return engine.search(search);
        },
      };
      const feed = new Feed(engine, log);
      const waits = new EventWaits({
        engine: counting,
        feed,
        log,
        maxWaitMs: MAX_WAIT_MS,
        maxWaiters: MAX_WAITERS,
      });
      await act({ time, engine, other, waits, searches });
      const closing = waits.close();
      await time.pass(0);
      await closing;
      assertEquals(time.timers, 0);
      assertEquals(log.warnings, []);
    },
  });
}

function start(journal: MemoryJournal, log: RecordingLog): Promise<Engine> {
  return Engine.start({ journal, checkpoints: noCheckpoints, log });
}

for (const which of ["engine", "other"] as const) {
  test(`a call gets the next event of ${which === "engine" ? "its own" : "another"} process soon`, async (scene) => {
    await add(scene.engine, "before");
    const wait = waitFor(scene.waits, {});
    await scene.time.pass(1_000);
    assertEquals(wait.page, undefined);
    await add(scene[which], "a");
    await scene.time.pass(SOON_MS);
    assertEquals(idsOf(wait), ["2.0 a", "2.1 a"]);
    assertEquals(wait.page?.lastSeq, 2);
  });
}

test("a call with a place gets what comes after it at once, as the history has it, and pages go on without gaps", async ({ time, engine, waits }) => {
  for (const id of ["a", "b", "c"]) await add(engine, id);
  const query = (query: Parameters<typeof engine.query<"select_notifications">>[0]) =>
    engine.query(query, localOperator("test"));
  const whole = await readHistory({ engine, query }, { since: { seq: 0 }, limit: 100 });
  const got: unknown[] = [];
  let since: WantedEvents["since"] = { seq: 0 };
  for (const _ of times(3, () => 0)) {
    const wait = waitFor(waits, { since, limit: 2 });
    await time.pass(0);
    const last = wait.page?.events.at(-1)?.id.split(".").map(Number);
    got.push(...wait.page?.events ?? []);
    since = { seq: last?.[0] ?? 0, index: last?.[1] ?? 0 };
  }
  assertEquals<unknown>(got, whole.events);
});

test("events that the call does not want end no wait, and the journal is not read for them", async (scene) => {
  const { time, engine, other, waits, searches } = scene;
  await add(engine, "before");
  const wait = waitFor(waits, { task: "wanted" });
  await time.pass(0);
  const { count } = searches;
  for (const id of times(20, (index) => `t${index}`)) await add(id < "t5" ? engine : other, id);
  await time.pass(1_000);
  assertEquals([wait.page, searches.count], [undefined, count]);
  await add(other, "wanted");
  await time.pass(SOON_MS);
  assertEquals(idsOf(wait), ["22.0 wanted", "22.1 wanted"]);
  assertEquals(searches.count, count + 1);
});

test("more records at once than wait in memory end a wait, too", async ({ time, engine, waits }) => {
  const wait = waitFor(waits, { task: "wanted" });
  await time.pass(0);
  await Promise.all([...times(1_001, (index) => `t${index}`), "wanted"].map((id) => add(engine, id)));
  await time.pass(SOON_MS);
  assertEquals(wait.page?.events.map(({ subject }) => subject), ["wanted", "wanted"]);
});

test("a wait ends after its time, which is bounded, with the place to go on from", async ({ time, engine, waits }) => {
  const short = waitFor(waits, { task: "none" }, { waitMs: 100 });
  const long = waitFor(waits, { task: "none" }, { waitMs: 10 * MAX_WAIT_MS });
  await add(engine, "a");
  await time.pass(100);
  assertEquals([short.page?.events, short.page?.lastSeq, long.page], [[], 1, undefined]);
  await time.pass(MAX_WAIT_MS - 101);
  assertEquals(long.page, undefined);
  await time.pass(1);
  assertEquals(long.page?.lastSeq, 1);
  assertEquals(long.reports, times(10, (index) => index * 5_000));
});

test("a call without a wait is answered at once, and one that is cancelled soon", async ({ time, waits }) => {
  const none = waitFor(waits, {}, { waitMs: 0 });
  const cancelled = waitFor(waits, {});
  await time.pass(0);
  assertEquals([none.page?.events, none.page?.isCrowded, cancelled.page], [[], undefined, undefined]);
  cancelled.cancel();
  await time.pass(0);
  assertEquals(cancelled.page?.events, []);
});

test("as many calls as may wait do; further ones are answered at once, with events if there are any", async (scene) => {
  const { time, engine, waits } = scene;
  const [first] = times(MAX_WAITERS, () => waitFor(waits, {}));
  await time.pass(0);
  const late = waitFor(waits, {});
  await time.pass(0);
  assertEquals([late.page?.isCrowded, first?.page], [true, undefined]);
  await add(engine, "a");
  const lucky = waitFor(waits, { since: { seq: 0 } });
  await time.pass(SOON_MS);
  assertEquals([lucky.page?.isCrowded, idsOf(lucky)], [undefined, ["1.0 a", "1.1 a"]]);
  assertEquals(idsOf(first), ["1.0 a", "1.1 a"]);
});

test("a place that the journal does not have is told at once", async ({ time, engine, waits }) => {
  await add(engine, "a");
  const wait = waitFor(waits, { since: { seq: 7 } });
  await time.pass(0);
  assertEquals([wait.page?.isBeyond, wait.page?.lastSeq], [true, 1]);
});

test("a time to come is waited for", async ({ time, engine, waits }) => {
  const wait = waitFor(waits, { since: { at: START + 2_000 } });
  await add(engine, "too early");
  await time.pass(1_999);
  assertEquals(wait.page, undefined);
  await time.pass(1);
  await add(engine, "in time");
  await time.pass(SOON_MS);
  assertEquals(wait.page?.events.map(({ subject }) => subject), ["in time", "in time"]);
});

test("a wait ends with the token of its caller: at once if it is revoked, within a second if it expires", async (scene) => {
  const { time, other, waits } = scene;
  const operator = localOperator("test");
  for (const [how, expiresAt] of [["revoked", undefined], ["expired", START + 10_000]] as const) {
    const token = {
      name: how,
      role: "observer" as const,
      digest: DIGEST,
      ...(expiresAt !== undefined && { expiresAt }),
    };
    await other.execute({ type: "issue_token", token }, operator);
    const wait = waitFor(waits, { types: ["task.completed"] }, { caller: { name: "ci", token: DIGEST } });
    await time.pass(100);
    assertEquals([wait.page, wait.error], [undefined, undefined], how);
    if (how === "revoked") await other.execute({ type: "revoke_token", name: how }, operator);
    await time.pass(how === "revoked" ? SOON_MS : 11_000);
    assertEquals(codeOf(wait), "unauthorized", how);
  }
});

test("an observer may wait, a caller without a valid token may not", async ({ time, waits }) => {
  const observer = waitFor(waits, {}, { waitMs: 1, caller: { name: "o", role: "observer" } });
  const unknown = waitFor(waits, { since: { seq: 0 } }, { caller: { name: "u", token: DIGEST } });
  await time.pass(1);
  assertEquals(observer.page?.events, []);
  assertEquals(codeOf(unknown), "unauthorized");
});

test("a server that ends answers all calls", async ({ time, waits }) => {
  const wait = waitFor(waits, {});
  await time.pass(0);
  const closing = waits.close();
  await time.pass(0);
  await closing;
  assertEquals(wait.page?.events, []);
  const late = waitFor(waits, {});
  await time.pass(0);
  assertEquals(late.page?.events, []);
});

function waitFor(
  waits: EventWaits,
  wanted: Partial<WantedEvents>,
  { waitMs = MAX_WAIT_MS, caller = localOperator("test") }: { readonly waitMs?: number; readonly caller?: Caller } = {},
): Wait {
  const aborting = new AbortController();
  const reports: number[] = [];
  const wait: { -readonly [K in keyof Wait]: Wait[K] } = {
    cancel: () => aborting.abort(),
    page: undefined,
    error: undefined,
    reports,
  };
  waits.next({ limit: 100, ...wanted }, {
    caller,
    waitMs,
    signal: aborting.signal,
    onWaiting: (waitedMs) => reports.push(waitedMs),
  }).then((page) => wait.page = page, (error) => wait.error = error);
  return wait;
}

async function add(engine: Engine, id: string): Promise<void> {
  await engine.execute(create(newTask(id)), localOperator("test"));
}

function idsOf(wait: Wait | undefined): readonly string[] | undefined {
  assert(wait !== undefined && wait.error === undefined, `${wait?.error}`);
  return wait.page?.events.map(({ id, subject }) => `${id} ${subject}`);
}

function codeOf({ error }: Wait): string {
  assert(error instanceof Refusal, `${error}`);
  return error.code;
}

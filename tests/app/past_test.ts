/**
 * Shows that the state at any moment is the one that was there when its record was the last: in random histories, asked in
 * any order, on a journal in several segments; and that what was redacted since is not in it.
 */

import fc from "fast-check";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Past } from "../../src/app/past.ts";
import type { Journal } from "../../src/app/ports.ts";
import type { Draft, Event, EventOf } from "../../src/core/messages/events.ts";
import { redactEvents } from "../../src/core/messages/redact.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { evolveRecord } from "../../src/core/state/evolve.ts";
import { snapshotOf } from "../../src/core/state/snapshot.ts";
import { emptyState } from "../../src/core/state/state.ts";
import { turns } from "../core/arbitraries.ts";
import { claim, complete, create, newTask } from "../core/given.ts";
import { play } from "../core/play.ts";
import { type Snapshot, snapshotOf as frozenSnapshotOf } from "../core/snapshot.ts";
import { steppingClock } from "../support/clock.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { redactOn } from "../support/redact.ts";
import { openStore, startStore } from "../support/store.ts";

/** Segments of a few records, of which several are read at once. */
const SIZES = { segmentBytes: 4_000, chunkBytes: 1_000 };

/** Few snapshots, so that they are thinned out again and again. */
const FEW = { maxSnapshots: 4, spacing: 3 };

function test(name: string, fn: () => void | Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("the state at a record is the one that was there when it was the last", async () => {
  const histories = fc.tuple(turns(), fc.array(fc.nat(1_000), { minLength: 1, maxLength: 12 }));
  await fc.assert(
    fc.asyncProperty(histories, async ([commands, asked]) => {
      const drafts: Draft[] = [];
      play(commands, (_, { command, events, now }) => {
        if (events.length > 0) drafts.push({ actor: "test", command: command.type, events, at: now });
      });
      if (drafts.length === 0) return;
      await using store = openStore({ directory: "/data", disk: new MemoryDisk(), ...SIZES });
      const past = new Past(store.journal, FEW);
      const half = drafts.length >> 1;
      await append(store.journal, drafts.slice(0, half));
      if (half > 0) await assertSame(past, drafts.slice(0, half), half);
      await append(store.journal, drafts.slice(half));
      for (const each of asked) await assertSame(past, drafts, each % drafts.length + 1);
    }),
    { numRuns: 150 },
  );
});

/** Appends records after all that are there. */
async function append(journal: Journal, drafts: readonly Draft[]): Promise<void> {
  await journal.transact(journal.origin, {
    follow: () => {},
    decide: (_, appendDraft) => drafts.forEach((draft) => appendDraft(draft)),
  });
}

/** @param drafts all records of the journal */
async function assertSame(past: Past, drafts: readonly Draft[], seq: number): Promise<void> {
  const found = await past.find({ seq });
  const state = emptyState();
  for (const [index, draft] of drafts.slice(0, seq).entries()) {
    const redactions = drafts.slice(index + 1).flatMap(({ events }) => events.filter(isRedaction));
    evolveRecord(state, { ...draft, seq: index + 1, events: redactions.reduce(redactEvents, draft.events) });
  }
  const expected = comparable(frozenSnapshotOf(state));
  assertEquals(await past.look(found, (each) => comparable(snapshotOf(each))), expected);
}

function isRedaction(event: Event): event is EventOf<"task.redacted"> {
  return event.type === "task.redacted";
}

/** Which requests were carried out is not part of the past. */
function comparable(snapshot: Snapshot): Snapshot {
  return { ...snapshot, requests: [] };
}

const caller = localOperator("test");

test("a time means the last record at or before it, and the delays that had ended by then", async () => {
  let time = 1_000;
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk(), now: () => time });
  const { engine, journal } = store;
  await engine.execute(create({ ...newTask("a"), notBefore: 3_000 }), caller);
  time = 5_000;
  await engine.execute(create(newTask("b")), caller);
  const past = new Past(journal);
  assertEquals(await past.find({ at: 1_000 }), { seq: 1, at: 1_000 });
  assertEquals(await past.find({ at: 4_999 }), { seq: 1, at: 4_999 });
  // The sweep before it announces that a is ready.
  assertEquals(await past.find({ at: 5_000 }), { seq: 3, at: 5_000 });
  const standingAt = async (at: number) =>
    await past.look(await past.find({ at }), (state) => state.tasks.get("a")?.standing);
  assertEquals(await standingAt(4_000), "ready");
  assertEquals(await standingAt(2_000), "delayed");
  assertEquals(await standingAt(3_000), "ready");
});

test("a moment that the journal does not have is refused", async () => {
  let time = 1_000;
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk(), now: () => time });
  const past = new Past(store.journal);
  assertStringIncludes((await assertRejects(() => past.find({ seq: 1 }), Refusal)).message, "it has none yet");
  await store.engine.execute(create(newTask("a")), caller);
  time = 2_000;
  for (const seq of [0, 2]) {
    const { message } = await assertRejects(() => past.find({ seq }), Refusal);
    assertStringIncludes(message, "it has the records 1 to 1");
  }
  assertStringIncludes((await assertRejects(() => past.find({ at: 999 }), Refusal)).message, "its first record");
  assertStringIncludes((await assertRejects(() => past.find({ at: 2_001 }), Refusal)).message, "what will be");
  assertEquals(await past.find({ at: 2_000 }), { seq: 1, at: 2_000 });
});

test("times after a correction of the clock count as of the corrected time", async () => {
  let time = 90_000_000;
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk(), now: () => time });
  const { engine, journal } = store;
  await engine.execute(create(newTask("a")), caller);
  time = 1_000;
  await engine.execute({ type: "correct_clock" }, caller);
  time = 2_000;
  await engine.execute(create(newTask("b")), caller);
  const past = new Past(journal);
  assertEquals(await past.find({ at: 1_500 }), { seq: 2, at: 1_500 });
  assertEquals(await past.find({ at: 2_000 }), { seq: 3, at: 2_000 });
});

const SECRET = "sk-live-1234567890";

test("what is redacted later is in no earlier state, neither in one that was kept nor in one that is read", async () => {
  const disk = new MemoryDisk();
  const options = { directory: "/data", disk, segmentBytes: 1_500, now: steppingClock(10_000) };
  await using store = await startStore(options);
  const { engine, journal } = store;
  await engine.execute(create(newTask("a")), caller);
  await engine.execute(claim("x", "a"), caller);
  await engine.execute(complete("x", "a", SECRET), caller);
  for (let index = 0; index < 20; index++) await engine.execute(create(newTask(`t${index}`)), caller);
  const past = new Past(journal, { maxSnapshots: 8, spacing: 2 });
  const textAt = async (seq: number) =>
    await past.look(await past.find({ seq }), (state) => JSON.stringify(snapshotOf(state)));
  assertStringIncludes(await textAt(5), SECRET);
  assertStringIncludes(await textAt(20), SECRET);
  await redactOn(options, "a");
  for (const seq of [21, 20, 5, 4, 3, 6, 24]) assert(!(await textAt(seq)).includes(SECRET), `${seq}`);
});

test("a kept state loses the texts that its records lose, and no others", async () => {
  const options = { directory: "/data", disk: new MemoryDisk(), segmentBytes: 1_500, now: steppingClock(10_000) };
  await using store = await startStore(options);
  const { engine, journal } = store;
  await engine.execute(create(newTask("a")), caller);
  await engine.execute(claim("x", "a"), caller);
  await engine.execute({ type: "report_progress", id: "a", instance: "x", message: SECRET }, caller);
  await engine.execute({ type: "fail_task", id: "a", instance: "x", error: "no network" }, caller);
  await engine.execute({ type: "retry_task", id: "a" }, caller);
  for (let index = 0; index < 20; index++) await engine.execute(create(newTask(`t${index}`)), caller);
  const textAt = async (past: Past, seq: number) =>
    await past.look(await past.find({ seq }), (state) => JSON.stringify(snapshotOf(state)));
  const past = new Past(journal, { maxSnapshots: 8, spacing: 2 });
  for (const seq of [3, 6]) await textAt(past, seq);
  await redactOn(options, "a", ["progress"]);
  for (const seq of [3, 6, 20]) assertEquals(await textAt(past, seq), await textAt(new Past(journal), seq), `${seq}`);
  assertStringIncludes(await textAt(past, 6), "no network");
  assert(!(await textAt(past, 3)).includes(SECRET));
});

test("a kept state is made again only if the message of a past attempt may be one of the redacted texts", async () => {
  const options = { directory: "/data", disk: new MemoryDisk(), segmentBytes: 1_500, now: steppingClock(10_000) };
  await using store = await startStore(options);
  const { engine, journal } = store;
  await engine.execute(create({ ...newTask("a"), description: SECRET }), caller);
  await engine.execute(claim("x", "a"), caller);
  await engine.execute({ type: "fail_task", id: "a", instance: "x", error: SECRET }, caller);
  await engine.execute({ type: "retry_task", id: "a" }, caller);
  for (let index = 0; index < 20; index++) await engine.execute(create(newTask(`t${index}`)), caller);
  const readAfter: number[] = [];
  const past = new Past({
    origin: journal.origin,
    now: () => journal.now(),
    read: (after) => {
      readAfter.push(after.seq);
      return journal.read(after);
    },
  }, { maxSnapshots: 8, spacing: 2 });
  const textAt = async (seq: number) =>
    await past.look(await past.find({ seq }), (state) => JSON.stringify(snapshotOf(state)));
  await textAt(20);
  for (const [field, isMadeAgain] of [["description", false], ["error", true]] as const) {
    await redactOn(options, "a", [field]);
    readAfter.length = 0;
    assertEquals((await textAt(21)).includes(SECRET), !isMadeAgain);
    assertEquals(readAfter.includes(0), isMadeAgain, field);
  }
});

test("after a repair of the journal, moments are those of the new one", async () => {
  const disk = new MemoryDisk();
  const options = { directory: "/data", disk, now: steppingClock(10_000) };
  await using store = openStore(options);
  const past = new Past(store.journal);
  {
    await using first = await startStore(options);
    await first.engine.execute(create(newTask("a")), caller);
    await first.engine.execute(create(newTask("b")), caller);
  }
  assertEquals((await past.find({ seq: 2 })).seq, 2);
  for (const path of ["/data/journal/0000000001.jsonl", "/data/state.json", "/data/tasks.json"]) {
    if (disk.identity(path) !== undefined) disk.remove(path);
  }
  {
    await using second = await startStore(options);
    await second.engine.execute(create(newTask("other")), caller);
  }
  await assertRejects(() => past.find({ seq: 2 }), Refusal, "it has the records 1 to 1");
  assertEquals(await past.look(await past.find({ seq: 1 }), (state) => [...state.tasks.keys()]), ["other"]);
});

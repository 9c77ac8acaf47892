/** Shows that the checks pass a good history, and find what is wrong with each doctored one. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Verification } from "../../../src/store/file/maintenance.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import type { CommandOf } from "../../../src/core/messages/commands.ts";
import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { advanceClock, evolveRecord } from "../../../src/core/state/evolve.ts";
import { newTask } from "../../core/given.ts";
import { snapshotOf } from "../../core/snapshot.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { ORIGIN } from "../../../src/store/file/segments.ts";
import { type Call, parseCalls } from "./call_log.ts";
import { checkAttempts } from "./check_attempts.ts";
import { checkCheckpoint } from "./check_checkpoint.ts";
import { checkEnds } from "./check_ends.ts";
import { checkJournal } from "./check_journal.ts";
import { checkOnce } from "./check_once.ts";
import { checkOrder } from "./check_order.ts";
import { checkReplay } from "./check_replay.ts";
import { type History, SWEEPER, type Violation } from "./history.ts";
import { describeViolation } from "./report.ts";
import { sampleHistory, withCall, withRecord, withRecords } from "./sample.ts";

function test(name: string, fn: (good: History) => void): void {
  Deno.test({ name: `history: ${name}`, permissions: "none", fn: async () => fn(await sampleHistory()) });
}

/** The first complaint begins so. */
function assertFound(violations: readonly Violation[], complaint: string): void {
  assert(violations[0] !== undefined, "nothing was found");
  assertStringIncludes(violations[0].complaint, complaint);
}

function withoutEnd({ end: _, ...call }: Call): Call {
  return call;
}

function recordOf({ records }: History, call: string): JournalRecord {
  const record = records.find(({ actor }) => actor === call);
  assert(record !== undefined, call);
  return record;
}

test("a good history passes every check", (good) => {
  assertEquals(good.records.map(({ command }) => command), [
    "create_tasks",
    "claim_task",
    "complete_task",
    "claim_task",
    "heartbeat",
    "report_progress",
    "complete_task",
    "claim_task",
  ]);
  const checks = [
    checkJournal(verified(good), good),
    checkOnce(good),
    checkAttempts(good),
    checkEnds(good),
    checkOrder(good),
  ];
  assertEquals([...checks, checkReplay(good), checkCheckpoint(checkpointOf(good), good)].flat(), []);
});

function verified({ records }: History): Verification {
  return { records: records.length, end: { ...ORIGIN, seq: records.length } };
}

function checkpointOf({ records }: History) {
  const state = emptyState();
  for (const record of records) evolveRecord(state, record);
  return { snapshot: snapshotOf(state), position: { seq: records.length } };
}

test("a damaged journal is found", (good) => {
  const fault = { path: "1.jsonl", line: 3, byte: 99, why: "its hash is wrong", kind: "damaged" as const };
  assertFound(checkJournal({ ...verified(good), fault }, good), "the journal is damaged at 1.jsonl line 3");
  assertFound(checkJournal({ ...verified(good), records: 9 }, good), "9 records verify, 8 can be read");
  const gap = { ...good, records: good.records.filter(({ seq }) => seq !== 2) };
  assertFound(checkJournal(verified(gap), gap), "record 3 is not in its place");
});

test("an acknowledged call that is lost is found, and one that nobody waited for is not missed", (good) => {
  const lost = withRecords(good, good.records.filter(({ actor }) => actor !== "w0.1#8"));
  assertFound(checkOnce(lost), "w0.1#8 was acknowledged, and is not in the journal");
  assertEquals(checkOnce(withCall(lost, "w0.1#8", withoutEnd)), []);
});

test("a claim that is lost is found by the replay", (good) => {
  const lost = withRecords(good, good.records.filter(({ actor }) => actor !== "w0.1#10"));
  assertFound(checkReplay(lost), "w0.1#10 after record 7: the rules give events, and it has no record");
});

test("a call that is there twice is found, and one that nobody made", (good) => {
  const twice = withRecords(good, [...good.records, recordOf(good, "w0.1#8")]);
  assertFound(checkOnce(twice), "w0.1#8 is in the journal 2 times");
  assertFound(
    checkOnce(withRecord(good, 2, (record) => ({ ...record, actor: "w9.9#9" }))),
    "nobody asked for record 2",
  );
});

test("a call that is there although it was told that nothing was changed is found", (good) => {
  const denied = (mayHaveHappened: boolean) =>
    withCall(good, "w0.1#8", (call) => {
      assert(call.end !== undefined);
      const outcome = { type: "unavailable" as const, code: "busy", message: "busy", mayHaveHappened };
      return { ...call, end: { ...call.end, outcome } };
    });
  assertFound(checkOnce(denied(false)), "w0.1#8 was told that nothing was changed, and is in the journal");
  assertEquals([...checkOnce(denied(true)), ...checkReplay(denied(true)), ...checkOrder(denied(true))], []);
});

test("events that the rules do not give are found", (good) => {
  const events: Event[] = [{ type: "task.claimed", id: "a", instance: "eve", attempt: 1 }];
  assertFound(checkReplay(withRecord(good, 2, (record) => ({ ...record, events }))), "the rules give other events");
});

test("a record before which something was due is found", (good) => {
  const { seq } = recordOf(good, "w0.1#9");
  const late = withRecord(good, seq, (record) => ({ ...record, at: record.at + 1_000 }));
  assertFound(checkReplay(late), `record ${seq}: something was due before it`);
});

test("an answer that the rules do not give is found, with a record and without", (good) => {
  const answering = (name: string, answer: unknown) =>
    withCall(good, name, (call) => {
      assert(call.end !== undefined);
      return { ...call, end: { ...call.end, outcome: { type: "answered", answer } } };
    });
  assertFound(checkReplay(answering("w0.1#8", { task: "other" })), "record 6: the rules give another answer");
  assertFound(checkReplay(answering("w0.1#4", { task: "b" })), "w0.1#4 after record 2: the rules give another answer");
  assertFound(checkReplay(answering("w0.1#3", { tasks: 3, digest: 0 })), "w0.1#3 after record 2");
});

test("where answers are lost, one may show what others wrote until it was given, but nothing else", (good) => {
  const [created, claimed] = good.calls.map(({ end }) => end);
  assert(created?.outcome.type === "answered" && claimed?.outcome.type === "answered");
  const { task } = claimed.outcome.answer as { readonly task: unknown };
  const [, ...others] = created.outcome.answer as readonly unknown[];
  const byAnother = withRecord(good, 2, (record) => ({ ...record, actor: "w1.1#1" }));
  const renamed = withCall(byAnother, "w0.1#2", (call) => ({ ...call, call: "w1.1#1", process: "w1.1" }));
  const answering = (seq: number, answer: unknown, history = renamed) =>
    withCall(
      history,
      "w0.1#1",
      (call) => ({ ...call, end: { ...created, seq, outcome: { type: "answered", answer } } }),
    );
  const late = answering(2, [task, ...others]);
  assertEquals(checkReplay({ ...late, losesAnswers: true }), []);
  const complaint = "record 1: the rules give another answer";
  assertFound(checkReplay(late), complaint);
  const losing = (history: History): History => ({ ...history, losesAnswers: true });
  assertFound(checkReplay(losing(answering(1, [task, ...others]))), complaint);
  assertFound(checkReplay(losing(answering(2, [task]))), complaint);
  // Its own process knew what it wrote itself.
  assertFound(checkReplay(losing(answering(2, [task, ...others], good))), complaint);
});

test("where answers are lost, one may show what was swept until it was given", (good) => {
  const kept = good.records.slice(0, 4);
  const last = recordOf(good, "w0.1#6");
  assertEquals(kept.at(-1), last);
  const state = emptyState();
  for (const record of kept) evolveRecord(state, record);
  const at = last.at + 1_000;
  advanceClock(state, at);
  const context = { caller: localOperator(SWEEPER), now: at, clock: at, defaults: {} };
  const events = applyWithConsequences(state, decide(state, { type: "sweep" }, context).events, at);
  const asked = good.calls[0]?.request as CommandOf<"create_tasks">;
  const answer = decide(emptyState(), asked, { ...context, now: 1_010, clock: 1_010 }).answer(state);
  const answeredWith = (seq: number): History =>
    withCall(
      {
        records: [...kept, { ...last, seq: 5, at, actor: SWEEPER, command: "sweep", events }],
        calls: good.calls.slice(0, 6),
        losesAnswers: true,
      },
      "w0.1#1",
      (call) => ({ ...call, end: { at: 15, journalAt: 1_010, seq, outcome: { type: "answered", answer } } }),
    );
  assertEquals(checkReplay(answeredWith(5)), []);
  assertFound(checkReplay(answeredWith(4)), "record 1: the rules give another answer");
});

test("a read that is older than what was acknowledged before it is found", (good) => {
  const stale = withCall(good, "w0.1#3", (call) => {
    assert(call.end !== undefined);
    return { ...call, end: { ...call.end, seq: 1 } };
  });
  assertFound(checkOrder(stale), "w0.1#2 was answered with record 2 before w0.1#3 was asked, which was answered as of");
  // While the clock was set by as much, no order of these times is certain.
  assertEquals(checkOrder({ ...stale, clockStepMs: 3_600_000 }), []);
});

test("an order that is not that of real time is found", (good) => {
  const [first, ...rest] = good.records;
  assert(first !== undefined);
  assertFound(checkOrder(withRecords(good, [...rest, first])), "before w0.1#2 was asked, which became record 1");
});

test("calls at the same time may come in any order", (good) => {
  const atOnce = good.calls.map((call) => ({ ...call, at: 10 }));
  const [first, ...rest] = good.records;
  assert(first !== undefined);
  assertEquals(checkOrder(withRecords({ ...good, calls: atOnce }, [...rest, first])), []);
});

test("a second holder is found, and an attempt that does not grow", (good) => {
  const claims = (attempt: number): Event => ({ type: "task.claimed", id: "a", instance: "eve", attempt });
  const after = (event: Event) =>
    withRecords(
      good,
      good.records.flatMap((record) => record.seq === 2 ? [record, { ...record, events: [event] }] : [record]),
    );
  assertFound(checkAttempts(after(claims(2))), "record 3: eve claimed a, which ann held");
  const last = (event: Event) => {
    const [record] = good.records;
    return withRecords(good, record === undefined ? [] : [...good.records, { ...record, events: [event] }]);
  };
  assertFound(checkAttempts(last(claims(1))), "record 9: attempt 1 of a followed attempt 1");
  assertFound(checkAttempts(last(claims(3))), "record 9: attempt 3 of a followed attempt 1");
  const again = (attempt: number): Event => ({ type: "tasks.created", tasks: [{ ...newTask("a"), attempt }] });
  assertFound(checkAttempts(last(again(0))), "record 9: a starts again at attempt 0");
  assertEquals(checkAttempts(last(again(1))), []);
  const result: Event = { type: "task.completed", id: "a", instance: "eve", attempt: 1, result: "" };
  assertFound(checkAttempts(last(result)), "task.completed of a by eve at attempt 1, which was of ann at attempt 1");
});

test("a task that ends twice is found, in one record and in two, and one that is marked after its end", (good) => {
  const last = { outcome: "lost", error: "lost", isLast: true } as const;
  const ended: Event = { type: "attempt.ended", id: "b", instance: "ann", attempt: 1, ...last };
  const abandoned: Event = { type: "tasks.abandoned", tasks: [{ id: "b", error: "late" }] };
  const result: Event = { type: "task.completed", id: "b", instance: "ann", attempt: 1, result: "" };
  const retried: Event = { type: "task.retried", id: "b" };
  const [template] = good.records;
  assert(template !== undefined);
  const withEvents = (...records: readonly Event[][]) =>
    withRecords(good, [...good.records, ...records.map((events) => ({ ...template, events }))]);
  assertFound(checkEnds(withEvents([ended, abandoned])), "record 9: tasks.abandoned of b, which ended in record 9");
  assertFound(checkEnds(withEvents([ended], [result])), "record 10: task.completed of b, which ended in record 9");
  assertFound(checkEnds(withEvents([ended, { type: "task.overdue", id: "b" }])), "record 9: task.overdue of b");
  assertFound(
    checkEnds(withEvents([{ type: "tasks.skipped", tasks: [{ id: "a", because: "b" }] }])),
    "record 9: tasks.skipped of a, which ended in record 3",
  );
  const { isLast: _, ...goingOn } = ended;
  assertEquals(checkEnds(withEvents([goingOn, abandoned], [retried, result])), []);
});

test("a task that is archived before it has ended is found", (good) => {
  const [template] = good.records;
  assert(template !== undefined);
  const archiving = (id: string) => {
    const events: Event[] = [{ type: "tasks.archived", tasks: [id] }];
    return withRecords(good, [...good.records, { ...template, events }]);
  };
  assertFound(checkEnds(archiving("b")), "record 9: b is archived, and has not ended");
  assertEquals(checkEnds(archiving("a")), []);
});

test("an attempt that ends twice is found", (good) => {
  const [template] = good.records;
  assert(template !== undefined);
  const lost: Event = { type: "attempt.ended", id: "b", instance: "ann", attempt: 1, outcome: "lost" };
  const expired: Event = { ...lost, outcome: "expired" };
  const twice = withRecords(good, [...good.records, { ...template, events: [lost, expired] }]);
  assertFound(checkAttempts(twice), "record 9: attempt.ended of b by ann at attempt 1, which was of ann at attempt 1");
});

test("a call that did something to an attempt for which it did not speak is found", (good) => {
  const late = withCall(good, "w0.1#5", (call) => ({
    ...call,
    request: { type: "complete_task", id: "a", instance: "ann", attempt: 7, result: "w0.1#5" },
  }));
  assertFound(checkAttempts(late), "w0.1#5 spoke as ann for attempt 7, and did task.completed to attempt 1 of ann");
});

test("a checkpoint that stands for something else is found", (good) => {
  const checkpoint = checkpointOf(good);
  assertFound(checkCheckpoint(undefined, good), "there is no usable checkpoint");
  const older = { ...checkpoint, position: { seq: 5 } };
  assertFound(checkCheckpoint(older, good), "the checkpoint of record 5 has other tasks");
});

test("a violation is described with the records and calls around it", (good) => {
  const [call] = good.calls.slice(7);
  assert(call !== undefined);
  const lines = describeViolation({ complaint: "wrong", seqs: [5], calls: [call] }, good);
  assertEquals(lines[0], "wrong");
  const seqs = lines.map((line) => /^ {2}(\d+) at /.exec(line)?.[1]).filter((seq) => seq !== undefined);
  assertEquals(seqs, ["1", "3", "4", "5", "6", "7"]);
  assert(lines.some((line) => line.includes("w0.1#8") && line.includes("report_progress")), lines.join("\n"));
});

Deno.test("history: what a worker said is read back, but for a line that it did not finish", () => {
  const started = { type: "started", call: "w0.1#1", process: "w0.1", request: { type: "read" }, at: 1, seq: 0 };
  const end = { outcome: { type: "answered", answer: 1 }, at: 2, seq: 0, journalAt: 0 };
  const lines = [started, { type: "ended", call: "w0.1#1", ...end }, { ...started, call: "w0.1#2" }];
  const text = lines.map((line) => JSON.stringify(line) + "\n").join("") + '{"type":"ended","call":"w0.1#2","ou';
  const { type: _, ...call } = started;
  assertEquals<unknown>(parseCalls(text), [{ ...call, end }, { ...call, call: "w0.1#2" }]);
});

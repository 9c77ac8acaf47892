/** Shows that the checks of workers who fall silent pass a good history, and find what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import type { Check } from "../check.ts";
import { claimed, completed, created, history } from "../history.ts";
import type { Claimed } from "../worker.ts";
import { checkLastWords, checkLateAnswer, checkReassigned, checkToldOfLoss, type Loss } from "./silence.ts";

/** What happened, in order: the nth at time n. Ada's time is over at 9, the lease of cleo's task at 8. */
const GOOD: readonly Event[] = [
  created({ id: "copy" }, { id: "index", timeoutMs: 5 }),
  { type: "instance.registered", instance: "ada", settings: { ttlMs: 6 } },
  claimed("copy", "ada"),
  { ...claimed("index", "cleo"), leaseUntil: 8 },
  progressed("copy", "ada", "2 of 5"),
  progressed("index", "cleo", "half"),
  { type: "instance.renewed", instance: "ada", expiresAt: 9 },
  ended("index", "cleo", "expired"),
  ended("copy", "ada", "lost"),
  { type: "instance.lost", instance: "ada", tasks: ["copy"] },
  claimed("index", "ben", 2),
  completed("index", "ben", { attempt: 2 }),
  claimed("copy", "ben", 2),
  completed("copy", "ben", { attempt: 2 }),
];

const COPY: Loss = { task: "copy", worker: "ada", outcome: "lost" };
const INDEX: Loss = { task: "index", worker: "cleo", outcome: "expired" };
const LATE = { task: "index", worker: "cleo", code: "stale_attempt" };
const TOLD = { worker: "ada", lostTasks: ["copy"] };

testCheck("silent workers: a good history passes every check", () => {
  const records = history(GOOD);
  const checks = [
    checkReassigned(records, [COPY, INDEX]),
    checkLastWords(records, [inherited("copy", "ada", "2 of 5"), inherited("index", "cleo", "half")]),
    checkLateAnswer(records, LATE),
    checkToldOfLoss(records, TOLD),
  ];
  assertEquals(checks.flatMap(({ complaints }) => complaints), []);
});

testCheck("a task that stayed with its silent holder is found", () => {
  complains(checkReassigned(history(GOOD.slice(0, 7)), [INDEX]), [
    "index of cleo is still its own instead of expired",
    "nobody completed index",
  ]);
  complains(checkReassigned(history([...GOOD.slice(0, 8), completed("index", "cleo")]), [INDEX]), [
    "index was completed by cleo, who had lost it",
  ]);
});

testCheck("a task that was taken back for another reason is found", () => {
  complains(checkReassigned(history(GOOD), [{ ...COPY, outcome: "expired" }]), [
    "copy of ada is lost instead of expired",
    "copy was taken from ada before its time",
  ]);
  const released: Event = { type: "task.released", id: "copy", instance: "ada", attempt: 1 };
  complains(checkReassigned(history([...GOOD, released]), [COPY]), ["somebody released copy"]);
});

testCheck("a task that was taken back before its time is found", () => {
  complains(checkReassigned(history(GOOD.with(3, { ...claimed("index", "cleo"), leaseUntil: 9 })), [INDEX]), [
    "index was taken from cleo before its time",
  ]);
  const renewed: Event = { type: "instance.renewed", instance: "cleo" };
  complains(checkReassigned(history(GOOD.with(6, renewed)), [INDEX]), ["index was taken from cleo before its time"]);
  complains(
    checkReassigned(history(GOOD.with(6, { type: "instance.renewed", instance: "ada", expiresAt: 10 })), [
      COPY,
    ]),
    ["copy was taken from ada before its time"],
  );
});

testCheck("last words that were not handed on are found", () => {
  const records = history(GOOD);
  complains(checkLastWords(records, []), ["no task was handed out again"]);
  complains(checkLastWords(records, [inherited("copy", "ada", "1 of 5"), inherited("index", "ada", "half")]), [
    'with copy came "1 of 5" of ada, not "2 of 5" of ada',
    'with index came "half" of ada, not "half" of cleo',
  ]);
  complains(checkLastWords(records, [{ id: "copy", status: "in_progress", attempt: 2 }]), [
    'with copy came "undefined" of undefined, not "2 of 5" of ada',
  ]);
});

testCheck("a late answer that was taken is found", () => {
  complains(checkLateAnswer(history(GOOD), { ...LATE, code: "not_holder" }), [
    "the refusal is not_holder instead of stale_attempt",
  ]);
  complains(checkLateAnswer(history([...GOOD, completed("index", "cleo")]), LATE), [
    "index was completed 2 times",
    "index was completed by cleo, who had lost it",
  ]);
});

testCheck("a worker that is not told what it lost is found", () => {
  complains(checkToldOfLoss(history(GOOD), { ...TOLD, lostTasks: [] }), ["ada was told nothing instead of copy"]);
  complains(checkToldOfLoss(history(GOOD.toSpliced(9, 1)), TOLD), [
    "ada lost nothing",
    "ada was told copy instead of nothing",
  ]);
});

function testCheck(name: string, fn: () => void): void {
  Deno.test({ name: `coordination: ${name}`, permissions: "none", fn });
}

function complains(check: Check, expected: readonly string[]): void {
  assertEquals(check.complaints, expected);
}

function progressed(id: string, instance: string, message: string): Event {
  return { type: "task.progressed", id, instance, attempt: 1, message };
}

function ended(id: string, instance: string, outcome: "lost" | "expired"): Event {
  return { type: "attempt.ended", id, instance, attempt: 1, outcome };
}

function inherited(id: string, instance: string, message: string): Claimed {
  return { id, status: "in_progress", attempt: 2, previous: { attempt: 1, instance, outcome: "lost", message } };
}

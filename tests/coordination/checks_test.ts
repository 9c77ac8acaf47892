/** Shows that the checks of a coordination run pass a good history, and find what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { Verification } from "../../src/store/file/maintenance.ts";
import type { Event } from "../../src/core/messages/events.ts";
import { ORIGIN } from "../../src/store/file/segments.ts";
import type { Check } from "./check.ts";
import {
  checkAllCompleted,
  checkAllEnded,
  checkChain,
  checkCrash,
  checkExactlyOnce,
  checkOneHolder,
  checkOrder,
  checkResults,
} from "./checks.ts";
import { claimed, completed, created, history } from "./history.ts";
import { expectedResults, type PlainTask } from "./plan.ts";

const PLAN: readonly PlainTask[] = [
  { id: "first", description: "", dependencies: [] },
  { id: "left", description: "", dependencies: ["first"] },
  { id: "right", description: "", dependencies: ["first"] },
  { id: "last", description: "", dependencies: ["left", "right"] },
];

const CREATED = created(...PLAN);

/** What happened, in order: the nth at time n. Ada dies at 4, holding `left`, and is back at 6. */
const GOOD: readonly Event[] = [
  CREATED,
  claimed("first", "ada"),
  completed("first", "ada", { result: "made of first" }),
  claimed("left", "ada"),
  claimed("right", "ben"),
  completed("right", "ben", { result: "made of first, right" }),
  completed("left", "ada", { result: "made of first, left" }),
  claimed("last", "ben"),
  completed("last", "ben", { result: "made of first, last, left, right" }),
];

const CRASH = { worker: "ada", task: "left", killedAt: 4, restartedAt: 6 };

testCheck("a good history passes every check", () => {
  const records = history(GOOD);
  const checks = [
    checkAllCompleted(records, PLAN),
    checkAllEnded(records),
    checkExactlyOnce(records),
    checkOneHolder(records),
    checkOrder(records),
    checkResults(records, expectedResults(PLAN)),
    checkCrash(records, CRASH),
    checkChain(records, whole(records.length)),
  ];
  assertEquals(checks.flatMap(({ complaints }) => complaints), []);
});

testCheck("a task that was not created or not completed is found", () => {
  complains(checkAllCompleted(history(GOOD.slice(0, -1)), PLAN), ["last was created but never completed"]);
  complains(checkAllCompleted([], PLAN.slice(0, 1)), ["first was never created"]);
});

testCheck("an attempt that was claimed by two is found", () => {
  complains(checkExactlyOnce(history(inserted(5, claimed("left", "ben")))), [
    "attempt 1 of left was claimed 2 times: by ada, ben",
  ]);
});

testCheck("a task that was begun again or never is found", () => {
  complains(checkExactlyOnce(history(inserted(5, claimed("left", "ada", 2)))), ["left was begun 2 times"]);
  complains(checkExactlyOnce(history([CREATED, ...GOOD.slice(3)])), [
    "first was begun 0 times",
    "first was completed 0 times",
  ]);
});

testCheck("a task that was completed twice is found, whoever did it", () => {
  complains(checkExactlyOnce(history([...GOOD, completed("last", "ben", { result: "again" })])), [
    "last was completed 2 times",
  ]);
  complains(checkExactlyOnce(history([...GOOD, completed("last", "ada", { result: "again" })])), [
    "last was completed 2 times",
    "ada completed attempt 1 of last without having claimed it",
  ]);
});

testCheck("a completion of an attempt that nobody claimed is found", () => {
  complains(checkExactlyOnce(history(replaced(8, completed("last", "ben", { attempt: 2 })))), [
    "ben completed attempt 2 of last without having claimed it",
  ]);
});

testCheck("a claim before all dependencies were completed is found", () => {
  const early = [...GOOD.slice(0, 6), claimed("last", "ben"), ...GOOD.slice(6)];
  complains(checkOrder(history(early)), ["last was claimed (record 7) before left"]);
  complains(checkOrder(history([claimed("first", "ada")])), ["first was claimed (record 1) but never created"]);
});

testCheck("a claim before what an expression asks for is found", () => {
  const join = created({ id: "a" }, { id: "b" }, { id: "c", dependencies: [{ any: ["a", "b"] }] });
  complains(checkOrder(history([join, claimed("c", "ada")])), ["c was claimed (record 2) before any of (a, b)"]);
  complains(checkOrder(history([join, claimed("b", "ben"), completed("b", "ben"), claimed("c", "ada")])), []);
});

testCheck("a task that is left open is found", () => {
  complains(checkAllEnded(history(GOOD.slice(0, 5))), [
    "left is in_progress",
    "right is in_progress",
    "last is pending",
  ]);
});

testCheck("a second holder is found, and what somebody says who does not hold the task", () => {
  complains(checkOneHolder(history(inserted(5, claimed("left", "ben", 2)))), [
    "task.claimed of left by ben (record 6), but ada held it",
    "task.completed of left by ada (record 8), but ben held it",
  ]);
  complains(checkOneHolder(history([...GOOD, completed("last", "ada")])), [
    "task.completed of last by ada (record 10), but nobody held it",
  ]);
  complains(checkOneHolder(history(replaced(8, completed("last", "ben", { attempt: 2 })))), [
    "task.completed of last by ben (record 9), but ben held attempt 1",
  ]);
});

testCheck("a result that leaves out what a dependency gave is found", () => {
  const forgetful = replaced(8, completed("last", "ben", { result: "made of first, last, left" }));
  complains(checkResults(history(forgetful), expectedResults(PLAN)), [
    'the result of last is "made of first, last, left" instead of "made of first, last, left, right"',
  ]);
});

testCheck("a task that a killed worker lost is found", () => {
  complains(checkCrash(history(GOOD), undefined), ["no worker was killed while it held a task"]);
  complains(checkCrash(history(replaced(6, completed("left", "ben", { result: "" }))), CRASH), [
    "left was completed by ben, but ada held it",
  ]);
  complains(checkCrash(history(GOOD.slice(0, 6)), CRASH), ["left was never completed"]);
  complains(checkCrash(history(GOOD), { ...CRASH, restartedAt: 8 }), ["left was completed before ada was back"]);
  complains(checkCrash(history(GOOD), { ...CRASH, killedAt: 3 }), ["ada did not hold left when it was killed"]);
});

testCheck("a damaged journal is found, and a history that is not all of it", () => {
  const records = history(GOOD);
  const fault = {
    path: "0000000001.jsonl",
    line: 3,
    byte: 420,
    why: "its hash does not match",
    kind: "damaged" as const,
  };
  complains(checkChain(records, { ...whole(9), fault }), [
    "0000000001.jsonl:3 (byte 420): its hash does not match",
  ]);
  complains(checkChain(records.toSpliced(4, 1), whole(9)), [
    "record 5 is missing",
    "the timeline shows 8 records, the journal has 9",
  ]);
});

function testCheck(name: string, fn: () => void): void {
  Deno.test({ name: `coordination: ${name}`, permissions: "none", fn });
}

function complains(check: Check, expected: readonly string[]): void {
  assertEquals(check.complaints, expected);
}

function inserted(index: number, event: Event): readonly Event[] {
  return GOOD.toSpliced(index, 0, event);
}

function replaced(index: number, event: Event): readonly Event[] {
  return GOOD.with(index, event);
}

function whole(records: number): Verification {
  return { records, end: { ...ORIGIN, seq: records } };
}

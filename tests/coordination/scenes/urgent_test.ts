/** Shows that the checks of urgent work pass a good history, and find what is wrong with each doctored one. */

import { assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { claimed, completed, created, history } from "../history.ts";
import { checkHints, checkPriorities, type Hint } from "./urgent.ts";

/** What happened, in order: the nth at time n. The urgent task is there from 4 on. */
const GOOD: readonly Event[] = [
  created({ id: "low", priority: "low" }, { id: "old" }, { id: "high", priority: "high" }),
  claimed("high", "ada"),
  completed("high", "ada"),
  created({ id: "fix", priority: "urgent" }),
  claimed("fix", "ada"),
  claimed("old", "ben"),
  claimed("low", "cleo"),
];

const HINTS: readonly Hint[] = [
  { worker: "ada", tool: "report_progress", at: 4, urgent: [] },
  { worker: "ada", tool: "report_progress", at: 5, urgent: ["fix"] },
  { worker: "ben", tool: "heartbeat", at: 6, urgent: ["fix"] },
  { worker: "ben", tool: "complete_task", at: 7, urgent: ["fix"] },
];

testCheck("urgent work: a good history passes every check", () => {
  complains(checkHints(history(GOOD), { task: "fix", hints: HINTS }).complaints, []);
  complains(checkPriorities(history(GOOD), "fix").complaints, []);
});

testCheck("a reply that does not tell of what is urgent is found, and one that tells too early", () => {
  const check = (hints: readonly Hint[]) => checkHints(history(GOOD), { task: "fix", hints }).complaints;
  complains(check(HINTS.slice(0, 2)), ["no reply to heartbeat told of fix", "no reply to complete_task told of fix"]);
  complains(check(HINTS.map((hint) => ({ ...hint, urgent: ["other"] }))), [
    "no reply to report_progress told of fix",
    "no reply to heartbeat told of fix",
    "no reply to complete_task told of fix",
    "a reply to report_progress of ada told of fix before it was there",
  ]);
});

testCheck("a claim of a task of lower priority is found", () => {
  complains(checkPriorities(history(GOOD.with(1, claimed("old", "ada"))), "fix").complaints, [
    "high was ready, but old was claimed",
  ]);
  complains(
    checkPriorities(history(GOOD.with(4, claimed("old", "ben")).with(5, claimed("fix", "ada"))), "fix").complaints,
    [
      "fix was ready, but old was claimed",
    ],
  );
});

testCheck("a run in which nothing urgent was claimed before anything older is found", () => {
  complains(checkPriorities(history(GOOD.slice(0, 4)), "fix").complaints, ["fix was never claimed"]);
  complains(
    checkPriorities(history([created({ id: "fix", priority: "urgent" }), claimed("fix", "ada")]), "fix").complaints,
    [
      "nothing older than fix was ready when it was claimed",
    ],
  );
});

function testCheck(name: string, fn: () => void): void {
  Deno.test({ name: `coordination: ${name}`, permissions: "none", fn });
}

function complains(complaints: readonly string[], expected: readonly string[]): void {
  assertEquals(complaints, expected);
}

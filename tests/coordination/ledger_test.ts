/** Shows that a ledger follows what happens to tasks, and says of each kind of dependency when it is met. */

import { assertEquals } from "@std/assert";
import type { Dependency } from "../../src/core/model/dependency.ts";
import type { Event } from "../../src/core/messages/events.ts";
import { claimed, completed, created } from "./history.ts";
import { enter, hasWhatItNeeds, isMet, type Ledger } from "./ledger.ts";

/** Two of three members are completed, one of them with a verdict; one task failed, one was skipped, one is open. */
const LEDGER = ledgerOf([
  created(
    { id: "good", group: "g" },
    { id: "judged", group: "g" },
    { id: "bad", group: "g" },
    { id: "left-out" },
    { id: "open" },
  ),
  claimed("good", "ada"),
  completed("good", "ada"),
  claimed("judged", "ben"),
  completed("judged", "ben", { result: '{"verdict": "ok"}' }),
  claimed("bad", "ada"),
  { type: "task.failed", id: "bad", instance: "ada", attempt: 1, error: "" },
  { type: "tasks.skipped", tasks: [{ id: "left-out", because: "bad" }] },
]);

const MET: readonly Dependency[] = [
  "good",
  { task: "bad", on: "failed" },
  { task: "left-out", on: "skipped" },
  { task: "bad", on: "finished" },
  { task: "judged", when: { pointer: "/verdict", equals: "ok" } },
  { group: "g", on: "finished" },
  { any: ["bad", "good"] },
  { all: ["judged", "good"] },
  { at_least: 2, of: ["good", "bad", "judged"] },
  { at_least: "60%", of: { group: "g" } },
];

const UNMET: readonly Dependency[] = [
  "open",
  "unheard-of",
  "bad",
  { task: "open", on: "finished" },
  { task: "good", on: "failed" },
  { task: "judged", when: { pointer: "/verdict", equals: "no" } },
  { group: "g" },
  { group: "empty" },
  { any: ["bad", "open"] },
  { all: ["good", "bad"] },
  { at_least: 2, of: ["good", "bad"] },
  { at_least: "67%", of: { group: "g" } },
];

Deno.test({
  name: "coordination: a ledger says which dependencies are met",
  permissions: "none",
  fn() {
    assertEquals(MET.filter((dependency) => !isMet(LEDGER, dependency)), []);
    assertEquals(UNMET.filter((dependency) => isMet(LEDGER, dependency)), []);
    const task = { id: "next", description: "", dependencies: ["good", "open"] };
    assertEquals(hasWhatItNeeds(LEDGER, task), false);
    assertEquals(hasWhatItNeeds(LEDGER, { ...task, dependencies: ["good"] }), true);
  },
});

Deno.test({
  name: "coordination: a ledger follows attempts that end without an end of the task",
  permissions: "none",
  fn() {
    const start = [created({ id: "a" }), claimed("a", "ada")];
    const end = { type: "attempt.ended", id: "a", instance: "ada", attempt: 1, outcome: "expired" } as const;
    assertEquals(standing([...start]), ["in_progress", "ada", 1]);
    assertEquals(standing([...start, end]), ["pending", undefined, 1]);
    assertEquals(standing([...start, { ...end, isLast: true }]), ["failed", undefined, 1]);
    assertEquals(standing([...start, { type: "task.released", id: "a", instance: "ada", attempt: 1 }]), [
      "pending",
      undefined,
      1,
    ]);
    assertEquals(standing([...start, end, claimed("a", "ben", 2)]), ["in_progress", "ben", 2]);
  },
});

function standing(events: readonly Event[]) {
  const account = ledgerOf(events).get("a");
  return [account?.status, account?.holder, account?.attempt];
}

function ledgerOf(events: readonly Event[]): Ledger {
  const ledger: Ledger = new Map();
  for (const event of events) enter(ledger, event);
  return ledger;
}

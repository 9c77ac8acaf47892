/** The page's copy of the plan: answers merge into it, and events show at once what they say. */

import { assertEquals } from "@std/assert";
import type { Notification, PlanRows } from "../../src/dashboard/api/types.ts";
import { applyEvent } from "../../src/dashboard/live/apply_event.ts";
import { PlanTable } from "../../src/dashboard/plan/plan_table.ts";
import { FLAG_NOTES, STATUS_CODE } from "../../src/dashboard/plan/statuses.ts";
import { planRows } from "./plan/plan_rows.ts";

/** An answer of `GET /plan` with waiting tasks, and columns as given. */
function answerOf(ids: readonly string[], given: Partial<PlanRows> = {}): PlanRows {
  return { ...planRows(ids.map((id) => ({ id, status: "waiting" }))), seq: 5, ...given };
}

function tableOf(answer: PlanRows): PlanTable {
  const table = new PlanTable();
  table.merge(answer, 0);
  return table;
}

function event(type: string, subject: string, data: Notification["data"] = {}): Notification {
  return { id: "9.0", type, subject, time: "2026-01-01T00:00:10.000Z", data };
}

Deno.test("rows keep their places when others are added, and dependencies lead both ways", () => {
  const table = tableOf(answerOf(["a", "b"], { from: [0], to: [1], kind: [2] }));
  assertEquals(table.dependencies, [[], [{ from: 0, kind: 2, ask: "" }]]);
  const later = answerOf(["c"], { total: 3, ids: ["c", "a"], rows: 1, from: [1], to: [0], kind: [0] });
  assertEquals(table.merge(later, 0), { rows: [2], isStructural: true, isStale: false });
  assertEquals(table.ids, ["a", "b", "c"]);
  assertEquals(table.dependentsOf(0), [1, 2]);
});

Deno.test("a change of a status is no change of the structure, one of a dependency or group is", () => {
  const table = tableOf(answerOf(["a", "b"]));
  const only = (given: Partial<PlanRows>) => table.merge(answerOf(["b"], { total: 2, ...given }), 0).isStructural;
  assertEquals(only({ status: [STATUS_CODE.ready] }), false);
  assertEquals(table.status, [STATUS_CODE.waiting, STATUS_CODE.ready]);
  assertEquals(only({ ids: ["b", "a"], from: [1], to: [0], kind: [0] }), true);
  assertEquals(only({ ids: ["b", "a"], from: [1], to: [0], kind: [0] }), false);
  assertEquals(only({ ids: ["b", "a"], from: [1], to: [0], kind: [0], joins: [[0, "any"]] }), true);
  const asking = {
    ids: ["b", "a"],
    from: [1],
    to: [0],
    kind: [0],
    joins: [[0, "any"]] as const,
    asks: [[0, "on failed"]] as const,
  };
  assertEquals(only(asking), true);
  assertEquals(only({ groups: ["g"], group: [0] }), true);
  assertEquals(table.groupOf(1), "g");
});

Deno.test("groups and instances keep their numbers in the table, whatever theirs are in an answer", () => {
  const table = tableOf(answerOf(["a", "b"], { groups: ["g", "h"], group: [0, 1], instances: ["w"], holder: [0, -1] }));
  table.merge(answerOf(["a"], { total: 2, groups: ["h"], group: [0], instances: ["v", "w"], holder: [1] }), 0);
  assertEquals([table.groupOf(0), table.groupOf(1)], ["h", "h"]);
  assertEquals([table.holderOf(0), table.holderOf(1)], ["w", undefined]);
});

Deno.test("a total that differs says that tasks have vanished", () => {
  const table = tableOf(answerOf(["a", "b"]));
  assertEquals(table.merge(answerOf([], { total: 1 }), 0).isStale, true);
});

Deno.test("an id like a property of every object is an id", () => {
  const table = tableOf(answerOf(["__proto__", "constructor"]));
  assertEquals([table.rowOf("__proto__"), table.rowOf("constructor"), table.rowOf("toString")], [0, 1, undefined]);
});

Deno.test("a claim shows who holds the task, and its end that it is over", () => {
  const table = tableOf(answerOf(["a"]));
  assertEquals(applyEvent(table, event("task.claimed", "a", { instance: "w", attempt: 3 })), 0);
  assertEquals([table.status[0], table.holderOf(0), table.attempt[0]], [STATUS_CODE.in_progress, "w", 3]);
  assertEquals(table.started[0], Date.parse("2026-01-01T00:00:10.000Z"));
  assertEquals(applyEvent(table, event("task.progressed", "a", { percent: 40 })), 0);
  assertEquals(table.percent[0], 40);
  assertEquals(applyEvent(table, event("task.completed", "a")), 0);
  assertEquals([table.status[0], table.finished[0]], [STATUS_CODE.completed, Date.parse("2026-01-01T00:00:10.000Z")]);
});

Deno.test("a note marks its task", () => {
  const table = tableOf(answerOf(["a"]));
  assertEquals(applyEvent(table, event("task.noted", "a")), 0);
  assertEquals(table.flags[0], FLAG_NOTES);
});

Deno.test("events that were read already, of other tasks, or of other things change nothing", () => {
  const table = tableOf(answerOf(["a"], { seq: 9 }));
  assertEquals(applyEvent(table, event("task.completed", "a")), undefined);
  const early = tableOf(answerOf(["a"]));
  assertEquals(applyEvent(early, event("task.completed", "b")), undefined);
  assertEquals(applyEvent(early, event("instance.lost", "a")), undefined);
  assertEquals(early.status[0], STATUS_CODE.waiting);
});

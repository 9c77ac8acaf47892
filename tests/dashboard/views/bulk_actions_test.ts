/** Actions on many tasks: which of the selected ones, and what is asked of the server. */

import { assertEquals } from "@std/assert";
import { applicable, bulkBody, type BulkChoice } from "../../../src/dashboard/views/tasks/bulk_actions.ts";
import { rangeOf } from "../../../src/dashboard/views/tasks/range.ts";
import { STATUSES } from "../../../src/dashboard/plan/statuses.ts";
import { tableOf } from "../plan/plan_rows.ts";

const TABLE = tableOf(STATUSES.map((status) => ({ id: status, status })));
const SELECTED = new Set([...STATUSES.toReversed(), "gone"]);

Deno.test("an action is asked only for tasks whose status allows it, in the order of the plan", () => {
  assertEquals(applicable(TABLE, SELECTED, "release"), ["in_progress"]);
  assertEquals(applicable(TABLE, SELECTED, "retry"), ["delayed", "failed", "cancelled", "skipped"]);
  assertEquals(applicable(TABLE, SELECTED, "archive"), ["completed", "failed", "cancelled", "skipped"]);
  assertEquals(applicable(TABLE, SELECTED, "cancel").length, 6);
  assertEquals(applicable(TABLE, SELECTED, "delete").includes("in_progress"), false);
  assertEquals(applicable(TABLE, new Set(["ready"]), "retry"), []);
});

Deno.test("each action has the parameters that the server takes", () => {
  const choice: BulkChoice = { reason: " ", priority: "urgent", assignTo: "role", assignee: "r", group: "" };
  assertEquals(bulkBody("cancel", choice), { action: "cancel" });
  assertEquals(bulkBody("release", { ...choice, reason: "late" }), { action: "release", reason: "late" });
  assertEquals(bulkBody("prioritize", choice), { action: "prioritize", to_priority: "urgent" });
  assertEquals(bulkBody("assign", choice), { action: "assign", to_assign: { role: "r" } });
  assertEquals(bulkBody("assign", { ...choice, assignTo: "none" }), { action: "assign", clear: ["to_assign"] });
  assertEquals(bulkBody("move", choice), { action: "move", clear: ["to_group"] });
  assertEquals(bulkBody("move", { ...choice, group: "g" }), { action: "move", to_group: "g" });
});

Deno.test("a range has both ends, in either direction", () => {
  const ids = ["a", "b", "c", "d"];
  assertEquals(rangeOf(ids, "b", "d"), ["b", "c", "d"]);
  assertEquals(rangeOf(ids, "d", "b"), ["b", "c", "d"]);
  assertEquals(rangeOf(ids, "gone", "b"), ["b"]);
});

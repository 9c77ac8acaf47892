/** Shows that the tasks of several moments are one plan, which changes only when a task comes that no moment had before. */

import { assertEquals } from "@std/assert";
import { PlanUnion } from "../../../src/dashboard/plan/plan_union.ts";
import { planRows } from "./plan_rows.ts";

const PRESENT = planRows([{ id: "a", status: "completed", group: "g" }, { id: "b" }]);

Deno.test("the plan of all moments has each task once, as it is now if it is still there", () => {
  const union = new PlanUnion();
  assertEquals(union.needsPresent, true);
  const table = union.with(planRows([{ id: "gone", group: "old" }, { id: "a", group: "old" }]), PRESENT);
  assertEquals(union.needsPresent, false);
  assertEquals(table?.ids.toSorted(), ["a", "b", "gone"]);
  assertEquals(["a", "b", "gone"].map((id) => table?.groupOf(table.rowOf(id) ?? -1)), ["g", undefined, "old"]);
});

Deno.test("a moment without new tasks leaves the plan as it is, one with new ones makes another", () => {
  const union = new PlanUnion();
  const first = union.with(planRows([{ id: "a" }]), PRESENT);
  assertEquals(union.with(planRows([{ id: "b", status: "failed" }, { id: "a" }]), undefined) === first, true);
  const second = union.with(planRows([{ id: "gone" }]), undefined);
  assertEquals([second === first, second?.size], [false, 3]);
  assertEquals(union.with(planRows([{ id: "gone" }]), undefined) === second, true);
});

Deno.test("a cleared plan begins again", () => {
  const union = new PlanUnion();
  union.with(planRows([{ id: "gone" }]), PRESENT);
  union.clear();
  assertEquals(union.with(planRows([{ id: "a" }]), undefined), undefined);
  assertEquals(union.with(planRows([{ id: "a" }]), PRESENT)?.size, 2);
});

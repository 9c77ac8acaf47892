/** How much of the plan is before and after a task: the panel counts what the graph shows. */

import { assertEquals } from "@std/assert";
import { createLayouter } from "../../../src/dashboard/plan/layout/layouter.ts";
import { createChainFinder } from "../../../src/dashboard/plan/painter/chains.ts";
import { graphOf } from "../../../src/dashboard/plan/plan_graph.ts";
import { reachOf } from "../../../src/dashboard/plan/plan_reach.ts";
import { PlanTable } from "../../../src/dashboard/plan/plan_table.ts";
import { KIND } from "../../../src/dashboard/plan/layout/graph.ts";
import { planRows } from "./plan_rows.ts";

/** a → b in the group g, c waits for g, c → d, and e is alone. */
function plan(): PlanTable {
  const table = new PlanTable();
  table.merge({
    ...planRows([{ id: "a", group: "g" }, { id: "b", group: "g" }, { id: "c" }, { id: "d" }, { id: "e" }]),
    from: [0, 2],
    to: [1, 3],
    kind: [0, 0],
    group_from: [0],
    group_to: [2],
    group_kind: [0],
  }, 0);
  return table;
}

Deno.test("what waits for a group comes after each of its tasks, and all of them before it", () => {
  const table = plan();
  const reaches = table.ids.map((id, row) => [id, reachOf(table, row)] as const);
  assertEquals(Object.fromEntries(reaches), {
    a: { before: 0, after: 3 },
    b: { before: 1, after: 2 },
    c: { before: 2, after: 1 },
    d: { before: 3, after: 0 },
    e: { before: 0, after: 0 },
  });
  assertEquals([table.dependentsOfGroup(0), table.membersOf(0)], [[2], [0, 1]]);
});

Deno.test("the panel counts as many as the graph", () => {
  const table = plan();
  const layout = createLayouter().layOut(graphOf(table, { collapsed: new Set(), unfolded: new Set() }));
  const finder = createChainFinder(layout, (item) => layout.kind[item] === KIND.task ? 1 : 0);
  table.ids.forEach((id, row) => {
    const { upstream, downstream } = finder.find(layout.itemOf[row] ?? -1);
    assertEquals(reachOf(table, row), { before: upstream, after: downstream }, id);
  });
});

/** What the view of the plan hands to layout and painter, where its arrow keys lead, and its camera in the address. */

import { assertEquals } from "@std/assert";
import { createLayouter } from "../../../src/dashboard/plan/layout/layouter.ts";
import { graphOf } from "../../../src/dashboard/plan/plan_graph.ts";
import { PlanTable } from "../../../src/dashboard/plan/plan_table.ts";
import { EDGE_ALTERNATIVE } from "../../../src/dashboard/plan/statuses.ts";
import { cameraOf, textOf } from "../../../src/dashboard/views/plan/camera_text.ts";
import { neighbourOf } from "../../../src/dashboard/views/plan/neighbours.ts";
import { detailsOf, limitTextOf } from "../../../src/dashboard/views/plan/plan_details.ts";
import { planRows, tableOf } from "../plan/plan_rows.ts";

const NO_MARKS = { critical: new Set<string>(), blockers: new Set<string>(), limits: new Map<string, string>() };
const NOTHING_FOLDED = { collapsed: new Set<string>(), unfolded: new Set<string>() };

/** Three tasks: c needs a, and a or b; on the group g, too. */
function planOfAlternatives(): PlanTable {
  const table = new PlanTable();
  table.merge({
    ...planRows([{ id: "a", group: "g" }, { id: "b" }, { id: "c" }]),
    from: [0, 0, 1],
    to: [2, 2, 2],
    kind: [0, EDGE_ALTERNATIVE, EDGE_ALTERNATIVE],
    asks: [[0, "on failed"], [2, "verdict = ok"]],
    group_from: [0],
    group_to: [2],
    group_kind: [0],
    joins: [[2, "any"]],
  }, 0);
  return table;
}

Deno.test("alternatives meet in a join, other dependencies lead to the task itself, groups come after joins", () => {
  const { from, to, mark, marks, joins } = graphOf(planOfAlternatives(), NOTHING_FOLDED);
  const edges = Array.from(from, (source, edge) => [source, to[edge], marks[mark[edge] ?? 0]]);
  // Tasks 0 to 2, the join 3, the group 4.
  assertEquals(edges, [[0, 2, "on failed"], [0, 3, ""], [1, 3, "verdict = ok"], [4, 2, ""], [3, 2, ""]]);
  assertEquals(joins, [{ id: "c needs", label: "any", group: -1 }]);
});

Deno.test("only a running task shows its worker and progress", () => {
  const shown = tableOf([
    { id: "a", status: "in_progress", holder: "w", percent: 40 },
    { id: "b", status: "completed", holder: "w", percent: 100 },
  ]);
  const { workers, progress, critical } = detailsOf({ laidOut: shown, shown }, 2, {
    ...NO_MARKS,
    critical: new Set(["b"]),
  });
  assertEquals(workers, ["w", ""]);
  assertEquals(Array.from(progress, (each) => Math.round(each * 100)), [40, -100]);
  assertEquals(Array.from(critical), [0, 1]);
});

Deno.test("tasks that an earlier moment does not have are absent from it, the others are as they were", () => {
  const laidOut = tableOf([{ id: "a", status: "completed" }, { id: "b", status: "in_progress", holder: "w" }]);
  const shown = tableOf([{ id: "a", status: "in_progress", holder: "v" }]);
  const { absent, status, workers } = detailsOf({ laidOut, shown }, 2, NO_MARKS);
  assertEquals(Array.from(absent), [0, 1]);
  assertEquals([status[0], workers], [shown.status[0], ["v", ""]]);
});

Deno.test("marks of tasks and groups stand at their places", () => {
  const shown = tableOf([{ id: "a", group: "g" }, { id: "b" }]);
  const { blockers, limits } = detailsOf({ laidOut: shown, shown }, 2, {
    ...NO_MARKS,
    blockers: new Set(["a", "gone"]),
    limits: new Map([["g", "paused"], ["empty", "paused"]]),
  });
  assertEquals([Array.from(blockers ?? []), limits], [[1, 0], ["paused"]]);
  const counts = { pending: 0, in_progress: 2, completed: 0, failed: 0, cancelled: 0, skipped: 0 };
  assertEquals(limitTextOf({ counts }), undefined);
  assertEquals(limitTextOf({ counts, maxParallel: 2 }), "2 of 2 running");
  assertEquals(limitTextOf({ counts, maxParallel: 2, paused: true }), "paused");
});

Deno.test("arrow keys follow dependencies both ways, through joins, and go up and down a column", () => {
  const layout = createLayouter().layOut(graphOf(planOfAlternatives(), NOTHING_FOLDED), {});
  const item = (row: number) => layout.itemOf[row] ?? -1;
  assertEquals(neighbourOf(layout, item(1), "right"), item(2));
  assertEquals([item(0), item(1)].includes(neighbourOf(layout, item(2), "left") ?? -1), true);
  assertEquals(neighbourOf(layout, item(2), "right"), undefined);
  assertEquals(neighbourOf(layout, item(1), "left"), undefined);
  const column = createLayouter().layOut(
    graphOf(tableOf(["a", "b", "c", "d"].map((id) => ({ id }))), NOTHING_FOLDED),
    {},
  );
  const top = [0, 1, 2, 3].toSorted((a, b) => (column.y[a] ?? 0) - (column.y[b] ?? 0))[0] ?? 0;
  assertEquals(neighbourOf(column, top, "up"), undefined);
});

Deno.test("a camera survives the address; what is none is passed over", () => {
  assertEquals(cameraOf(textOf({ x: -12.4, y: 300, zoom: 0.51234 })), { x: -12, y: 300, zoom: 0.5123 });
  for (const text of [undefined, "", "1,2", "1,2,3,4", "a,b,c", "1,2,Infinity", "1,2,0", "1,2,99"]) {
    assertEquals(cameraOf(text), undefined, text);
  }
});

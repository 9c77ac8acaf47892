/** The columns of the board. */

import { assertEquals } from "@std/assert";
import { columnsOf, neighbour, readToggled, toggledWith } from "../../../src/dashboard/views/board/columns.ts";
import { tableOf } from "../plan/plan_rows.ts";

const TABLE = tableOf([
  { id: "a", status: "in_progress", group: "g" },
  { id: "b", status: "completed", group: "g" },
  { id: "c", status: "completed", group: "done" },
  { id: "d", status: "ready" },
  { id: "e", status: "ready", group: "g" },
]);

const ALL = [0, 1, 2, 3, 4];

Deno.test("by status, every status has its rows in their order", () => {
  const columns = columnsOf(TABLE, [4, 3, 2, 1, 0], "status").filter(({ rows }) => rows.length > 0);
  assertEquals(columns.map(({ key, rows, isEnded }) => [key, rows, isEnded]), [
    ["ready", [4, 3], false],
    ["in_progress", [0], false],
    ["completed", [2, 1], true],
  ]);
});

Deno.test("by group, the counts are those of the whole group, whatever is shown of it", () => {
  const columns = columnsOf(TABLE, [0], "group");
  assertEquals(columns.map(({ label, rows, isEnded, counts }) => ({ label, rows, isEnded, counts })), [
    { label: "g", rows: [0], isEnded: false, counts: { in_progress: 1, completed: 1, ready: 1 } },
    { label: "done", rows: [], isEnded: true, counts: { completed: 1 } },
    { label: "No group", rows: [], isEnded: false, counts: { ready: 1 } },
  ]);
});

Deno.test("arrows lead to the neighbours, over empty columns, and stop at the ends", () => {
  const columns = columnsOf(TABLE, ALL, "status");
  assertEquals(neighbour(columns, 3, { across: 0, down: 1 }), 4);
  assertEquals(neighbour(columns, 4, { across: 0, down: 1 }), 4);
  assertEquals(neighbour(columns, 4, { across: 1, down: 0 }), 0);
  assertEquals(neighbour(columns, 0, { across: 1, down: 0 }), 1);
  assertEquals(neighbour(columns, 3, { across: -1, down: 0 }), 3);
  assertEquals(neighbour(columns, 4, { across: 0, down: -Infinity }), 3);
  assertEquals(neighbour(columns, -1, { across: 0, down: 1 }), 3);
  assertEquals(neighbour([], 0, { across: 0, down: 1 }), undefined);
});

Deno.test("the address keeps which columns are folded, whatever their groups are named", () => {
  let toggled = readToggled(undefined);
  const keys = ["", "a,b", "100%", "ü", "-"];
  for (const key of keys) toggled = readToggled(toggledWith(toggled, key));
  assertEquals([...toggled], keys);
  for (const key of keys.slice(0, -1)) toggled = readToggled(toggledWith(toggled, key));
  assertEquals(toggledWith(toggled, "-"), "");
  assertEquals([...readToggled("%zz")], ["%zz"]);
});

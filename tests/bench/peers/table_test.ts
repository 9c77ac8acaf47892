/** Shows the form of the table. */

import { assertEquals } from "@std/assert";
import type { Row } from "./row.ts";
import { formatCell, tableOf } from "./table.ts";

Deno.test("a table is aligned, marks the best and judges", () => {
  const rows: readonly Row[] = [
    { name: "create", unit: "ms", best: "least", cells: new Map([["ours", { value: 1 }], ["a", { value: 12_345 }]]) },
    { name: "race", unit: "tasks", best: "right", cells: new Map([["ours", { value: 40, isRight: true }]]) },
  ];
  assertEquals(tableOf(rows, ["ours", "a"], "ours"), [
    "|        |        ours |         a | verdict         |",
    "| ------ | ----------: | --------: | --------------- |",
    "| create | **1.00 ms** | 12,345 ms | ours ahead      |",
    "| race   |      **40** |         – | only ours right |",
  ]);
});

Deno.test("a cell has its unit, and says what it lacks", () => {
  assertEquals(formatCell({ value: 9.876 }, "ms"), "9.88 ms");
  assertEquals(formatCell({ value: 98.76 }, "ms"), "99 ms");
  assertEquals(formatCell({ value: 54.3 }, "MB"), "54 MB");
  assertEquals(formatCell({ value: 20_480 }, "bytes"), "20,480 B");
  assertEquals(formatCell({ value: 57, detail: "only 38 of the tasks" }, "tasks"), "57 (only 38 of the tasks)");
  assertEquals(formatCell({ absent: "did not finish" }, "ms"), "did not finish");
});

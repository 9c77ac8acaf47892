/** Shows who is said to be ahead. */

import { assertEquals } from "@std/assert";
import { type Cell, isBest, type Row, rowsOf, verdictOf } from "./row.ts";

function least(cells: Readonly<Record<string, number | string>>): Row {
  const entries = Object.entries(cells).map(([name, cell]): [string, Cell] => [
    name,
    typeof cell === "number" ? { value: cell } : { absent: cell },
  ]);
  return { name: "create", unit: "ms", best: "least", cells: new Map(entries) };
}

function right(cells: Readonly<Record<string, boolean>>): Row {
  const entries = Object.entries(cells).map(([name, isRight]): [string, Cell] => [name, { value: 40, isRight }]);
  return { name: "race", unit: "tasks", best: "right", cells: new Map(entries) };
}

Deno.test("a verdict names all who are ahead, the furthest first", () => {
  assertEquals(verdictOf(least({ ours: 10, a: 8, b: 2, c: 20 }), "ours"), "**behind** b 5.0×, a 1.3×");
});

Deno.test("figures that are close are level", () => {
  assertEquals(verdictOf(least({ ours: 10, a: 9.5, b: 20 }), "ours"), "level with a");
  assertEquals(verdictOf(least({ ours: 10, a: 10.5 }), "ours"), "level with a");
});

Deno.test("who has no figure is neither ahead nor level", () => {
  assertEquals(verdictOf(least({ ours: 10, a: "did not finish" }), "ours"), "ours ahead");
  assertEquals(verdictOf(least({ ours: "failed", a: 10 }), "ours"), "no figure of ours");
});

Deno.test("where one figure is right, the verdict tells who has it", () => {
  assertEquals(verdictOf(right({ ours: true, a: false }), "ours"), "only ours right");
  assertEquals(verdictOf(right({ ours: true, a: true }), "ours"), "right, and so: a");
  assertEquals(verdictOf(right({ ours: false, a: true }), "ours"), "**ours is wrong**");
});

Deno.test("the best of a row is the least figure, or each that is right", () => {
  const row = least({ ours: 10, a: 8, b: "failed" });
  assertEquals(["ours", "a", "b", "none"].map((name) => isBest(row, name)), [false, true, false, false]);
  assertEquals(["ours", "a"].map((name) => isBest(right({ ours: true, a: false }), name)), [true, false]);
});

Deno.test("columns become rows, and who lacks a row has no cell in it", () => {
  const cell = { value: 1 };
  const rows = rowsOf(
    new Map([
      [
        "ours",
        new Map([["start", { unit: "ms", best: "least", cell }], ["list", { unit: "ms", best: "least", cell }]]),
      ],
      ["a", new Map([["list", { unit: "ms", best: "least", cell }]])],
    ]),
  );
  assertEquals(rows.map(({ name, cells }) => [name, ...cells.keys()]), [["start", "ours"], ["list", "ours", "a"]]);
});

import { assert, assertEquals } from "@std/assert";
import { linePath, niceTop, ticksOf } from "../../src/dashboard/ui/chart_scale.ts";

Deno.test("a scale ends at a round number that holds every value", () => {
  assertEquals([0, 1, 2, 3, 7, 10, 11, 78, 101, 4_999, 5_001].map(niceTop), [
    1,
    1,
    2,
    5,
    10,
    10,
    20,
    100,
    200,
    5_000,
    10_000,
  ]);
});

Deno.test("a scale has few lines, all at whole numbers", () => {
  for (const top of [1, 2, 5, 10, 20, 50, 100, 200, 5_000]) {
    const ticks = ticksOf(top);
    assert(ticks.length >= 2 && ticks.length <= 6);
    assert(ticks.every(Number.isInteger), `${top}: ${ticks}`);
    assertEquals([ticks[0], ticks.at(-1)], [0, top]);
  }
});

Deno.test("a line through one value can be seen, one through none is empty", () => {
  const scale = { x: (index: number) => index * 10, y: (value: number) => value };
  assertEquals(linePath([], scale), "");
  assertEquals(linePath([3], scale), "M0.0 3.0h6");
  assertEquals(linePath([3, 4], scale), "M0.0 3.0L10.0 4.0");
});

/** Shows that overlapping attempts stand in lanes of their own, and that places lead to the bars that stand there. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  barAt,
  barsBetween,
  LANE_HEIGHT,
  pack,
  rowsBetween,
  topOf,
  topOfBar,
} from "../../../../src/dashboard/views/timeline/lanes.ts";
import { bar } from "./bars.ts";

Deno.test("attempts of one instance that overlap stand in lanes, others one after another", () => {
  const a = bar(0, 10, { id: "a" }), b = bar(5, 12, { id: "b" }), c = bar(10, 20, { id: "c" });
  const other = bar(0, 5, { id: "d", instance: "w" });
  const { rows, height } = pack([c, b, a, other], "instance");
  assertEquals(rows.map(({ name }) => name), ["w", "x"]);
  assertEquals(rows[1]?.lanes, [[a, c], [b]]);
  assertEquals(height, rows[0]!.height + rows[1]!.height);
});

Deno.test("tasks without a group stand in the last row", () => {
  const bars = [bar(0, 1), bar(1, 2, { group: "z" }), bar(2, 3, { group: "a" })];
  assertEquals(pack(bars, "group").rows.map(({ name }) => name), ["a", "z", ""]);
});

Deno.test("in any picture, no bars of a lane overlap, and each bar is found where it stands", () => {
  const some = fc.array(fc.record({ start: fc.nat(500), length: fc.integer({ min: 1, max: 90 }), who: fc.nat(3) }), {
    maxLength: 60,
  });
  fc.assert(fc.property(some, (given) => {
    const bars = given.map(({ start, length, who }, index) => {
      const isRunning = length === 90;
      return bar(start, isRunning ? Infinity : start + length, { id: String(index), instance: `w${who}` });
    });
    const now = 600;
    const picture = pack(bars, "instance");
    for (const row of picture.rows) {
      for (const [index, lane] of row.lanes.entries()) {
        for (const [at, one] of lane.entries()) {
          assert(at === 0 || lane[at - 1]!.end <= one.start, "two bars of a lane overlap");
          const middle = (one.start + Math.min(one.end, now)) / 2;
          const place = { y: topOf(row, index) + 1, span: { from: middle, to: middle }, now };
          assertEquals(barAt(picture, place)?.key, one.key);
          assertEquals(topOfBar(picture, one), topOf(row, index));
        }
      }
    }
    assertEquals(picture.rows.flatMap(({ lanes }) => lanes.flat()).length, bars.length);
  }));
});

Deno.test("of bars near the cursor, the nearest one is meant; beside all there is none", () => {
  const left = bar(0, 10, { id: "left" }), right = bar(12, 20, { id: "right" });
  const picture = pack([left, right], "instance");
  const at = (from: number, to: number, y = 10) => barAt(picture, { y, span: { from, to }, now: 100 })?.id;
  assertEquals([at(9, 12), at(10, 13.5), at(10.5, 11.5), at(30, 40)], ["left", "right", undefined, undefined]);
  assertEquals([at(5, 6, -1), at(5, 6, picture.height), at(5, 6, LANE_HEIGHT + 7)], [undefined, undefined, undefined]);
});

Deno.test("only what is between two times and heights is drawn", () => {
  const bars = Array.from({ length: 100 }, (_, index) => bar(index * 10, index * 10 + 5, { id: String(index) }));
  const lane = pack(bars, "instance").rows[0]!.lanes[0]!;
  assertEquals(barsBetween(lane, { from: 204, to: 230 }, 2_000).map(({ id }) => id), ["20", "21", "22", "23"]);
  assertEquals(barsBetween(lane, { from: 206, to: 209 }, 2_000), []);
  const picture = pack(bars.map((each, index) => ({ ...each, instance: `w${index + 100}` })), "instance");
  assertEquals(rowsBetween(picture, { from: 30, to: 60 }).map(({ name }) => name), ["w101", "w102"]);
});

/** Shows that idle time is shortened, and that the axis goes there and back without a jump. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { busySpans, createScale, gapFor, lastAtMost } from "../../../../src/dashboard/views/timeline/time_scale.ts";
import { bar } from "./bars.ts";

const START = 1_700_000_000_000;

Deno.test("what runs at the same time is one span, and a running bar lasts until now", () => {
  const bars = [bar(10, 20), bar(100, Infinity), bar(15, 30), bar(30, 40)];
  assertEquals(busySpans(bars, 150), [{ from: 10, to: 40 }, { from: 100, to: 150 }]);
  assertEquals(busySpans([], 150), []);
});

Deno.test("a long stretch in which nothing ran takes the room of a gap, a short one its own", () => {
  const spans = [{ from: 0, to: 100 }, { from: 110, to: 200 }, { from: 10_000, to: 10_100 }];
  const scale = createScale(spans, 10);
  assertEquals(scale.gaps, [{ from: 200, to: 10_000 }]);
  assertEquals(scale.length, 200 + 10 + 100);
  assertEquals([0, 105, 200, 5_100, 10_000, 10_100].map(scale.toUnits), [0, 105, 200, 205, 210, 310]);
});

Deno.test("true time has no gaps", () => {
  const scale = createScale([{ from: 5, to: 10 }, { from: 1_000_000, to: 1_000_010 }], Infinity);
  assertEquals([scale.gaps, scale.length, scale.toUnits(1_000_000)], [[], 1_000_005, 999_995]);
});

Deno.test("before the first span and after the last one, time goes on", () => {
  const scale = createScale([{ from: 100, to: 200 }], 10);
  assertEquals([scale.toUnits(50), scale.toUnits(250), scale.toTime(-50), scale.toTime(150)], [-50, 150, 50, 250]);
  assertEquals(createScale([], 10).toTime(7), 7);
});

Deno.test("of any bars, the units of times ascend, and lead back to the same times", () => {
  const lengths = fc.array(fc.tuple(fc.nat(100_000_000), fc.nat(10_000)), { minLength: 1, maxLength: 30 });
  fc.assert(fc.property(lengths, fc.boolean(), (stretches, isTrueTime) => {
    const bars = stretches.map(([after, length], index) =>
      bar(START + after, START + after + length, { id: `${index}` })
    );
    const spans = busySpans(bars, START);
    const scale = createScale(spans, isTrueTime ? Infinity : gapFor(spans));
    let last = -Infinity;
    for (let time = START - 1_000; time < START + 100_020_000; time += 317_731) {
      const units = scale.toUnits(time);
      assert(units > last, `units must ascend at ${time}`);
      assert(Math.abs(scale.toTime(units) - time) < 1, `${time} must come back`);
      last = units;
    }
  }));
});

Deno.test("the last value that is at most a limit is found by halving", () => {
  const values = [1, 3, 3, 7];
  assertEquals([0, 1, 3, 6, 7, 9].map((limit) => lastAtMost(4, limit, (index) => values[index]!)), [-1, 0, 2, 2, 3, 3]);
});

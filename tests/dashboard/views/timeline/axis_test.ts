/** Shows that the marks of the axis stand at round times, apart from each other, and outside of gaps. */

import { assert, assertEquals } from "@std/assert";
import { ticksOf } from "../../../../src/dashboard/views/timeline/axis.ts";
import { createScale } from "../../../../src/dashboard/views/timeline/time_scale.ts";

const HOUR = 3_600_000;
const START = Date.UTC(2026, 0, 2, 9, 59, 30);

Deno.test("marks stand at round times, and say the day where it changes and after a gap", () => {
  const scale = createScale([
    { from: START, to: START + 2 * HOUR },
    { from: START + 100 * HOUR, to: START + 102 * HOUR },
  ], HOUR);
  const view = { from: 0, to: scale.length };
  const ticks = ticksOf({ scale, view, unitsPerPixel: HOUR / 200, times: "utc", now: START });
  assertEquals(ticks.map(({ text }) => text), [
    "01-02 10:00Z",
    "10:30Z",
    "11:00Z",
    "11:30Z",
    "01-06 14:00Z",
    "14:30Z",
    "15:00Z",
    "15:30Z",
  ]);
  ticks.forEach(({ x }, index) => assert(index === 0 || x - ticks[index - 1]!.x >= 96));
});

Deno.test("relative marks count from now", () => {
  const scale = createScale([{ from: START, to: START + HOUR }], HOUR);
  const options = { scale, view: { from: 0, to: HOUR }, unitsPerPixel: HOUR / 250, times: "relative" as const };
  assertEquals(ticksOf({ ...options, now: START + HOUR }).map(({ text }) => text), ["1 h ago", "30 min ago", "now"]);
});

Deno.test("the closest look has marks of milliseconds", () => {
  const scale = createScale([{ from: START, to: START + 10 }], HOUR);
  const ticks = ticksOf({ scale, view: { from: 0, to: 4 }, unitsPerPixel: 0.01, times: "utc", now: START });
  assertEquals(ticks.map(({ text }) => text), [
    "01-02 09:59:30.000Z",
    ...["09:59:30.001Z", "09:59:30.002Z", "09:59:30.003Z", "09:59:30.004Z"],
  ]);
});

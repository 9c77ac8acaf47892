/** Shows how near the quantiles of a sketch are to those of the durations themselves, and that sketches add up. */

import fc from "fast-check";
import { assert, assertEquals } from "@std/assert";
import { MAX_TIME_MS } from "../../../src/core/model/limits.ts";
import {
  countIn,
  EMPTY_SKETCH,
  merged,
  quantileOf,
  type Sketch,
  SKETCH_ERROR,
  withDuration,
} from "../../../src/core/model/sketch.ts";

const durations = fc.array(fc.oneof(fc.nat(10), fc.nat(100_000), fc.nat(MAX_TIME_MS)), { maxLength: 50 });

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a quantile is within the stated error of the duration of that rank", () => {
  fc.assert(fc.property(durations, fc.double({ min: 0, max: 1, noNaN: true }), (durations, q) => {
    const sketch = sketchOf(durations);
    assertEquals(countIn(sketch), durations.length);
    const exact = durations.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(q * durations.length)) - 1];
    const quantile = quantileOf(sketch, q);
    if (exact === undefined || quantile === undefined) return assertEquals(quantile, exact);
    // Half a millisecond is lost by rounding.
    assert(Math.abs(quantile - exact) <= SKETCH_ERROR * exact * (1 + 1e-9) + 0.5, `${quantile} for ${exact}`);
  }));
});

test("the sum of two sketches is the sketch of all their durations, in whatever order", () => {
  fc.assert(fc.property(durations, durations, (a, b) => {
    const both = sketchOf([...a, ...b]);
    assertEquals(merged(sketchOf(a), sketchOf(b)), both);
    assertEquals(merged(sketchOf(b), sketchOf(a)), both);
  }));
});

test("a sketch has fewer than 400 buckets, whatever its durations", () => {
  assert(sketchOf([0, 1, MAX_TIME_MS]).counts.length < 400);
});

function sketchOf(durations: readonly number[]): Sketch {
  return durations.reduce(withDuration, EMPTY_SKETCH);
}

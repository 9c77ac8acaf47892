/**
 * Quantiles of durations in bounded memory, after Masson, Rim and Lee, "DDSketch: A Fast and Fully-Mergeable Quantile Sketch
 * with Relative-Error Guarantees" (VLDB 2019): counts in buckets whose bounds grow by a constant factor. Two sketches
 * add up to exactly the sketch of all their durations.
 */

/** Counts of durations. A duration of journal times falls into one of fewer than 400 buckets. */
export interface Sketch {
  /** The bucket of the first count. */
  readonly first: number;
  readonly counts: readonly number[];
}

export const EMPTY_SKETCH: Sketch = { first: 0, counts: [] };

/** How far a quantile may be from the duration of that rank, as a share of it. */
export const SKETCH_ERROR = 0.05;

const GROWTH = (1 + SKETCH_ERROR) / (1 - SKETCH_ERROR);

/** The sketch with one more duration, in milliseconds. O(buckets). */
export function withDuration(sketch: Sketch, durationMs: number): Sketch {
  return merged(sketch, { first: bucketOf(durationMs), counts: [1] });
}

/** The sketch of the durations of both. O(buckets). */
export function merged(a: Sketch, b: Sketch): Sketch {
  if (a.counts.length === 0) return b;
  if (b.counts.length === 0) return a;
  const first = Math.min(a.first, b.first);
  const end = Math.max(a.first + a.counts.length, b.first + b.counts.length);
  const counts = new Array<number>(end - first).fill(0);
  for (const each of [a, b]) {
    each.counts.forEach((count, index) => counts[each.first - first + index]! += count);
  }
  return { first, counts };
}

/** The number of durations. */
export function countIn({ counts }: Sketch): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/**
 * The duration of which a share `q` (0 to 1) is not longer, in whole milliseconds, within `SKETCH_ERROR`; undefined for an
 * empty sketch. Its rank is that of the definition by the inverse of the distribution (Hyndman and Fan, 1996, type 1).
 */
export function quantileOf(sketch: Sketch, q: number): number | undefined {
  const rank = Math.max(1, Math.ceil(q * countIn(sketch)));
  let seen = 0;
  for (const [index, count] of sketch.counts.entries()) {
    seen += count;
    if (seen >= rank) return valueOf(sketch.first + index);
  }
  return undefined;
}

/** How many durations of about the same length a sketch has. */
export interface DurationCount {
  /** In whole milliseconds, within `SKETCH_ERROR`. */
  readonly ms: number;
  readonly count: number;
}

/** The durations in a sketch, the shortest first. */
export function durationsIn({ first, counts }: Sketch): readonly DurationCount[] {
  return counts.map((count, index) => ({ ms: valueOf(first + index), count })).filter(({ count }) => count > 0);
}

/** Bucket 0 is for less than 1 ms; bucket n for durations over GROWTH ** (n - 2) and up to GROWTH ** (n - 1). */
function bucketOf(durationMs: number): number {
  return durationMs < 1 ? 0 : 1 + Math.ceil(Math.log(durationMs) / Math.log(GROWTH));
}

function valueOf(bucket: number): number {
  return bucket === 0 ? 0 : Math.round(2 * GROWTH ** (bucket - 1) / (GROWTH + 1));
}

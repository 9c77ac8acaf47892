/**
 * Marks equal stretches of time along a slider that counts records: the wider the space between two marks, the more
 * happened. The page does not know when each record was written, so it goes by when tasks were created, started and finished.
 */

import type { PlanTable } from "./plan_table.ts";

export interface TimeTicks {
  /** The time between two marks, in milliseconds; idle time is none. */
  readonly stepMs: number;
  /** Where the marks are: shares of the length, from 0 to 1. */
  readonly at: readonly number[];
}

/** Of larger plans every second, third … task is enough. */
const MAX_ROWS = 20_000;

const SECOND = 1_000, MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;

const STEPS: readonly number[] = [
  ...[1, 10].map((count) => count * SECOND),
  ...[1, 5, 15].map((count) => count * MINUTE),
  ...[1, 3, 12].map((count) => count * HOUR),
  ...[1, 7, 28, 364].map((count) => count * DAY),
];

/**
 * The marks of the smallest step of which there are at most `most`; none for more times than there are records, as these
 * came with an import. O(times).
 */
export function timeTicks(
  times: Float64Array,
  { records, most }: { readonly records: number; readonly most: number },
): TimeTicks {
  let ticks: TimeTicks = { stepMs: 0, at: [] };
  if (times.length > records) return ticks;
  for (const stepMs of STEPS) {
    ticks = { stepMs, at: boundaries(times, stepMs) };
    if (ticks.at.length <= most) break;
  }
  return ticks;
}

/** The times at which something of the plan is known to have been recorded, each once, rising. */
export function recordTimes({ size, created, started, finished }: PlanTable): Float64Array {
  const times = new Set<number>();
  for (let row = 0; row < size; row += Math.ceil(size / MAX_ROWS)) {
    for (const time of [created[row], started[row], finished[row]]) if (time) times.add(time);
  }
  return Float64Array.from(times).sort();
}

function boundaries(times: Float64Array, stepMs: number): readonly number[] {
  const at: number[] = [];
  for (let i = 1; i < times.length; i++) {
    if (Math.floor(times[i]! / stepMs) !== Math.floor(times[i - 1]! / stepMs)) at.push(i / times.length);
  }
  return at;
}

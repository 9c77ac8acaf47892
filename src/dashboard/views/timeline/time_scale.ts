/**
 * Maps times to units along the axis. One unit is a millisecond where something ran; a stretch in which nothing ran takes
 * only `gapUnits`, or its true time if that is less. All times are milliseconds since the Unix epoch.
 */

import { type Bar, endOf } from "./bars.ts";

export interface Span {
  readonly from: number;
  readonly to: number;
}

export interface TimeScale {
  /** Units from the begin of the first span to the end of the last one. */
  readonly length: number;
  readonly spans: readonly Span[];
  /** The stretches that are shortened. */
  readonly gaps: readonly Span[];
  readonly toUnits: (time: number) => number;
  readonly toTime: (units: number) => number;
}

/** The stretches in which at least one of the bars ran. O(n log n). */
export function busySpans(bars: Iterable<Bar>, now: number): readonly Span[] {
  const spans = Array.from(bars, (bar) => ({ from: bar.start, to: endOf(bar, now) }));
  return joined(spans.sort((a, b) => a.from - b.from), 0);
}

/** A gap takes this share of the time in which something ran, and is only worth it if that is much less than its own. */
const GAP_SHARE = 0.02;
const LEAST_GAP_MS = 1;
const WORTH = 3;

/** How long gaps should be drawn, for bars that ran in these spans. */
export function gapFor(spans: readonly Span[]): number {
  const busyMs = spans.reduce((sum, { from, to }) => sum + to - from, 0);
  return Math.max(LEAST_GAP_MS, busyMs * GAP_SHARE);
}

/** @param gapUnits `Infinity` shows true time */
export function createScale(busy: readonly Span[], gapUnits: number): TimeScale {
  const spans = joined(busy, gapUnits * WORTH);
  const starts: number[] = [];
  let units = 0;
  for (const [index, { from, to }] of spans.entries()) {
    starts.push(units);
    const next = spans[index + 1];
    units += to - from + (next === undefined ? 0 : gapUnits);
  }
  const toUnits = (time: number) => {
    const at = Math.max(0, lastAtMost(spans.length, time, (index) => spans[index]!.from));
    const span = spans[at];
    if (span === undefined) return time;
    const next = spans[at + 1];
    const offset = time - span.from;
    const length = span.to - span.from;
    if (next === undefined || time <= span.to) return starts[at]! + offset;
    return starts[at]! + length + gapUnits * (time - span.to) / (next.from - span.to);
  };
  const toTime = (unit: number) => {
    const at = Math.max(0, lastAtMost(starts.length, unit, (index) => starts[index]!));
    const span = spans[at];
    if (span === undefined) return unit;
    const next = spans[at + 1];
    const offset = unit - starts[at]!;
    const length = span.to - span.from;
    if (next === undefined || offset <= length) return span.from + offset;
    return span.to + (next.from - span.to) * (offset - length) / gapUnits;
  };
  const gaps = spans.slice(1).map(({ from }, index) => ({ from: spans[index]!.to, to: from }));
  return { length: units, spans, gaps, toUnits, toTime };
}

/** Spans in their order, those at most `joinMs` apart as one. */
function joined(spans: readonly Span[], joinMs: number): readonly Span[] {
  const joined: { from: number; to: number }[] = [];
  for (const { from, to } of spans) {
    const last = joined.at(-1);
    if (last !== undefined && from - last.to <= joinMs) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}

/** The last of `count` ascending values that is at most `limit`; -1 if there is none. O(log count). */
export function lastAtMost(count: number, limit: number, valueAt: (index: number) => number): number {
  let low = 0, high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (valueAt(middle) <= limit) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

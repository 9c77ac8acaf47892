/** The marks of the time axis, at round times that have room for their words. */

import { formatRelative, type Times } from "../../time_format.ts";
import type { Span, TimeScale } from "./time_scale.ts";

export interface Tick {
  readonly time: number;
  /** In CSS pixels from the left. */
  readonly x: number;
  readonly text: string;
}

export interface AxisOptions {
  readonly scale: TimeScale;
  /** What is in view, in units. */
  readonly view: Span;
  readonly unitsPerPixel: number;
  readonly times: Times;
  readonly now: number;
}

const SECOND = 1_000, MINUTE = 60_000, HOUR = 3_600_000, DAY = 86_400_000;

/** Round steps, in milliseconds. */
const STEPS: readonly number[] = [
  ...[1, 2, 5, 10, 20, 50, 100, 200, 500],
  ...[1, 2, 5, 10, 15, 30].map((count) => count * SECOND),
  ...[1, 2, 5, 10, 15, 30].map((count) => count * MINUTE),
  ...[1, 2, 3, 6, 12].map((count) => count * HOUR),
  ...[1, 2, 7, 14, 28, 91, 364].map((count) => count * DAY),
];

/** Room for the words of one mark, in CSS pixels. */
const ROOM = 96;

export function ticksOf({ scale, view, unitsPerPixel, times, now }: AxisOptions): readonly Tick[] {
  const step = STEPS.find((each) => each / unitsPerPixel >= ROOM) ?? STEPS.at(-1)!;
  const ticks: Tick[] = [];
  const from = scale.toTime(view.from), to = scale.toTime(view.to);
  let day = "";
  for (const stretch of stretches(scale, { from, to })) {
    const offset = offsetOf(stretch.from, times, now);
    // What comes after a gap says its day.
    day = "";
    let time = Math.ceil((stretch.from - offset) / step) * step + offset;
    for (; time <= stretch.to; time += step) {
      const x = (scale.toUnits(time) - view.from) / unitsPerPixel;
      const last = ticks.at(-1);
      if (last !== undefined && x - last.x < ROOM) continue;
      const { text, day: of } = wordsOf(time, { step, times, now, day });
      day = of;
      ticks.push({ time, x, text });
    }
  }
  return ticks;
}

/** The parts of the axis in view that are not shortened; before the first and after the last span, time goes on. */
function* stretches({ spans }: TimeScale, { from, to }: Span): Generator<Span> {
  for (const [index, span] of spans.entries()) {
    const begin = Math.max(from, index === 0 ? -Infinity : span.from);
    const end = Math.min(to, index === spans.length - 1 ? Infinity : span.to);
    if (begin <= end) yield { from: begin, to: end };
  }
}

/** From where round times count: the day's begin in the user's zone, or now. */
function offsetOf(time: number, times: Times, now: number): number {
  if (times === "relative") return now;
  return times === "utc" ? 0 : new Date(time).getTimezoneOffset() * MINUTE;
}

interface WordsOptions {
  readonly step: number;
  readonly times: Times;
  readonly now: number;
  /** The day of the mark before. */
  readonly day: string;
}

function wordsOf(
  time: number,
  { step, times, now, day }: WordsOptions,
): { readonly text: string; readonly day: string } {
  if (times === "relative") return { text: formatRelative(time, now), day };
  const zone = times === "utc" ? 0 : new Date(time).getTimezoneOffset() * MINUTE;
  const iso = new Date(time - zone).toISOString();
  const date = iso.slice(0, 10);
  if (step >= DAY) return { text: date, day: date };
  const clock = iso.slice(11, step < SECOND ? 23 : step < MINUTE ? 19 : 16) + (times === "utc" ? "Z" : "");
  return { text: date === day ? clock : `${date.slice(5)} ${clock}`, day: date };
}

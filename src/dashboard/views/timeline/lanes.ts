/** Where bars stand: one row an instance or group, with as many lanes as attempts of it overlap. */

import { type Bar, endOf } from "./bars.ts";
import { lastAtMost, type Span } from "./time_scale.ts";

export const LANE_HEIGHT = 20;
/** Of a lane, drawn. */
export const BAR_HEIGHT = 16;
const ROW_PADDING = 4;

/** Bars that do not overlap, in their order. */
export type Lane = readonly Bar[];

export interface Row {
  readonly name: string;
  readonly lanes: readonly Lane[];
  /** In CSS pixels, from the top of the first row. */
  readonly top: number;
  readonly height: number;
}

export interface Picture {
  readonly rows: readonly Row[];
  readonly height: number;
}

/** Packs bars into lanes: each into the first lane that is free when it starts. O(n log n + n lanes). */
export function pack(bars: Iterable<Bar>, by: "instance" | "group"): Picture {
  const byName = new Map<string, Bar[]>();
  for (const bar of bars) {
    const of = byName.get(bar[by]);
    if (of === undefined) byName.set(bar[by], [bar]);
    else of.push(bar);
  }
  const names = Array.from(byName.keys()).sort((a, b) => Number(a === "") - Number(b === "") || (a < b ? -1 : 1));
  const rows: Row[] = [];
  let top = 0;
  for (const name of names) {
    const lanes = lanesOf(byName.get(name) ?? []);
    const height = lanes.length * LANE_HEIGHT + 2 * ROW_PADDING;
    rows.push({ name, lanes, top, height });
    top += height;
  }
  return { rows, height: top };
}

function lanesOf(bars: Bar[]): readonly Lane[] {
  const lanes: Bar[][] = [];
  for (const bar of bars.sort((a, b) => a.start - b.start || a.end - b.end)) {
    const free = lanes.find((lane) => lane.at(-1)!.end <= bar.start);
    if (free === undefined) lanes.push([bar]);
    else free.push(bar);
  }
  return lanes;
}

/** The top of a lane of a row, in CSS pixels. */
export function topOf({ top }: Row, lane: number): number {
  return top + ROW_PADDING + lane * LANE_HEIGHT;
}

/** The bars of a lane that ran between two times. O(log bars + found). */
export function barsBetween(lane: Lane, { from, to }: Span, now: number): readonly Bar[] {
  const before = lastAtMost(lane.length, from, (index) => lane[index]!.start);
  const first = before >= 0 && endOf(lane[before]!, now) >= from ? before : before + 1;
  return lane.slice(first, lastAtMost(lane.length, to, (index) => lane[index]!.start) + 1);
}

/** The rows between two heights. */
export function rowsBetween({ rows }: Picture, { from, to }: Span): readonly Row[] {
  const first = Math.max(0, lastAtMost(rows.length, from, (index) => rows[index]!.top));
  return rows.slice(first, lastAtMost(rows.length, to, (index) => rows[index]!.top) + 1);
}

export interface Place {
  /** In CSS pixels, from the top of the first row. */
  readonly y: number;
  /** The times under the point: as a bar may be thinner than a pixel, those of some pixels. */
  readonly span: Span;
  readonly now: number;
}

/** The bar at a place; of several, the one nearest to the middle of the span. */
export function barAt(picture: Picture, { y, span, now }: Place): Bar | undefined {
  const row = rowsBetween(picture, { from: y, to: y })[0];
  if (row === undefined || y < row.top || y >= row.top + row.height) return undefined;
  const lane = row.lanes[Math.floor((y - row.top - ROW_PADDING) / LANE_HEIGHT)];
  const middle = (span.from + span.to) / 2;
  const distance = (bar: Bar) => Math.max(bar.start - middle, middle - endOf(bar, now), 0);
  return barsBetween(lane ?? [], span, now).toSorted((a, b) => distance(a) - distance(b))[0];
}

/** Where a bar stands, in CSS pixels; undefined if it is not in the picture. */
export function topOfBar(picture: Picture, { key }: Bar): number | undefined {
  for (const row of picture.rows) {
    const lane = row.lanes.findIndex((bars) => bars.some((bar) => bar.key === key));
    if (lane >= 0) return topOf(row, lane);
  }
  return undefined;
}

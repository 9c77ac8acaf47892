/** Measures layouts: overlaps, crossings, movement. */
import { KIND, type Layout } from "../../../../src/dashboard/plan/layout/graph.ts";

/** Pairs of items that overlap though neither is the other's box, and members outside their box. */
export function overlaps({ keys, kind, x, y, width, height, box }: Layout): string[] {
  const found: string[] = [];
  for (let a = 0; a < keys.length; a++) {
    for (let b = 0; b < a; b++) {
      const isApart = x[a]! + width[a]! <= x[b]! || x[b]! + width[b]! <= x[a]! || y[a]! + height[a]! <= y[b]! ||
        y[b]! + height[b]! <= y[a]!;
      const isInside = box[a] === b || box[b] === a;
      if (!isApart && !isInside) found.push(`${keys[a]} on ${keys[b]}`);
    }
    const around = box[a]!;
    const isOut = around >= 0 && (x[a]! < x[around]! || x[a]! + width[a]! > x[around]! + width[around]! ||
      y[a]! < y[around]! || y[a]! + height[a]! > y[around]! + height[around]!);
    if (isOut) found.push(`${keys[a]} out of ${keys[around]}`);
    if (around >= 0 && kind[around] !== KIND.box) found.push(`${keys[a]} in ${keys[around]}, which is no box`);
  }
  return found;
}

/** Edges and the cards that the level stretches of their routes run behind. */
export function coveredItems(
  { keys, kind, x, y, width, height, edges: { from, to, start, points } }: Layout,
): string[] {
  const found: string[] = [];
  for (let edge = 0; edge < from.length; edge++) {
    for (let i = start[edge]! * 2; i + 3 < start[edge + 1]! * 2; i += 2) {
      const left = points[i]!, right = points[i + 2]!, level = points[i + 1]!;
      if (points[i + 3] !== level) continue;
      for (let item = 0; item < keys.length; item++) {
        const isEnd = item === from[edge] || item === to[edge] || kind[item] === KIND.box;
        const isHit = left < x[item]! + width[item]! && right > x[item]! && level > y[item]! &&
          level < y[item]! + height[item]!;
        if (!isEnd && isHit) found.push(`${keys[from[edge]!]} → ${keys[to[edge]!]} behind ${keys[item]}`);
      }
    }
  }
  return found;
}

/** The share of items in both layouts, boxes aside, that moved by more than `pixels`. */
export function movedShare(before: Layout, after: Layout, pixels: number): number {
  const there = new Map(after.keys.map((key, item) => [key, item]));
  let moved = 0, common = 0;
  before.keys.forEach((key, item) => {
    const now = there.get(key);
    if (now === undefined || before.kind[item] === KIND.box) return;
    common++;
    if (Math.hypot(after.x[now]! - before.x[item]!, after.y[now]! - before.y[item]!) > pixels) moved++;
  });
  return moved / common;
}

export type Line = readonly (readonly [x: number, y: number])[];

/** How often lines cross, those with a common end aside. */
export function crossings(lines: readonly { readonly line: Line; readonly ends: readonly [string, string] }[]): number {
  let sum = 0;
  lines.forEach(({ line, ends }, i) => {
    for (const other of lines.slice(0, i)) {
      if (!ends.some((end) => other.ends.includes(end))) sum += crossingsOfTwo(line, other.line);
    }
  });
  return sum;
}

function crossingsOfTwo(a: Line, b: Line): number {
  let sum = 0;
  for (let i = 0; i + 1 < a.length; i++) {
    for (let j = 0; j + 1 < b.length; j++) if (cross(a[i]!, a[i + 1]!, b[j]!, b[j + 1]!)) sum++;
  }
  return sum;
}

type Point = readonly [number, number];

function cross(a: Point, b: Point, c: Point, d: Point): boolean {
  const side = (p: Point, q: Point, r: Point) =>
    Math.sign((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]));
  // An end that lies on the other line counts on one side only.
  const half = (value: number) => value === 0 ? 1 : value;
  return half(side(a, b, c)) !== half(side(a, b, d)) && half(side(c, d, a)) !== half(side(c, d, b));
}

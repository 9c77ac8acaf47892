/** The points that edges run through: out of a box by its exit, along the lanes outside, in by the entry. */
import type { ClusterLayout } from "./cluster.ts";
import type { Items } from "./fold.ts";
import { insideShift, type Levels, type Outer, portOf } from "./levels.ts";

interface Places {
  readonly inside: ReadonlyMap<number, ClusterLayout>;
  readonly whole: ClusterLayout;
  readonly offset: (item: number, side: "exits" | "entries") => number;
  readonly place: {
    readonly x: Float32Array;
    readonly y: Float32Array;
  };
}

export function routesOf(items: Items, levels: Levels, places: Places) {
  const count = items.from.length;
  const start = new Uint32Array(count + 1);
  const points: number[] = [];
  const innerIndex = new Int32Array(count).fill(-1);
  for (const { edges } of levels.inner.values()) edges.forEach((edge, i) => innerIndex[edge] = i);
  for (let edge = 0; edge < count; edge++) {
    const outer = levels.outer.get(edge);
    if (outer) traceOuter(points, outer, items, levels, places);
    else if (innerIndex[edge]! >= 0) traceInner(points, items.box[items.from[edge]!]!, innerIndex[edge]!, places);
    start[edge + 1] = points.length / 2;
  }
  return { start, points: new Float32Array(points) };
}

function traceInner(points: number[], box: number, edge: number, { inside, place }: Places): void {
  const layout = inside.get(box) as ClusterLayout;
  layout.trace(edge, { points, shift: insideShift(layout.bounds, box, place) });
}

function traceOuter(points: number[], outer: Outer, items: Items, levels: Levels, places: Places): void {
  const { leftItem, rightItem, pair } = outer;
  const first = points.length;
  const offsets = { from: places.offset(leftItem, "exits"), to: places.offset(rightItem, "entries") };
  tracePort(points, leftItem, "exits", items, levels, places);
  places.whole.trace(pair, { points, shift: { x: 0, y: 0 } }, offsets);
  tracePort(points, rightItem, "entries", items, levels, places);
  if (outer.isReversed) reversePoints(points, first);
}

/** The way between an item and the border of its box. */
function tracePort(
  points: number[],
  item: number,
  side: "exits" | "entries",
  items: Items,
  levels: Levels,
  places: Places,
): void {
  const box = items.box[item]!;
  const level = levels.inner.get(box);
  const port = level && portOf(level, item, side);
  if (port) traceInner(points, box, port.edge, places);
}

function reversePoints(points: number[], first: number): void {
  for (let low = first, high = points.length - 2; low < high; low += 2, high -= 2) {
    const x = points[low]!, y = points[low + 1]!;
    points[low] = points[high]!, points[low + 1] = points[high + 1]!;
    points[high] = x, points[high + 1] = y;
  }
}

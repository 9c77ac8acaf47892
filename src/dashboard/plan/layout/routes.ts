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
  const start = new Uint32Array(items.from.length + 1);
  const points: number[] = [];
  const innerIndex = new Map<number, number>();
  for (const { edges } of levels.inner.values()) edges.forEach((edge, i) => innerIndex.set(edge, i));
  for (let edge = 0; edge < items.from.length; edge++) {
    const outer = levels.outer.get(edge);
    const own = innerIndex.get(edge);
    const box = items.box[items.from[edge]!]!;
    const route = outer
      ? outerRoute(outer, items, levels, places)
      : own === undefined
      ? []
      : innerRoute(places, box, own);
    for (const value of route) points.push(value);
    start[edge + 1] = points.length / 2;
  }
  return { start, points: Float32Array.from(points) };
}

function innerRoute({ inside, place }: Places, box: number, edge: number): number[] {
  const layout = inside.get(box) as ClusterLayout;
  const { x, y } = insideShift(layout.bounds, box, place);
  return layout.route(edge).map((value, i) => value + (i % 2 === 0 ? x : y));
}

function outerRoute(outer: Outer, items: Items, levels: Levels, places: Places): number[] {
  const { leftItem, rightItem, pair } = outer;
  const points = [
    ...portRoute(leftItem, "exits", items, levels, places),
    ...places.whole.route(pair, { from: places.offset(leftItem, "exits"), to: places.offset(rightItem, "entries") }),
    ...portRoute(rightItem, "entries", items, levels, places),
  ];
  return outer.isReversed ? reversePoints(points) : points;
}

/** The way between an item and the border of its box. */
function portRoute(
  item: number,
  side: "exits" | "entries",
  items: Items,
  levels: Levels,
  places: Places,
): number[] {
  const box = items.box[item]!;
  const level = levels.inner.get(box);
  const port = level && portOf(level, item, side);
  return port ? innerRoute(places, box, port.edge) : [];
}

function reversePoints(points: readonly number[]): number[] {
  const result: number[] = [];
  for (let i = points.length - 2; i >= 0; i -= 2) result.push(points[i]!, points[i + 1]!);
  return result;
}

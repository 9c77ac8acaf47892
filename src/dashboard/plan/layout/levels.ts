/** Splits the items into two levels: the members of each box, and what stands outside; edges between boxes get ports. */
import { reversedEdges } from "./acyclic.ts";
import type { Cluster, ClusterLayout } from "./cluster.ts";
import type { Items } from "./fold.ts";
import { KIND, type Rectangle, SIZE } from "./graph.ts";

export interface Levels {
  /** What an item is part of outside: its box, or itself. */
  readonly outside: Uint32Array;
  /** By box. */
  readonly inner: ReadonlyMap<number, InnerLevel>;
  /** Edges that leave a box or touch none, with the edge outside that they run along. */
  readonly outer: ReadonlyMap<number, Outer>;
  /** Pairs of what stands outside, from left to right. */
  readonly left: Uint32Array;
  readonly right: Uint32Array;
}

export interface InnerLevel {
  readonly members: number[];
  readonly edges: number[];
  /** Members with edges that leave the box on its right, or enter it on its left. */
  readonly exits: Map<number, number>;
  readonly entries: Map<number, number>;
}

export interface Outer {
  readonly pair: number;
  /** The edge's ends from left to right: swapped where the boxes form a cycle. */
  readonly leftItem: number;
  readonly rightItem: number;
  readonly isReversed: boolean;
}

export function splitLevels(items: Items): Levels {
  const outside = Uint32Array.from(items.box, (box, item) => box < 0 ? item : box);
  const inner = new Map<number, InnerLevel>();
  items.kind.forEach((kind, item) => {
    if (kind === KIND.box) inner.set(item, { members: [], edges: [], exits: new Map(), entries: new Map() });
  });
  items.box.forEach((box, item) => inner.get(box)?.members.push(item));
  const between: number[] = [];
  for (let edge = 0; edge < items.from.length; edge++) {
    const a = items.from[edge]!, b = items.to[edge]!;
    if (outside[a]! !== outside[b]!) between.push(edge);
    else inner.get(items.box[a]!)?.edges.push(edge);
  }
  const { outer, left, right } = outerOf(items, outside, between);
  for (const { leftItem, rightItem } of outer.values()) {
    const from = inner.get(items.box[leftItem]!), to = inner.get(items.box[rightItem]!);
    if (from && !from.exits.has(leftItem)) from.exits.set(leftItem, from.exits.size);
    if (to && !to.entries.has(rightItem)) to.entries.set(rightItem, to.entries.size);
  }
  return { outside, inner, outer, left, right };
}

function outerOf(items: Items, outside: Uint32Array, between: readonly number[]) {
  const count = outside.length;
  const pairs = new Map<number, number>();
  const from: number[] = [], to: number[] = [];
  const pairOf = between.map((edge) => {
    const a = outside[items.from[edge]!]!, b = outside[items.to[edge]!]!;
    const key = a * count + b;
    const known = pairs.get(key);
    if (known !== undefined) return known;
    pairs.set(key, from.length);
    from.push(a), to.push(b);
    return from.length - 1;
  });
  const reversed = reversedEdges(count, Uint32Array.from(from), Uint32Array.from(to));
  const outer = new Map(between.map((edge, i): [number, Outer] => {
    const pair = pairOf[i] as number;
    const a = items.from[edge]!, b = items.to[edge]!;
    const isReversed = reversed[pair] === 1;
    return [edge, { pair, leftItem: isReversed ? b : a, rightItem: isReversed ? a : b, isReversed }];
  }));
  return {
    outer,
    left: Uint32Array.from(from, (end, pair) => reversed[pair] ? to[pair]! : end),
    right: Uint32Array.from(to, (end, pair) => reversed[pair] ? from[pair]! : end),
  };
}

export interface Sizes {
  readonly width: Float64Array;
  readonly height: Float64Array;
}

/** The members of a box, then its exits, then its entries. */
export function innerCluster(items: Items, level: InnerLevel, { width, height }: Sizes): Cluster {
  const { members, edges, exits, entries } = level;
  const nodes = members.length + exits.size + entries.size;
  const keys = members.map((item) => items.keys[item] as string);
  const widths = new Float64Array(nodes), heights = new Float64Array(nodes).fill(SIZE.lane.height);
  const side = new Int8Array(nodes);
  const local = new Map<number, number>();
  for (let node = 0; node < members.length; node++) {
    const item = members[node]!;
    local.set(item, node);
    widths[node] = width[item]!;
    heights[node] = height[item]!;
  }
  const ends = edges.length + exits.size + entries.size;
  const from = new Uint32Array(ends), to = new Uint32Array(ends);
  const lane = SIZE.lane.height / 2;
  const fromOffset = new Float64Array(ends).fill(lane), toOffset = new Float64Array(ends).fill(lane);
  const isMarked = new Uint8Array(ends);
  for (let edge = 0; edge < edges.length; edge++) {
    const a = items.from[edges[edge]!]!, b = items.to[edges[edge]!]!;
    from[edge] = local.get(a)!;
    to[edge] = local.get(b)!;
    fromOffset[edge] = height[a]! / 2;
    toOffset[edge] = height[b]! / 2;
    isMarked[edge] = Math.min(items.mark[edges[edge]!]!, 1);
  }
  let node = members.length, edge = edges.length;
  for (const item of exits.keys()) {
    keys.push(`out ${items.keys[item]}`);
    side[node] = 1;
    from[edge] = local.get(item)!;
    fromOffset[edge] = height[item]! / 2;
    to[edge++] = node++;
  }
  for (const item of entries.keys()) {
    keys.push(`in ${items.keys[item]}`);
    side[node] = -1;
    from[edge] = node++;
    to[edge] = local.get(item)!;
    toOffset[edge++] = height[item]! / 2;
  }
  return {
    keys,
    width: widths,
    height: heights,
    from,
    to,
    fromOffset,
    toOffset,
    isMarked,
    side,
    grown: new Float64Array(nodes),
  };
}

/** Where an exit or entry stands in the cluster of its box, and which edge leads to it. */
export function portOf(level: InnerLevel, item: number, side: "exits" | "entries") {
  const port = level[side].get(item);
  if (port === undefined) return undefined;
  const before = side === "exits" ? 0 : level.exits.size;
  return { node: level.members.length + before + port, edge: level.edges.length + before + port };
}

/** From the coordinates inside a box to those of the plan. */
export function insideShift(
  bounds: Rectangle,
  box: number,
  place: { readonly x: ArrayLike<number>; readonly y: ArrayLike<number> },
): { readonly x: number; readonly y: number } {
  return {
    x: place.x[box]! + SIZE.boxPadding - bounds.x,
    y: place.y[box]! + SIZE.boxHeader - bounds.y,
  };
}

/** How far below the top of what stands outside an edge touches it. */
export function offsetOf(
  items: Items,
  levels: Levels,
  inside: ReadonlyMap<number, ClusterLayout>,
  { height }: Sizes,
): (item: number, side: "exits" | "entries") => number {
  return (item, side) => {
    const box = items.box[item]!;
    if (box < 0) return items.kind[item] === KIND.box ? SIZE.boxHeader / 2 : height[item]! / 2;
    const level = levels.inner.get(box) as InnerLevel;
    const layout = inside.get(box) as ClusterLayout;
    const port = portOf(level, item, side);
    if (!port) throw new Error(`Item ${items.keys[item]} has no port among the ${side} of its box`);
    return layout.y[port.node]! + SIZE.lane.height / 2 - layout.bounds.y + SIZE.boxHeader;
  };
}

/** What stands outside; an edge between two boxes touches them in the middle of the edges that it stands for. */
export function outerCluster(
  items: Items,
  levels: Levels,
  sizes: Sizes & { readonly grown: Float64Array },
  offset: (item: number, side: "exits" | "entries") => number,
): Cluster & { readonly items: Uint32Array; readonly index: ReadonlyMap<number, number> } {
  const standing = Uint32Array.from(items.box.keys()).filter((item) => items.box[item]! < 0);
  const index = new Map(Array.from(standing, (item, i): [number, number] => [item, i]));
  const pairs = levels.left.length;
  const isMarked = new Uint8Array(pairs);
  const sums = { from: new Float64Array(pairs), to: new Float64Array(pairs), count: new Float64Array(pairs) };
  for (const [edge, { pair, leftItem, rightItem }] of levels.outer) {
    if (items.mark[edge] !== 0) isMarked[pair] = 1;
    sums.from[pair] = sums.from[pair]! + offset(leftItem, "exits");
    sums.to[pair] = sums.to[pair]! + offset(rightItem, "entries");
    sums.count[pair] = sums.count[pair]! + 1;
  }
  return {
    items: standing,
    index,
    keys: Array.from(standing, (item) => items.keys[item] as string),
    width: Float64Array.from(standing, (item) => sizes.width[item]!),
    height: Float64Array.from(standing, (item) => sizes.height[item]!),
    from: levels.left.map((item) => index.get(item) as number),
    to: levels.right.map((item) => index.get(item) as number),
    fromOffset: sums.from.map((sum, pair) => sum / sums.count[pair]!),
    toOffset: sums.to.map((sum, pair) => sum / sums.count[pair]!),
    isMarked,
    side: new Int8Array(standing.length),
    grown: Float64Array.from(standing, (item) => sizes.grown[item]!),
  };
}

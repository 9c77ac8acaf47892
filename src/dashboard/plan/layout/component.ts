/** Lays out one connected graph: layers, lanes, order, places. Its coordinates are its own; they may be negative. */
import { type Rectangle, SIZE } from "./graph.ts";
import { cutIntoSegments, type LayeredGraph, type Segments } from "./lanes.ts";
import { orderLayers } from "./order.ts";
import type { Shift } from "./pack.ts";
import { placeLayers } from "./place.ts";
import { NEW, rankAgain, rankAll } from "./rank.ts";
import { settleLayers } from "./settle.ts";

/** Where the nodes stood in the last layout. */
export interface Previous {
  /** The layer of each node, or NEW. */
  readonly layer: Int32Array;
  readonly y: Float64Array;
  /** By how much the top of a node moves while its content stays. */
  readonly grown: Float64Array;
  /** The top of a node's lane in a layer. */
  readonly laneTop: (node: number, layer: number) => number | undefined;
  readonly columns: Columns;
}

export type Columns = ReadonlyMap<number, Column>;

export interface Column {
  readonly x: number;
  readonly width: number;
}

export interface Placed {
  readonly segments: Segments;
  /** The tops of nodes and lanes. */
  readonly y: Float64Array;
  readonly x: Float64Array;
  readonly columns: Columns;
  readonly bounds: Rectangle;
}

/** The room between the ways in and out of a box and its columns. */
const SIDE_GAP = 32;

export function layOutComponent(graph: LayeredGraph, previous: Previous | undefined): Placed {
  const layer = layersOf(graph, previous);
  const firstLayer = layer.reduce((least, each) => Math.min(least, each), Infinity);
  const segments = cutIntoSegments(graph, layer);
  const y = previous
    ? settleLayers(segments, { before: topsBefore(segments, previous), grown: previous.grown }, firstLayer)
    : placeLayers(segments, orderLayers(segments, firstLayer));
  const columns = columnsOf(graph, layer, previous?.columns);
  const x = Float64Array.from(layer, (each, node) => {
    const column = columns.get(each) as Column;
    const isJoin = graph.width[node]! === SIZE.join.width;
    return column.x + (isJoin ? column.width - SIZE.join.width : 0);
  });
  return { segments, x, y, columns, bounds: boundsOf(graph, x, y) };
}

/** Where an edge touches its ends, from their tops. */
export interface Offsets {
  readonly from: number;
  readonly to: number;
}

/** Appends the points of an edge from the right of its dependency to the left of its dependent, x and y in turn. */
export function traceRoute(
  graph: LayeredGraph,
  placed: Placed,
  { edge, offsets, points, shift }: {
    readonly edge: number;
    readonly offsets: Offsets | undefined;
    readonly points: number[];
    readonly shift: Shift;
  },
): void {
  const { segments: { layer, firstLane }, x, y, columns } = placed;
  const a = graph.from[edge]!, b = graph.to[edge]!;
  const startY = y[a]! + (offsets?.from ?? graph.fromOffset[edge]!);
  const endY = y[b]! + (offsets?.to ?? graph.toOffset[edge]!);
  let lastX = NaN, lastY = NaN;
  const add = (px: number, py: number) => {
    if (lastX === px && lastY === py) return;
    points.push(px + shift.x, py + shift.y);
    lastX = px, lastY = py;
  };
  add(x[a]! + graph.width[a]!, startY);
  const first = columns.get(layer[a]!) as Column;
  add(first.x + first.width, startY);
  for (let between = layer[a]! + 1; between < layer[b]! && firstLane[a]! >= 0; between++) {
    const column = columns.get(between) as Column;
    const middle = y[firstLane[a]! + between - layer[a]! - 1]! + SIZE.lane.height / 2;
    add(column.x, middle);
    add(column.x + column.width, middle);
  }
  add((columns.get(layer[b]!) as Column).x, endY);
  add(x[b]!, endY);
}

/** What each column takes up, with the ways of edges to the columns beside it. */
export function outlineOf(graph: LayeredGraph, { segments, y, columns }: Placed): Rectangle[] {
  const top = new Map<number, number>(), bottom = new Map<number, number>();
  segments.layer.forEach((layer, node) => {
    top.set(layer, Math.min(top.get(layer) ?? Infinity, y[node]!));
    bottom.set(layer, Math.max(bottom.get(layer) ?? -Infinity, y[node]! + segments.height[node]!));
  });
  const gap = graph.from.length > 0 ? SIZE.columnGap : 0;
  return Array.from(top, ([layer, from]) => {
    const { x, width } = columns.get(layer) as Column;
    return { x: x - gap, y: from, width: width + 2 * gap, height: bottom.get(layer)! - from };
  });
}

function layersOf(graph: LayeredGraph, previous: Previous | undefined): Int32Array {
  const count = graph.side.length;
  const isInner = (_: number, edge: number) => graph.side[graph.from[edge]!] === 0 && graph.side[graph.to[edge]!] === 0;
  const from = graph.from.filter(isInner), to = graph.to.filter(isInner);
  const layer = previous ? rankAgain(count, from, to, previous.layer) : rankAll(count, from, to);
  let first = Infinity, last = -Infinity;
  layer.forEach((each, node) => {
    if (graph.side[node] !== 0) return;
    first = Math.min(first, each);
    last = Math.max(last, each);
  });
  return layer.map((each, node) => graph.side[node] === 0 ? each : graph.side[node] === -1 ? first - 1 : last + 1);
}

function topsBefore(segments: Segments, previous: Previous): Float64Array {
  return Float64Array.from(segments.layer, (layer, node) => {
    if (node >= segments.nodes) return previous.laneTop(segments.owner[node - segments.nodes]!, layer) ?? NaN;
    return previous.layer[node]! === NEW ? NaN : previous.y[node]!;
  });
}

/**
 * Columns from left to right; those of before stay where they are unless they would overlap, or a box before them was
 * folded, whose room they take. A new layout leaves room for another column inside the boxes of each.
 */
function columnsOf(graph: LayeredGraph, layer: Int32Array, before: Columns | undefined): Columns {
  const widths = new Map<number, number>();
  layer.forEach((each, node) => widths.set(each, Math.max(widths.get(each) ?? 0, graph.width[node]!)));
  const layers = everyLayer(widths);
  // Only edges run through a layer in which nothing stands any more: it keeps the room for a card.
  for (const each of layers) if (!widths.has(each)) widths.set(each, SIZE.task.width);
  const xBefore = (each: number) => before?.get(each)?.width ? before.get(each)?.x : undefined;
  const known = layers.findIndex((each) => xBefore(each) !== undefined);
  const columns = new Map<number, Column>();
  const marked = new Set<number>();
  graph.to.forEach((node, edge) => {
    if (graph.isMarked[edge]) marked.add(layer[node]!);
  });
  const gapAfter = (each: number) =>
    widths.get(each) === 0 || widths.get(each + 1) === 0
      ? SIDE_GAP
      : marked.has(each + 1)
      ? SIZE.markedGap
      : SIZE.columnGap;
  let end: number | undefined, freed = 0;
  for (const each of layers.slice(Math.max(known, 0))) {
    const needed = end === undefined ? -Infinity : end + gapAfter(each - 1);
    const former = xBefore(each);
    const x = Math.max(needed, former === undefined ? end === undefined ? 0 : needed : former - freed);
    const width = widths.get(each) ?? 0;
    columns.set(each, { x, width });
    end = x + width + (before ? 0 : roomOf(width));
    if (former !== undefined) freed = Math.max(0, former - x);
    const widthBefore = before?.get(each)?.width ?? 0;
    if (roomOf(width) === 0 && roomOf(widthBefore) > 0) freed += widthBefore + roomOf(widthBefore) - width;
  }
  for (const each of layers.slice(0, Math.max(known, 0)).reverse()) {
    const width = widths.get(each) ?? 0;
    columns.set(each, { x: (columns.get(each + 1) as Column).x - gapAfter(each) - width, width });
  }
  return columns;
}

/** The room for another column inside the boxes of a column, if there are any. */
function roomOf(width: number): number {
  return width <= SIZE.group.width ? 0 : SIZE.task.width + SIZE.columnGap;
}

/** From the first layer to the last. */
function everyLayer(widths: ReadonlyMap<number, number>): readonly number[] {
  let first = Infinity, last = -Infinity;
  for (const each of widths.keys()) {
    first = Math.min(first, each);
    last = Math.max(last, each);
  }
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function boundsOf(graph: LayeredGraph, x: Float64Array, y: Float64Array): Rectangle {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  x.forEach((each, node) => {
    left = Math.min(left, each);
    right = Math.max(right, each + graph.width[node]!);
  });
  y.forEach((each, node) => {
    top = Math.min(top, each);
    bottom = Math.max(bottom, each + (node < x.length ? graph.height[node]! : SIZE.lane.height));
  });
  return { x: left, y: top, width: right - left, height: bottom - top };
}

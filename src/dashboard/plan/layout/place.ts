/** Gives ordered layers their heights: each node as near as it can be to its neighbours, none on another. */
import { adjacencyOf, degree } from "./adjacency.ts";
import { SIZE } from "./graph.ts";
import type { Segments } from "./lanes.ts";
import type { Order } from "./order.ts";

const PLACING_SWEEPS = 4;
/** How much straighter a segment is drawn when one or both of its ends are lanes (as Gansner et al., 1993). */
const STRAIGHTNESS = [1, 2, 8] as const;
/** The same for an edge that is the only one behind its dependency and before its dependent: a step of a chain. */
const CHAIN_STRAIGHTNESS = 6;

/** The top of each node and lane. */
export function placeLayers(graph: Segments, { nodes, start }: Order): Float64Array {
  const count = graph.layer.length;
  const into = adjacencyOf(count, graph.to);
  const out = adjacencyOf(count, graph.from);
  const y = new Float64Array(count);
  const weight = Float64Array.from(graph.from, (from, segment) => {
    const to = graph.to[segment]!;
    const isStep = degree(out, from) === 1 && degree(into, to) === 1;
    const straightness = STRAIGHTNESS[Number(from >= graph.nodes) + Number(to >= graph.nodes) as 0 | 1 | 2];
    return isStep ? Math.max(straightness, CHAIN_STRAIGHTNESS) : straightness;
  });
  const wishes: Wishes = { top: new Float64Array(count), weight: new Float64Array(count) };
  const wish = (node: number, before: boolean, after: boolean) => {
    let sum = 0, total = 0;
    for (let i = into.start[node]!; before && i < into.start[node + 1]!; i++) {
      const segment = into.edges[i]!;
      const shift = graph.fromOffset[segment]! - graph.toOffset[segment]!;
      sum += weight[segment]! * (y[graph.from[segment]!]! + shift);
      total += weight[segment]!;
    }
    for (let i = out.start[node]!; after && i < out.start[node + 1]!; i++) {
      const segment = out.edges[i]!;
      const shift = graph.toOffset[segment]! - graph.fromOffset[segment]!;
      sum += weight[segment]! * (y[graph.to[segment]!]! + shift);
      total += weight[segment]!;
    }
    wishes.top[node] = total === 0 ? y[node]! : sum / total;
    wishes.weight[node] = total === 0 ? UNWISHED : total;
  };
  const layers = start.length - 1;
  const columns = Array.from({ length: layers }, (_, layer) => {
    return columnOf(nodes.subarray(start[layer]!, start[layer + 1]!), graph, roomyGapBetween);
  });
  const settle = (layer: number, before: boolean, after: boolean) => {
    const column = columns[layer] as Column;
    for (let i = 0; i < column.items.length; i++) wish(column.items[i]!, before, after);
    separate(column, wishes, y);
  };
  const straighten = (layer: number) => {
    const column = columns[layer] as Column;
    for (let i = 0; i < column.items.length; i++) {
      const node = column.items[i]!;
      const segment = into.edges[into.start[node]!];
      const isStep = segment !== undefined && degree(into, node) === 1 && weight[segment]! >= CHAIN_STRAIGHTNESS;
      const shift = isStep ? graph.fromOffset[segment]! - graph.toOffset[segment]! : 0;
      wishes.top[node] = isStep ? y[graph.from[segment]!]! + shift : y[node]!;
      wishes.weight[node] = isStep ? STRAIGHTENED : 1;
    }
    separate(column, wishes, y);
  };
  for (let layer = 0; layer < layers; layer++) settle(layer, true, false);
  for (let sweep = 0; sweep < PLACING_SWEEPS; sweep++) {
    const isLast = sweep >= PLACING_SWEEPS - 2;
    if (sweep % 2 === 0) {
      for (let layer = layers - 1; layer >= 0; layer--) settle(layer, isLast, true);
    } else {
      for (let layer = 0; layer < layers; layer++) settle(layer, true, isLast);
    }
  }
  for (let layer = 1; layer < layers; layer++) straighten(layer);
  return y.map(Math.round);
}

/** Where each node wishes its top to be, and how much that counts. Flat, as objects cost a first layout much of its time. */
export interface Wishes {
  readonly top: Float64Array;
  readonly weight: Float64Array;
}

const UNWISHED = 0.05;
/** In the end steps of chains become level, and what is beside them makes way. */
const STRAIGHTENED = 50;

/** The room that must stay free between two neighbours in a column. */
export function gapBetween(graph: Segments, upper: number, lower: number): number {
  const half = (node: number) => node < graph.nodes && graph.height[node]! > SIZE.lane.height ? SIZE.rowGap / 2 : 2;
  return half(upper) + half(lower);
}

/** A new layout leaves room below each box for another row, so that a box can grow and its neighbours stay. */
function roomyGapBetween(graph: Segments, upper: number, lower: number): number {
  const isBox = upper < graph.nodes && graph.height[upper]! > SIZE.group.height;
  return gapBetween(graph, upper, lower) + (isBox ? SIZE.task.height + SIZE.rowGap : 0);
}

/** Items from top to bottom. */
export interface Column {
  readonly items: Uint32Array;
  /** How far below the first each stands at least. */
  readonly below: Float64Array;
  /** Room for the blocks of `separate`, which is called several times for the same column. */
  readonly blocks: { readonly sum: Float64Array; readonly weight: Float64Array; readonly first: Uint32Array };
}

export function columnOf(items: Uint32Array, graph: Segments, gap: typeof gapBetween): Column {
  const { length } = items;
  const below = new Float64Array(length);
  for (let i = 1; i < length; i++) {
    const upper = items[i - 1]!;
    below[i] = below[i - 1]! + graph.height[upper]! + gap(graph, upper, items[i]!);
  }
  const blocks = { sum: new Float64Array(length), weight: new Float64Array(length), first: new Uint32Array(length) };
  return { items, below, blocks };
}

/**
 * Moves items as little as possible (least squares) from where they wish to be so that none overlap: pools adjacent
 * violators. O(items).
 */
export function separate({ items, below, blocks }: Column, wishes: Wishes, y: Float64Array): void {
  // Blocks are items that touch.
  const { sum: sums, weight: weights, first: firsts } = blocks;
  let count = 0;
  for (let i = 0; i < items.length; i++) {
    const item = items[i]!;
    let weight = wishes.weight[item]!;
    let sum = (wishes.top[item]! - below[i]!) * weight;
    let first = i;
    while (count > 0 && sums[count - 1]! / weights[count - 1]! > sum / weight) {
      count--;
      sum += sums[count]!;
      weight += weights[count]!;
      first = firsts[count]!;
    }
    sums[count] = sum, weights[count] = weight, firsts[count] = first;
    count++;
  }
  for (let block = 0; block < count; block++) {
    const end = block + 1 < count ? firsts[block + 1]! : items.length;
    const top = sums[block]! / weights[block]!;
    for (let item = firsts[block]!; item < end; item++) y[items[item]!] = top + below[item]!;
  }
}

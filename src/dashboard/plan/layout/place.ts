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
  const settle = (layer: number, before: boolean, after: boolean) => {
    const items = nodes.subarray(start[layer]!, start[layer + 1]!);
    for (let i = 0; i < items.length; i++) wish(items[i]!, before, after);
    separate(items, wishes, y, { graph, gap: roomyGapBetween });
  };
  const straighten = (layer: number) => {
    const items = nodes.subarray(start[layer]!, start[layer + 1]!);
    for (let i = 0; i < items.length; i++) {
      const node = items[i]!;
      const segment = into.edges[into.start[node]!];
      const isStep = segment !== undefined && degree(into, node) === 1 && weight[segment]! >= CHAIN_STRAIGHTNESS;
      const shift = isStep ? graph.fromOffset[segment]! - graph.toOffset[segment]! : 0;
      wishes.top[node] = isStep ? y[graph.from[segment]!]! + shift : y[node]!;
      wishes.weight[node] = isStep ? STRAIGHTENED : 1;
    }
    separate(items, wishes, y, { graph, gap: roomyGapBetween });
  };
  const layers = start.length - 1;
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

/**
 * Moves items, given from top to bottom, as little as possible (least squares) from where they wish to be so that none
 * overlap: pools adjacent violators. O(items).
 */
export function separate(
  items: Uint32Array,
  wishes: Wishes,
  y: Float64Array,
  { graph, gap }: { readonly graph: Segments; readonly gap: typeof gapBetween },
): void {
  const blocks: { sum: number; weight: number; first: number }[] = [];
  const below = new Float64Array(items.length);
  for (let i = 0; i < items.length; i++) {
    if (i > 0) {
      const upper = items[i - 1]!;
      below[i] = below[i - 1]! + graph.height[upper]! + gap(graph, upper, items[i]!);
    }
    const item = items[i]!;
    const weight = wishes.weight[item]!;
    let block = { sum: (wishes.top[item]! - below[i]!) * weight, weight, first: i };
    for (let last = blocks.at(-1); last && last.sum / last.weight > block.sum / block.weight; last = blocks.at(-1)) {
      block = { sum: block.sum + last.sum, weight: block.weight + last.weight, first: last.first };
      blocks.pop();
    }
    blocks.push(block);
  }
  for (let i = 0; i < blocks.length; i++) {
    const { sum, weight, first } = blocks[i] as typeof blocks[number];
    const end = blocks[i + 1]?.first ?? items.length;
    for (let item = first; item < end; item++) y[items[item]!] = sum / weight + below[item]!;
  }
}

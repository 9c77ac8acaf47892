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
  const wishOf = (node: number, { before, after }: { readonly before: boolean; readonly after: boolean }) => {
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
    return total === 0 ? { top: y[node]!, weight: UNWISHED } : { top: sum / total, weight: total };
  };
  const settle = (layer: number, sides: { readonly before: boolean; readonly after: boolean }) => {
    const items = nodes.subarray(start[layer]!, start[layer + 1]!);
    separate(items, Array.from(items, (node) => wishOf(node, sides)), y, { graph, gap: roomyGapBetween });
  };
  const straighten = (layer: number) => {
    const items = nodes.subarray(start[layer]!, start[layer + 1]!);
    const wishes = Array.from(items, (node): Wish => {
      const segment = into.edges[into.start[node]!];
      const isStep = segment !== undefined && degree(into, node) === 1 && weight[segment]! >= CHAIN_STRAIGHTNESS;
      if (!isStep) return { top: y[node]!, weight: 1 };
      const shift = graph.fromOffset[segment]! - graph.toOffset[segment]!;
      return { top: y[graph.from[segment]!]! + shift, weight: STRAIGHTENED };
    });
    separate(items, wishes, y, { graph, gap: roomyGapBetween });
  };
  const layers = start.length - 1;
  for (let layer = 0; layer < layers; layer++) settle(layer, { before: true, after: false });
  for (let sweep = 0; sweep < PLACING_SWEEPS; sweep++) {
    const isLast = sweep >= PLACING_SWEEPS - 2;
    if (sweep % 2 === 0) {
      for (let layer = layers - 1; layer >= 0; layer--) settle(layer, { before: isLast, after: true });
    } else {
      for (let layer = 0; layer < layers; layer++) settle(layer, { before: true, after: isLast });
    }
  }
  for (let layer = 1; layer < layers; layer++) straighten(layer);
  return y.map(Math.round);
}

interface Wish {
  readonly top: number;
  readonly weight: number;
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
  wishes: readonly Wish[],
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
    const { top, weight } = wishes[i] as Wish;
    let block = { sum: (top - below[i]!) * weight, weight, first: i };
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

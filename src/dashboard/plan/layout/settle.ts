/** Places a graph that has changed a little: what stood somewhere stays there, what is new takes the nearest free room. */
import { adjacencyOf } from "./adjacency.ts";
import type { Segments } from "./lanes.ts";
import { columnOf, gapBetween, separate } from "./place.ts";

export interface Tops {
  /** The former top of each node and lane, NaN for a new one. */
  readonly before: Float64Array;
  /** By how much a node's top would move if nothing stood above it. */
  readonly grown: Float64Array;
}

/** Returns the new tops. What stood above another node stays above it. */
export function settleLayers(graph: Segments, { before, grown }: Tops, firstLayer: number): Float64Array {
  const y = before.map((top, node) => top + (grown[node] ?? 0));
  const layers = layersOf(graph, firstLayer);
  const weight = new Float64Array(y.length).fill(1);
  const columns = layers.map((nodes) => {
    const old = nodes.filter((node) => !Number.isNaN(y[node]!)).sort((a, b) => before[a]! - before[b]!);
    separate(columnOf(old, graph, gapBetween), { top: y, weight }, y);
    return Array.from(old);
  });
  const into = adjacencyOf(y.length, graph.to);
  const out = adjacencyOf(y.length, graph.from);
  const wishOf = (node: number) => {
    const tops: number[] = [];
    for (let i = into.start[node]!; i < into.start[node + 1]!; i++) {
      const segment = into.edges[i]!;
      tops.push(y[graph.from[segment]!]! + graph.fromOffset[segment]! - graph.toOffset[segment]!);
    }
    for (let i = out.start[node]!; i < out.start[node + 1]!; i++) {
      const segment = out.edges[i]!;
      tops.push(y[graph.to[segment]!]! + graph.toOffset[segment]! - graph.fromOffset[segment]!);
    }
    const known = tops.filter((top) => !Number.isNaN(top));
    return known.length === 0 ? 0 : known.reduce((sum, top) => sum + top, 0) / known.length;
  };
  layers.forEach((nodes, layer) => {
    for (const node of nodes) {
      if (Number.isNaN(y[node]!)) insert(node, wishOf(node), columns[layer] as number[], graph, y);
    }
  });
  return y.map(Math.round);
}

function layersOf(graph: Segments, firstLayer: number): Uint32Array[] {
  let count = 0;
  for (const layer of graph.layer) count = Math.max(count, layer - firstLayer + 1);
  const { start, edges } = adjacencyOf(count, Uint32Array.from(graph.layer, (layer) => layer - firstLayer));
  return Array.from({ length: count }, (_, layer) => edges.slice(start[layer]!, start[layer + 1]!));
}

/** Puts a node into the gap of its column that is nearest to `wish`. */
function insert(node: number, wish: number, column: number[], graph: Segments, y: Float64Array): void {
  let best = { index: 0, top: Infinity };
  for (let index = 0; index <= column.length; index++) {
    const upper = column[index - 1], lower = column[index];
    const lowest = upper === undefined ? -Infinity : y[upper]! + graph.height[upper]! + gapBetween(graph, upper, node);
    const highest = lower === undefined ? Infinity : y[lower]! - gapBetween(graph, node, lower) - graph.height[node]!;
    if (lowest > highest) continue;
    const top = Math.min(Math.max(wish, lowest), highest);
    if (Math.abs(top - wish) < Math.abs(best.top - wish)) best = { index, top };
    if (highest > wish) break;
  }
  y[node] = best.top;
  column.splice(best.index, 0, node);
}

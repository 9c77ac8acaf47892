/** Gives each node of an acyclic graph its layer, so that every edge leads to a later one. */
import { type Adjacency, adjacencyOf, degree, topologicalOrder } from "./adjacency.ts";

/** The layer of a node that had none before. */
export const NEW = -(2 ** 31);

/**
 * Longest path from the sources; then each node with more edges ahead than behind moves towards what depends on it,
 * which shortens edges. O(nodes + edges).
 */
export function rankAll(count: number, from: Uint32Array, to: Uint32Array): Int32Array {
  const into = adjacencyOf(count, to);
  const out = adjacencyOf(count, from);
  const order = topologicalOrder(count, to, out);
  const layer = new Int32Array(count);
  for (const node of order) layer[node] = earliest(node, into, from, layer) ?? 0;
  for (let pass = 0; pass < TIGHTENING_PASSES; pass++) {
    for (let i = count - 1; i >= 0; i--) {
      const node = order[i]!;
      if (degree(out, node) > degree(into, node)) layer[node] = latest(node, out, to, layer) ?? layer[node]!;
    }
    for (const node of order) {
      if (degree(into, node) > degree(out, node)) layer[node] = earliest(node, into, from, layer) ?? layer[node]!;
    }
  }
  return layer;
}

const TIGHTENING_PASSES = 3;

/** Keeps the layers of before and moves a node to a later one only where a dependency now ends there. */
export function rankAgain(count: number, from: Uint32Array, to: Uint32Array, previous: Int32Array): Int32Array {
  const into = adjacencyOf(count, to);
  const out = adjacencyOf(count, from);
  const order = topologicalOrder(count, to, out);
  const layer = new Int32Array(count);
  for (const node of order) {
    layer[node] = Math.max(previous[node]!, earliest(node, into, from, layer) ?? NEW);
  }
  for (let i = count - 1; i >= 0; i--) {
    const node = order[i]!;
    if (layer[node] === NEW) layer[node] = latest(node, out, to, layer) ?? 0;
  }
  return layer;
}

/** The first layer after all that a node depends on; undefined if there is nothing. */
function earliest(node: number, into: Adjacency, from: Uint32Array, layer: Int32Array): number | undefined {
  let result: number | undefined;
  for (let i = into.start[node]!; i < into.start[node + 1]!; i++) {
    const before = layer[from[into.edges[i]!]!]!;
    if (before !== NEW) result = Math.max(result ?? before + 1, before + 1);
  }
  return result;
}

/** The last layer before all that depends on a node. */
function latest(node: number, out: Adjacency, to: Uint32Array, layer: Int32Array): number | undefined {
  let result: number | undefined;
  for (let i = out.start[node]!; i < out.start[node + 1]!; i++) {
    const after = layer[to[out.edges[i]!]!]!;
    result = Math.min(result ?? after - 1, after - 1);
  }
  return result;
}

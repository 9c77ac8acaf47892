/** Neighbours of nodes in two flat arrays: those of node n stand from `start[n]` to `start[n + 1]`. */

export interface Adjacency {
  readonly start: Uint32Array;
  /** Indices of edges. */
  readonly edges: Uint32Array;
}

/** The edges at each node, in rising order. `ends` gives the node of each edge. O(nodes + edges). */
export function adjacencyOf(count: number, ends: Uint32Array): Adjacency {
  const start = new Uint32Array(count + 1);
  for (const end of ends) start[end + 1] = start[end + 1]! + 1;
  for (let node = 0; node < count; node++) start[node + 1] = start[node + 1]! + start[node]!;
  const next = start.slice();
  const edges = new Uint32Array(ends.length);
  for (let edge = 0; edge < ends.length; edge++) {
    const end = ends[edge]!;
    edges[next[end]!] = edge;
    next[end] = next[end]! + 1;
  }
  return { start, edges };
}

/** How many edges a node has. */
export function degree({ start }: Adjacency, node: number): number {
  return start[node + 1]! - start[node]!;
}

/** Nodes of an acyclic graph, each after all that it depends on; `out` has the edges that begin at each. */
export function topologicalOrder(count: number, to: Uint32Array, out: Adjacency): Uint32Array {
  const missing = new Uint32Array(count);
  for (const end of to) missing[end] = missing[end]! + 1;
  const order = new Uint32Array(count);
  let known = 0;
  for (let node = 0; node < count; node++) if (missing[node] === 0) order[known++] = node;
  for (let done = 0; done < known; done++) {
    const node = order[done]!;
    for (let i = out.start[node]!; i < out.start[node + 1]!; i++) {
      const next = to[out.edges[i]!]!;
      missing[next] = missing[next]! - 1;
      if (missing[next] === 0) order[known++] = next;
    }
  }
  if (known < count) {
    throw new Error(`Cannot order a graph with a cycle: ${count - known} of ${count} nodes are on one`);
  }
  return order;
}

/** Sets of nodes that grow together (union-find with halved paths). */
export function createSets(count: number) {
  const parent = Uint32Array.from({ length: count }, (_, node) => node);
  const find = (node: number) => {
    while (parent[node]! !== node) {
      parent[node] = parent[parent[node]!]!;
      node = parent[node]!;
    }
    return node;
  };
  return { find, unite: (a: number, b: number) => void (parent[find(a)] = find(b)) };
}

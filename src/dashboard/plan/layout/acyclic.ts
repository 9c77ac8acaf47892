/** Tasks cannot form a cycle, but groups can when their members depend on each other crosswise. */
import { adjacencyOf } from "./adjacency.ts";

/** Marks edges whose reversal leaves no cycle: those that lead back on a depth-first walk, which keeps its own stack. */
export function reversedEdges(count: number, from: Uint32Array, to: Uint32Array): Uint8Array {
  const reversed = new Uint8Array(from.length);
  const out = adjacencyOf(count, from);
  const next = out.start.slice(0, count);
  const state = new Uint8Array(count);
  const trail = new Uint32Array(count);
  for (const root of sourcesFirst(count, to)) {
    if (state[root] !== UNSEEN) continue;
    let depth = 0;
    trail[0] = root;
    state[root] = OPEN;
    while (depth >= 0) {
      const node = trail[depth]!;
      if (next[node]! === out.start[node + 1]!) {
        state[node] = DONE;
        depth--;
        continue;
      }
      const edge = out.edges[next[node]!]!;
      next[node] = next[node]! + 1;
      const target = to[edge]!;
      if (state[target] === OPEN) reversed[edge] = 1;
      else if (state[target] === UNSEEN) {
        state[target] = OPEN;
        trail[++depth] = target;
      }
    }
  }
  return reversed;
}

const UNSEEN = 0;
const OPEN = 1;
const DONE = 2;

function sourcesFirst(count: number, to: Uint32Array): number[] {
  const hasDependency = new Uint8Array(count);
  for (const end of to) hasDependency[end] = 1;
  const all = Array.from({ length: count }, (_, node) => node);
  return [...all.filter((node) => !hasDependency[node]), ...all.filter((node) => hasDependency[node])];
}

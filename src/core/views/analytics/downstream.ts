/**
 * How much work waits for each task, directly or through others. Exact numbers for all would cost a walk from each; an
 * estimate for all finds the few that are worth one.
 */

import type { Graph } from "./graph.ts";

/** Independent ranks of a node. The standard error of an estimate is about 1 / sqrt(RANKS - 2). */
const RANKS = 12;

/**
 * An estimate of the work of each node and of all that waits for it (Cohen, "Size-estimation framework with applications to
 * transitive closure and reachability", 1997): each node has ranks that are exponentially distributed with its work as the
 * rate, and the least ranks that can be reached from a node tell the sum of the work. Deterministic, as ranks follow from
 * the number of a node. Yields where the caller can pause. O(RANKS × (nodes + edges)).
 */
export function* estimateDownstream(
  { size, after: { start, to } }: Graph,
  durationMs: Float64Array,
): Generator<void, Float64Array> {
  const sums = new Float64Array(size);
  const least = new Float64Array(size);
  for (let round = 0; round < RANKS; round++) {
    for (let node = size - 1; node >= 0; node--) {
      const work = durationMs[node]!;
      let rank = work > 0 ? -Math.log(uniform(node * RANKS + round)) / work : Infinity;
      for (let edge = start[node]!; edge < start[node + 1]!; edge++) {
        const other = least[to[edge]!]!;
        if (other < rank) rank = other;
      }
      least[node] = rank;
      sums[node]! += rank;
    }
    yield;
  }
  return sums.map((sum) => sum < Infinity ? (RANKS - 1) / sum : 0);
}

/** All that waits for some nodes, and these, each once. O(what waits for them). */
export function reachedFrom({ size, after: { start, to } }: Graph, nodes: readonly number[]): readonly number[] {
  const seen = new Uint8Array(size);
  const reached: number[] = [];
  const add = (node: number) => {
    if (seen[node] === 1) return;
    seen[node] = 1;
    reached.push(node);
  };
  for (const node of nodes) add(node);
  // The list grows while it is walked.
  for (const node of reached) for (let edge = start[node]!; edge < start[node + 1]!; edge++) add(to[edge]!);
  return reached;
}

/** A number over 0 and up to 1 that looks random (the finalizer of MurmurHash3 by Appleby, 2011). */
function uniform(seed: number): number {
  let bits = (seed + 0x9e3779b9) | 0;
  bits = Math.imul(bits ^ (bits >>> 16), 0x85ebca6b);
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2b2ae35);
  return (((bits ^ (bits >>> 16)) >>> 0) + 1) / 2 ** 32;
}

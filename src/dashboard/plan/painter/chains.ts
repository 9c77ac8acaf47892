/** What an item depends on, directly or not, and what depends on it. */
import { type Adjacency, adjacencyOf } from "../layout/adjacency.ts";
import type { Layout } from "../layout/graph.ts";
import { KIND } from "../layout/graph.ts";

export interface Chains {
  /** For each item: part of the chains, the selection included. */
  readonly items: Uint8Array;
  readonly edges: Uint8Array;
  /** How many tasks are upstream and downstream; a stack counts as its tasks. */
  readonly upstream: number;
  readonly downstream: number;
}

export interface ChainFinder {
  readonly find: (item: number) => Chains;
}

/**
 * A box stands for its members: what depends on the box depends on each. The neighbours are worked out by the first search, as
 * most layouts are replaced before anybody selects a task.
 */
export function createChainFinder(layout: Layout, tasksOf: (item: number) => number): ChainFinder {
  const { edges: { from, to }, box } = layout;
  const count = layout.keys.length;
  let known: Neighbours | undefined;
  const walk = (item: number, isUpstream: boolean, chains: { items: Uint8Array; edges: Uint8Array }) => {
    const { into, out, members } = known ??= neighboursOf(layout);
    const side = isUpstream ? into : out;
    const ends = isUpstream ? from : to;
    const seen = new Uint8Array(count);
    const open = [item];
    seen[item] = 1;
    if (layout.kind[item] === KIND.box) {
      for (const member of members.get(item) ?? []) {
        seen[member] = open.push(member);
      }
    }
    const start = new Set(open);
    let tasks = 0;
    const add = (next: number) => {
      if (seen[next]) return;
      seen[next] = 1;
      open.push(next);
    };
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      chains.items[node] = 1;
      if (!start.has(node) && layout.kind[node] !== KIND.box) tasks += tasksOf(node);
      for (let i = side.start[node]!; i < side.start[node + 1]!; i++) {
        const edge = side.edges[i]!;
        chains.edges[edge] = 1;
        add(ends[edge]!);
      }
      // Upstream of a box are its members; downstream of a member is what depends on its box.
      if (isUpstream && layout.kind[node] === KIND.box) members.get(node)?.forEach(add);
      if (!isUpstream && box[node]! >= 0) add(box[node]!);
    }
    return tasks;
  };
  return {
    find: (item) => {
      const items = new Uint8Array(count), edges = new Uint8Array(from.length);
      const upstream = walk(item, true, { items, edges });
      const downstream = walk(item, false, { items, edges });
      return { items, edges, upstream, downstream };
    },
  };
}

interface Neighbours {
  readonly into: Adjacency;
  readonly out: Adjacency;
  /** What stands in each box. */
  readonly members: ReadonlyMap<number, readonly number[]>;
}

function neighboursOf({ keys, box, edges: { from, to } }: Layout): Neighbours {
  const members = new Map<number, number[]>();
  box.forEach((each, item) => {
    if (each < 0) return;
    const known = members.get(each);
    known ? known.push(item) : members.set(each, [item]);
  });
  return { into: adjacencyOf(keys.length, to), out: adjacencyOf(keys.length, from), members };
}

/**
 * Orders the nodes of each layer so that few segments cross: barycentre sweeps (Sugiyama, Tagawa and Toda, 1981) and
 * exchanges of neighbours, the best order kept. The work is bounded by the number of sweeps.
 */
import { type Adjacency, adjacencyOf } from "./adjacency.ts";
import type { Segments } from "./lanes.ts";

/** Nodes of one layer after the other, each from top to bottom: layer l stands from `start[l]` to `start[l + 1]`. */
export interface Order {
  readonly nodes: Uint32Array;
  readonly start: Uint32Array;
}

const MAX_SWEEPS = 20;
/** Sweeps without a better order before giving up: one of each kind. */
const PATIENCE = 4;
const EXCHANGE_PASSES = 4;

/** `firstLayer` is the lowest number of a layer. */
export function orderLayers(graph: Segments, firstLayer: number): Order {
  const sweeper = createSweeper(counted(graph), firstLayer);
  let best = sweeper.order.nodes.slice();
  let fewest = sweeper.crossings();
  for (let sweep = 0, since = 0; sweep < MAX_SWEEPS && since < PATIENCE && fewest > 0; sweep++) {
    sweeper.sweep(sweep % 2 === 0, sweep % 4 >= 2);
    sweeper.exchange();
    const crossings = sweeper.crossings();
    since = crossings < fewest ? 0 : since + 1;
    if (crossings < fewest) {
      fewest = crossings;
      best = sweeper.order.nodes.slice();
    }
  }
  return { nodes: best, start: sweeper.order.start };
}

/** More edges in a segment than this weigh no more. */
const MAX_COUNTED = 4;

interface LayerEdges {
  readonly layer: Int32Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
}

/** A segment that several edges share counts as so many. */
function counted({ layer, from, to, edges }: Segments): LayerEdges {
  let all = 0;
  for (let segment = 0; segment < edges.length; segment++) all += Math.min(edges[segment]!, MAX_COUNTED);
  const countedFrom = new Uint32Array(all), countedTo = new Uint32Array(all);
  let next = 0;
  for (let segment = 0; segment < edges.length; segment++) {
    for (let i = Math.min(edges[segment]!, MAX_COUNTED); i > 0; i--) {
      countedFrom[next] = from[segment]!;
      countedTo[next++] = to[segment]!;
    }
  }
  return { layer, from: countedFrom, to: countedTo };
}

function createSweeper(graph: LayerEdges, firstLayer: number) {
  const count = graph.layer.length;
  const into = adjacencyOf(count, graph.to);
  const out = adjacencyOf(count, graph.from);
  const order = firstOrder(graph, firstLayer, into, out);
  const { nodes, start } = order;
  const layers = start.length - 1;
  const position = new Uint32Array(count);
  const renumber = (layer: number) => {
    for (let i = start[layer]!; i < start[layer + 1]!; i++) position[nodes[i]!] = i - start[layer]!;
  };
  for (let layer = 0; layer < layers; layer++) renumber(layer);
  const known = createKnown(layers);
  const centre = new Float64Array(count);
  const before = createNeighbours(into, graph.from, position);
  const after = createNeighbours(out, graph.to, position);

  const reorder = (layer: number, side: Adjacency, ends: Uint32Array, isReversed: boolean) => {
    const slice = nodes.subarray(start[layer]!, start[layer + 1]!);
    if (slice.length < 2) return;
    for (let i = 0; i < slice.length; i++) {
      const node = slice[i]!;
      centre[node] = barycentre(node, side, ends, position) ?? position[node]!;
    }
    if (!isReversed && isRising(slice, centre)) return;
    if (isReversed) slice.reverse();
    sortBy(centre, slice);
    if (!isMoved(slice, position)) return;
    renumber(layer);
    known.changed(layer);
  };
  const exchangeIn = (layer: number) => {
    const first = start[layer]!, last = start[layer + 1]!;
    if (last - first < 2 || known.isSettled(layer)) return;
    for (let i = first; i < last; i++) {
      before.sort(nodes[i]!);
      after.sort(nodes[i]!);
    }
    let changed = true, isAsBefore = true;
    for (let pass = 0; changed && pass < EXCHANGE_PASSES; pass++) {
      changed = false;
      for (let i = first; i + 1 < last; i++) {
        const a = nodes[i]!, b = nodes[i + 1]!;
        if (before.gain(a, b) + after.gain(a, b) <= 0) continue;
        nodes[i] = b, nodes[i + 1] = a;
        changed = true;
        isAsBefore = false;
      }
    }
    if (!isAsBefore) {
      renumber(layer);
      known.changed(layer);
    }
    if (!changed) known.settled(layer);
  };
  const tree = new Uint32Array(count + 1);
  const crossingsAfter = (layer: number) => {
    const first = start[layer]!, last = start[layer + 1]!, size = start[layer + 2]! - last;
    if (last - first < 2 || size < 2) return 0;
    let sum = 0, seen = 0;
    tree.fill(0, 0, size + 1);
    for (let i = first; i < last; i++) {
      const node = nodes[i]!;
      after.sort(node);
      for (let n = out.start[node]!; n < out.start[node + 1]!; n++) {
        sum += seen++ - countUpTo(tree, after.sorted[n]!, size);
      }
    }
    return sum;
  };
  return {
    order,
    /** Of nodes with equal barycentres the upper one stays above, or changes places where `isReversed`. */
    sweep: (forwards: boolean, isReversed: boolean) => {
      if (forwards) { for (let layer = 1; layer < layers; layer++) reorder(layer, into, graph.from, isReversed); }
      else for (let layer = layers - 2; layer >= 0; layer--) reorder(layer, out, graph.to, isReversed);
    },
    exchange: () => {
      for (let layer = 0; layer < layers; layer++) exchangeIn(layer);
    },
    crossings: () => {
      let sum = 0;
      for (let layer = 0; layer + 1 < layers; layer++) sum += known.crossings(layer, crossingsAfter);
      return sum;
    },
  };
}

/** What is known of the present order of each layer, so that nothing is worked out again for layers that stay as they are. */
function createKnown(layers: number) {
  const count = new Float64Array(layers).fill(NaN);
  const isSettled = new Uint8Array(layers);
  return {
    /** The order of a layer is another one. */
    changed: (layer: number) => {
      count[layer] = NaN;
      if (layer > 0) count[layer - 1] = NaN;
      isSettled.fill(0, Math.max(layer - 1, 0), layer + 2);
    },
    /** No exchange in a layer is worth while as long as its order and those of the layers beside it stay. */
    settled: (layer: number) => void (isSettled[layer] = 1),
    isSettled: (layer: number) => isSettled[layer] === 1,
    /** The crossings between a layer and the next one. */
    crossings: (layer: number, work: (layer: number) => number) => {
      if (Number.isNaN(count[layer])) count[layer] = work(layer);
      return count[layer]!;
    },
  };
}

/** The positions of each node's neighbours on one side, sorted on demand, in one array for all nodes. */
function createNeighbours(side: Adjacency, ends: Uint32Array, position: Uint32Array) {
  const sorted = new Uint32Array(side.edges.length);
  return {
    sorted,
    sort: (node: number) => {
      const first = side.start[node]!, last = side.start[node + 1]!;
      for (let i = first; i < last; i++) sorted[i] = position[ends[side.edges[i]!]!]!;
      if (last - first > FEW) sorted.subarray(first, last).sort();
      else insertionSort(sorted, first, last);
    },
    /** How many crossings fewer there are with b before a, of two neighbours a, b. */
    gain: (a: number, b: number) => {
      const firstA = side.start[a]!, endA = side.start[a + 1]!;
      const firstB = side.start[b]!, endB = side.start[b + 1]!;
      return inversionsOfTwo(sorted, firstA, endA, firstB, endB) - inversionsOfTwo(sorted, firstB, endB, firstA, endA);
    },
  };
}

/** Whether any node stands elsewhere in its layer than before. */
function isMoved(nodes: Uint32Array, position: Uint32Array): boolean {
  for (let i = 0; i < nodes.length; i++) if (position[nodes[i]!] !== i) return true;
  return false;
}

/** Sorts nodes by a key; those with equal keys keep their order. */
function sortBy(key: Float64Array, nodes: Uint32Array): void {
  if (nodes.length > MANY) return void nodes.sort((a, b) => key[a]! - key[b]!);
  for (let i = 1; i < nodes.length; i++) {
    const node = nodes[i]!, own = key[node]!;
    let place = i;
    for (; place > 0 && key[nodes[place - 1]!]! > own; place--) nodes[place] = nodes[place - 1]!;
    nodes[place] = node;
  }
}

/** Layers are nearly in order after the first sweeps: up to so many nodes are sorted faster by inserting each. */
const MANY = 200;

/** Up to so many numbers are sorted faster without a call of the library. */
const FEW = 12;

function insertionSort(array: Uint32Array, first: number, end: number): void {
  for (let i = first + 1; i < end; i++) {
    const value = array[i]!;
    let place = i;
    for (; place > first && array[place - 1]! > value; place--) array[place] = array[place - 1]!;
    array[place] = value;
  }
}

/** Pairs of an end of the first node and a smaller one of the second. */
function inversionsOfTwo(
  sorted: Uint32Array,
  first: number,
  end: number,
  firstOther: number,
  endOther: number,
): number {
  let sum = 0, other = firstOther;
  for (let i = first; i < end; i++) {
    while (other < endOther && sorted[other]! < sorted[i]!) other++;
    sum += other - firstOther;
  }
  return sum;
}

/** Adds a position to a Fenwick tree; returns how many of those before it are not greater (Barth et al., 2002). */
function countUpTo(tree: Uint32Array, position: number, size: number): number {
  let sum = 0;
  for (let i = position + 1; i > 0; i -= i & -i) sum += tree[i]!;
  for (let i = position + 1; i <= size; i += i & -i) tree[i] = tree[i]! + 1;
  return sum;
}

function isRising(nodes: Uint32Array, key: Float64Array): boolean {
  for (let i = 1; i < nodes.length; i++) if (key[nodes[i - 1]!]! > key[nodes[i]!]!) return false;
  return true;
}

function barycentre(node: number, side: Adjacency, ends: Uint32Array, position: Uint32Array): number | undefined {
  const first = side.start[node]!, last = side.start[node + 1]!;
  if (first === last) return undefined;
  let sum = 0;
  for (let i = first; i < last; i++) sum += position[ends[side.edges[i]!]!]!;
  return sum / (last - first);
}

/** Each layer in the order in which a depth-first walk from the first layers meets its nodes: near ones stay near. */
function firstOrder(graph: LayerEdges, firstLayer: number, into: Adjacency, out: Adjacency): Order {
  const count = graph.layer.length;
  const own = new Uint32Array(count);
  let layers = 0;
  for (let node = 0; node < count; node++) {
    own[node] = graph.layer[node]! - firstLayer;
    layers = Math.max(layers, own[node]! + 1);
  }
  const { start, edges: byLayer } = adjacencyOf(layers, own);
  const next = start.slice();
  const nodes = new Uint32Array(count);
  const seen = new Uint8Array(count);
  const open: number[] = [];
  for (let root = 0; root < count; root++) {
    open.push(byLayer[root]!);
    while (open.length > 0) {
      const node = open.pop()!;
      if (seen[node]) continue;
      seen[node] = 1;
      const layer = own[node]!;
      nodes[next[layer]!] = node;
      next[layer] = next[layer]! + 1;
      for (let i = into.start[node + 1]! - 1; i >= into.start[node]!; i--) {
        open.push(graph.from[into.edges[i]!]!);
      }
      for (let i = out.start[node + 1]! - 1; i >= out.start[node]!; i--) {
        open.push(graph.to[out.edges[i]!]!);
      }
    }
  }
  return { nodes, start };
}

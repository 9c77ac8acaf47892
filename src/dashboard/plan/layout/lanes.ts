/**
 * Cuts edges that cross several layers into segments from one layer to the next. The points in between, lanes, take
 * room in their column, so that no edge runs behind a card. All edges of one node share its lanes.
 */
import { adjacencyOf } from "./adjacency.ts";
import { SIZE } from "./graph.ts";

/** How many lanes a graph gets; edges beyond are drawn straight from end to end. */
export const MAX_LANES = 40_000;

/** One connected graph whose layers are known, or to be found. */
export interface LayeredGraph {
  readonly width: Float64Array;
  readonly height: Float64Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  /** Where an edge touches its ends, from their tops. */
  readonly fromOffset: Float64Array;
  readonly toOffset: Float64Array;
  /** 1 for edges with a text, which need room. */
  readonly isMarked: Uint8Array;
  /** -1: the way into a box, stands left of everything; 1: the way out, right of everything; 0: a node. */
  readonly side: Int8Array;
}

/** Nodes and lanes, the lanes after the nodes, with segments between adjacent layers. */
export interface Segments {
  readonly nodes: number;
  readonly layer: Int32Array;
  readonly height: Float64Array;
  readonly from: Uint32Array;
  readonly to: Uint32Array;
  readonly fromOffset: Float64Array;
  readonly toOffset: Float64Array;
  /** How many edges run through each segment. */
  readonly edges: Uint32Array;
  /** The first lane of each node, which stands in the layer after it; -1 for none. */
  readonly firstLane: Int32Array;
  /** The node that each lane belongs to. */
  readonly owner: Uint32Array;
}

export function cutIntoSegments(graph: LayeredGraph, layer: Int32Array): Segments {
  const nodes = layer.length;
  const { firstLane, owner, lanes } = lanesOf(graph, layer);
  const most = graph.from.length + lanes.length;
  const from = new Uint32Array(most), to = new Uint32Array(most), edges = new Uint32Array(most);
  const fromOffset = new Float64Array(most), toOffset = new Float64Array(most);
  let segments = 0;
  const connect = (a: number, aOffset: number, b: number, bOffset: number, through: number) => {
    from[segments] = a, to[segments] = b, fromOffset[segments] = aOffset, toOffset[segments] = bOffset;
    edges[segments++] = through;
  };
  const middle = SIZE.lane.height / 2;
  const trunk = new Float64Array(nodes).fill(-1);
  const through = new Uint32Array(lanes.length);
  for (let edge = 0; edge < graph.from.length; edge++) {
    const a = graph.from[edge]!, b = graph.to[edge]!;
    const span = layer[b]! - layer[a]!;
    if (span === 1) connect(a, graph.fromOffset[edge]!, b, graph.toOffset[edge]!, 1);
    else if (firstLane[a]! >= 0) {
      const last = firstLane[a]! + span - 2;
      connect(last, middle, b, graph.toOffset[edge]!, 1);
      through[last - nodes]!++;
      if (trunk[a] === -1) trunk[a] = graph.fromOffset[edge]!;
    }
  }
  for (let lane = lanes.length - 2; lane >= 0; lane--) {
    if (owner[lane] === owner[lane + 1]) through[lane]! += through[lane + 1]!;
  }
  for (let lane = 0; lane < lanes.length; lane++) {
    const node = owner[lane]!;
    const isFirst = firstLane[node]! === nodes + lane;
    const start = isFirst ? node : nodes + lane - 1;
    connect(start, isFirst ? trunk[node]! : middle, nodes + lane, middle, through[lane]!);
  }
  const allLayers = new Int32Array(nodes + lanes.length);
  allLayers.set(layer);
  allLayers.set(lanes, nodes);
  const height = new Float64Array(allLayers.length).fill(SIZE.lane.height);
  height.set(graph.height);
  return {
    nodes,
    layer: allLayers,
    height,
    from: from.subarray(0, segments),
    to: to.subarray(0, segments),
    fromOffset: fromOffset.subarray(0, segments),
    toOffset: toOffset.subarray(0, segments),
    edges: edges.subarray(0, segments),
    firstLane,
    owner,
  };
}

function lanesOf(graph: LayeredGraph, layer: Int32Array) {
  const nodes = layer.length;
  const out = adjacencyOf(nodes, graph.from);
  const firstLane = new Int32Array(nodes).fill(-1);
  const owner: number[] = [], lanes: number[] = [];
  for (let node = 0; node < nodes; node++) {
    let last = layer[node]! + 1;
    for (let i = out.start[node]!; i < out.start[node + 1]!; i++) {
      last = Math.max(last, layer[graph.to[out.edges[i]!]!]!);
    }
    const needed = last - layer[node]! - 1;
    if (needed === 0 || lanes.length + needed > MAX_LANES) continue;
    firstLane[node] = nodes + lanes.length;
    for (let i = 1; i <= needed; i++) {
      lanes.push(layer[node]! + i);
      owner.push(node);
    }
  }
  return { firstLane, owner: Uint32Array.from(owner), lanes };
}

/**
 * Lays out what stands side by side: the members of one group, or the boxes and loose tasks of the whole plan. Connected
 * parts are laid out one by one and packed; tasks without edges stand in a grid below.
 */
import { createSets } from "./adjacency.ts";
import {
  type Columns,
  layOutComponent,
  type Offsets,
  outlineOf,
  type Placed,
  type Previous,
  traceRoute,
} from "./component.ts";
import { PITCH, type Rectangle, SIZE } from "./graph.ts";
import type { LayeredGraph } from "./lanes.ts";
import { pack, type Shift } from "./pack.ts";
import { NEW } from "./rank.ts";
import { placeSingles, type SinglesMemory } from "./singles.ts";

export interface Cluster extends LayeredGraph {
  readonly keys: readonly string[];
  /** By how much the top of a node moves while its content stays: a box that grew upwards. */
  readonly grown: Float64Array;
}

export interface ClusterLayout {
  readonly x: Float64Array;
  readonly y: Float64Array;
  readonly bounds: Rectangle;
  /** Appends the shifted points of an edge, which may touch its ends elsewhere than the cluster says. */
  readonly trace: (edge: number, to: { readonly points: number[]; readonly shift: Shift }, offsets?: Offsets) => void;
  /** Made on demand: the first layout is shown without it. */
  readonly memory: () => ClusterMemory;
}

/** What the next layout starts from. */
export interface ClusterMemory extends SinglesMemory {
  readonly nodes: ReadonlyMap<string, { readonly part: number; readonly layer: number; readonly y: number }>;
  readonly lanes: ReadonlyMap<string, number>;
  readonly parts: readonly { readonly columns: Columns; readonly shift: Shift }[];
}

/** A part with more new nodes than this share is laid out afresh. */
const MAX_NEW_SHARE = 0.3;

interface PlacedPart {
  readonly nodes: readonly number[];
  readonly edges: readonly number[];
  readonly graph: LayeredGraph;
  readonly placed: Placed;
  readonly before: number | undefined;
}

export function layOutCluster(cluster: Cluster, memory: ClusterMemory | undefined): ClusterLayout {
  const { parts, singles } = split(cluster, memory);
  const placed = parts.map((part) => layOutPart(cluster, part, memory));
  const shifts = pack(placed.map(({ placed: { bounds }, nodes, before }) => ({
    bounds,
    before: before === undefined ? undefined : memory?.parts[before]?.shift,
    isAlone: nodes.some((node) => cluster.side[node] !== 0),
  })));
  const x = new Float64Array(cluster.keys.length), y = new Float64Array(cluster.keys.length);
  placed.forEach((part, index) => {
    const shift = shifts[index] as Shift;
    part.nodes.forEach((node, i) => {
      x[node] = part.placed.x[i]! + shift.x;
      y[node] = part.placed.y[i]! + shift.y;
    });
  });
  const above = boundsOf(placed, shifts);
  const outlines = placed.flatMap(({ graph, placed: place }, index) => {
    const shift = shifts[index] as Shift;
    return outlineOf(graph, place).map((each) => ({ ...each, x: each.x + shift.x, y: each.y + shift.y }));
  });
  const grid = placeSingles(singles.map((node) => cluster.keys[node] as string), { above, outlines }, memory);
  singles.forEach((node, i) => {
    x[node] = grid.places[i]!.x;
    y[node] = grid.places[i]!.y;
  });
  const bounds = union(above, grid.bounds);
  const partOf = new Uint32Array(cluster.from.length), indexInPart = new Uint32Array(cluster.from.length);
  placed.forEach(({ edges }, part) =>
    edges.forEach((edge, i) => {
      partOf[edge] = part;
      indexInPart[edge] = i;
    })
  );
  return {
    x,
    y,
    bounds,
    trace: (edge, { points, shift: { x, y } }, offsets) => {
      const index = partOf[edge]!;
      const { graph, placed: place } = placed[index] as PlacedPart;
      const own = shifts[index] as Shift;
      const shift = { x: own.x + x, y: own.y + y };
      traceRoute(graph, place, { edge: indexInPart[edge]!, offsets, points, shift });
    },
    memory: () => ({ ...remember(cluster, placed, shifts), ...grid.memory }),
  };
}

/** Connected parts, of which former ones stay whole, and the tasks without edges. */
function split(cluster: Cluster, memory: ClusterMemory | undefined) {
  const count = cluster.keys.length;
  const sets = createSets(count);
  cluster.from.forEach((from, edge) => sets.unite(from, cluster.to[edge]!));
  const byPart = new Map<number, number>();
  let outward: number | undefined;
  for (let node = 0; node < count; node++) {
    if (cluster.side[node] !== 0) outward === undefined ? outward = node : sets.unite(outward, node);
    const part = memory?.nodes.get(cluster.keys[node] as string)?.part;
    if (part === undefined) continue;
    const other = byPart.get(part);
    other === undefined ? byPart.set(part, node) : sets.unite(other, node);
  }
  const members = new Map<number, { nodes: number[]; edges: number[] }>();
  for (let node = 0; node < count; node++) {
    const root = sets.find(node);
    const set = members.get(root);
    set ? set.nodes.push(node) : members.set(root, { nodes: [node], edges: [] });
  }
  cluster.from.forEach((from, edge) => members.get(sets.find(from))?.edges.push(edge));
  const all = Array.from(members.values());
  const isSingle = ({ nodes: [first, second], edges }: typeof all[number]) =>
    first !== undefined && second === undefined && edges.length === 0 &&
    cluster.height[first]! === SIZE.task.height && !memory?.nodes.has(cluster.keys[first] as string);
  return { parts: all.filter((set) => !isSingle(set)), singles: all.filter(isSingle).flatMap(({ nodes }) => nodes) };
}

function layOutPart(
  cluster: Cluster,
  { nodes, edges }: { nodes: readonly number[]; edges: readonly number[] },
  memory: ClusterMemory | undefined,
): PlacedPart {
  const graph = cutOut(cluster, nodes, edges);
  const before = mostCommonPart(cluster, nodes, memory);
  const previous = before === undefined || !memory ? undefined : previousOf(cluster, nodes, memory, before);
  return { nodes, edges, graph, placed: layOutComponent(graph, previous), before: previous && before };
}

/** Some nodes and edges of a cluster, numbered anew. */
function cutOut(cluster: Cluster, nodes: readonly number[], edges: readonly number[]): LayeredGraph {
  const local = new Map<number, number>();
  const graph = {
    width: new Float64Array(nodes.length),
    height: new Float64Array(nodes.length),
    side: new Int8Array(nodes.length),
    from: new Uint32Array(edges.length),
    to: new Uint32Array(edges.length),
    fromOffset: new Float64Array(edges.length),
    toOffset: new Float64Array(edges.length),
    isMarked: new Uint8Array(edges.length),
  };
  for (let i = 0; i < nodes.length; i++) {
    const node = nodes[i]!;
    local.set(node, i);
    graph.width[i] = cluster.width[node]!;
    graph.height[i] = cluster.height[node]!;
    graph.side[i] = cluster.side[node]!;
  }
  for (let i = 0; i < edges.length; i++) {
    const edge = edges[i]!;
    graph.from[i] = local.get(cluster.from[edge]!)!;
    graph.to[i] = local.get(cluster.to[edge]!)!;
    graph.fromOffset[i] = cluster.fromOffset[edge]!;
    graph.toOffset[i] = cluster.toOffset[edge]!;
    graph.isMarked[i] = cluster.isMarked[edge]!;
  }
  return graph;
}

/** The former part that most of the nodes come from, if most nodes come from any. */
function mostCommonPart(cluster: Cluster, nodes: readonly number[], memory: ClusterMemory | undefined) {
  const counts = new Map<number, number>();
  for (const node of nodes) {
    const part = memory?.nodes.get(cluster.keys[node] as string)?.part;
    if (part !== undefined) counts.set(part, (counts.get(part) ?? 0) + 1);
  }
  let best: number | undefined;
  counts.forEach((count, part) => {
    if (count > (best === undefined ? nodes.length * (1 - MAX_NEW_SHARE) : counts.get(best) ?? 0)) best = part;
  });
  return best;
}

function previousOf(cluster: Cluster, nodes: readonly number[], memory: ClusterMemory, part: number): Previous {
  const before = nodes.map((node) => {
    const known = memory.nodes.get(cluster.keys[node] as string);
    const moved = known && moveBetweenParts(memory, known, part);
    return moved && { layer: known.layer + moved.layers, y: known.y + moved.y, moved };
  });
  return {
    layer: Int32Array.from(before, (known) => known?.layer ?? NEW),
    y: Float64Array.from(before, (known) => known?.y ?? NaN),
    grown: Float64Array.from(nodes, (node) => cluster.grown[node]!),
    laneTop: (node, layer) => {
      const { moved } = before[node] ?? {};
      const top = moved && memory.lanes.get(laneKey(cluster, nodes[node] as number, layer - moved.layers));
      return top === undefined || !moved ? undefined : top + moved.y;
    },
    columns: memory.parts[part]?.columns ?? new Map(),
  };
}

/** From one part's coordinates to another's, where the columns of both are in line. */
function moveBetweenParts({ parts }: ClusterMemory, known: { part: number; layer: number }, part: number) {
  if (known.part === part) return { layers: 0, y: 0 };
  const from = parts[known.part], to = parts[part];
  const column = from?.columns.get(known.layer), first = to?.columns.entries().next().value;
  if (!from || !to || !column || !first) return undefined;
  const x = column.x + from.shift.x - to.shift.x;
  const layers = (x - first[1].x) / PITCH + first[0] - known.layer;
  const there = to.columns.get(known.layer + layers);
  const isInLine = Number.isInteger(layers) && (there === undefined || there.x === x);
  return isInLine ? { layers, y: from.shift.y - to.shift.y } : undefined;
}

function laneKey(cluster: Cluster, node: number, layer: number): string {
  return `${layer} ${cluster.keys[node]}`;
}

function remember(cluster: Cluster, placed: readonly PlacedPart[], shifts: readonly Shift[]) {
  const nodes = new Map<string, { part: number; layer: number; y: number }>();
  const lanes = new Map<string, number>();
  placed.forEach((part, index) => {
    const { segments, y } = part.placed;
    segments.layer.forEach((layer, i) => {
      const node = part.nodes[i < segments.nodes ? i : segments.owner[i - segments.nodes]!] as number;
      if (i < segments.nodes) nodes.set(cluster.keys[node] as string, { part: index, layer, y: y[i]! });
      else lanes.set(laneKey(cluster, node, layer), y[i]!);
    });
  });
  return {
    nodes,
    lanes,
    parts: placed.map((part, i) => ({ columns: part.placed.columns, shift: shifts[i] as Shift })),
  };
}

function boundsOf(placed: readonly PlacedPart[], shifts: readonly Shift[]): Rectangle | undefined {
  return placed.reduce<Rectangle | undefined>((all, { placed: { bounds } }, index) => {
    const shift = shifts[index] as Shift;
    return union(all, { ...bounds, x: bounds.x + shift.x, y: bounds.y + shift.y });
  }, undefined);
}

function union(a: Rectangle | undefined, b: Rectangle | undefined): Rectangle {
  if (!a || !b) return a ?? b ?? { x: 0, y: 0, width: 0, height: 0 };
  const x = Math.min(a.x, b.x), y = Math.min(a.y, b.y);
  return {
    x,
    y,
    width: Math.max(a.x + a.width, b.x + b.width) - x,
    height: Math.max(a.y + a.height, b.y + b.height) - y,
  };
}

/**
 * The layout of a plan in two levels: each group alone, then the graph of the groups. It remembers the last layout, so
 * that a group that did not change costs nothing and a plan that changed a little moves little. No clock, no chance:
 * the same calls give the same layouts.
 */
import { type Cluster, type ClusterLayout, layOutCluster } from "./cluster.ts";
import { fold, type Items } from "./fold.ts";
import { KIND, type Layout, type PlanGraph, type Rectangle, SIZE } from "./graph.ts";
import { innerCluster, insideShift, type Levels, offsetOf, outerCluster, splitLevels } from "./levels.ts";
import { routesOf } from "./routes.ts";

export interface Layouter {
  /** `fresh` forgets where everything stood. */
  readonly layOut: (graph: PlanGraph, options?: { readonly fresh?: boolean }) => Layout;
}

export function createLayouter(): Layouter {
  let remembered: ReadonlyMap<string, Remembered> = new Map();
  let folded: ReadonlySet<string> = new Set();
  return {
    layOut: (graph, { fresh = false } = {}) => {
      const previous: ReadonlyMap<string, Remembered> = fresh ? new Map() : remembered;
      const next = new Map<string, Remembered>();
      const items = fold(graph, fresh ? new Set() : folded);
      const layout = layOutItems(items, (key, cluster) => {
        const before = previous.get(key);
        const isSame = before !== undefined && isSameCluster(before.cluster, cluster);
        const layout = isSame ? before.layout : layOutCluster(cluster, before?.layout.memory());
        next.set(key, { cluster, layout });
        return { layout, before: before?.layout.bounds };
      });
      remembered = next;
      folded = new Set(items.stacks.map(({ key }) => key));
      return layout;
    },
  };
}

interface Remembered {
  readonly cluster: Cluster;
  readonly layout: ClusterLayout;
}

type LayOutLevel = (
  key: string,
  cluster: Cluster,
) => { readonly layout: ClusterLayout; readonly before: Rectangle | undefined };

function isSameCluster(one: Cluster, other: Cluster): boolean {
  return COMPARED.every((name) => {
    const { length } = one[name];
    if (other[name].length !== length) return false;
    for (let i = 0; i < length; i++) if (one[name][i] !== other[name][i]) return false;
    return true;
  });
}

/** What a layout follows from. Ports tell their sides by their keys. */
const COMPARED = [
  "keys",
  "width",
  "height",
  "from",
  "to",
  "fromOffset",
  "toOffset",
  "isMarked",
  "grown",
] as const satisfies readonly (keyof Cluster)[];

function layOutItems(items: Items, layOutLevel: LayOutLevel): Layout {
  const levels = splitLevels(items);
  const sizes = sizesOf(items);
  const inside = layOutInside(items, levels, sizes, layOutLevel);
  const offset = offsetOf(items, levels, inside, sizes);
  const outer = outerCluster(items, levels, sizes, offset);
  const { layout: whole } = layOutLevel("", outer);
  const x = new Float32Array(items.keys.length), y = new Float32Array(items.keys.length);
  outer.items.forEach((item, node) => {
    x[item] = whole.x[node]!;
    y[item] = whole.y[node]!;
  });
  inside.forEach(({ x: innerX, y: innerY, bounds }, box) => {
    const shift = insideShift(bounds, box, { x, y });
    levels.inner.get(box)?.members.forEach((item, node) => {
      x[item] = innerX[node]! + shift.x;
      y[item] = innerY[node]! + shift.y;
    });
  });
  return {
    keys: items.keys,
    kind: items.kind,
    source: items.source,
    box: items.box,
    stacks: items.stacks,
    itemOf: items.itemOf,
    x,
    y,
    width: Float32Array.from(sizes.width),
    height: Float32Array.from(sizes.height),
    edges: {
      from: items.from,
      to: items.to,
      mark: items.mark,
      count: items.count,
      ...routesOf(items, levels, { inside, whole, offset, place: { x, y } }),
    },
    bounds: whole.bounds,
  };
}

/** Lays out each box; its size follows from its members. */
function layOutInside(
  items: Items,
  levels: Levels,
  sizes: ReturnType<typeof sizesOf>,
  layOutLevel: LayOutLevel,
): ReadonlyMap<number, ClusterLayout> {
  const inside = new Map<number, ClusterLayout>();
  levels.inner.forEach((level, box) => {
    const { layout, before } = layOutLevel(items.keys[box] as string, innerCluster(items, level, sizes));
    inside.set(box, layout);
    sizes.width[box] = Math.max(layout.bounds.width + 2 * SIZE.boxPadding, SIZE.group.width);
    sizes.height[box] = layout.bounds.height + SIZE.boxHeader + SIZE.boxPadding;
    if (before) sizes.grown[box] = layout.bounds.y - before.y;
  });
  return inside;
}

function sizesOf(items: Items) {
  const byKind = {
    [KIND.task]: SIZE.task,
    [KIND.join]: SIZE.join,
    [KIND.stack]: SIZE.stack,
    [KIND.group]: SIZE.group,
    [KIND.box]: SIZE.group,
  };
  const sizeOf = (kind: number) => byKind[kind as keyof typeof byKind];
  return {
    width: Float64Array.from(items.kind, (kind) => sizeOf(kind).width),
    height: Float64Array.from(items.kind, (kind) => sizeOf(kind).height),
    grown: new Float64Array(items.kind.length),
  };
}

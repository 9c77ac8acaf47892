/** What the painter draws: a layout, and for each of its items the texts and statuses behind it. */
import { KIND, type Layout, type PlanGraph } from "../layout/graph.ts";
import { STATUSES } from "../statuses.ts";

/** What is known of each task, by its index. */
export interface PlanDetails {
  readonly titles: ArrayLike<string>;
  /** The instance that works on it, or an empty text. */
  readonly workers: ArrayLike<string>;
  /** From 0 to 1; negative for none reported. */
  readonly progress: Float32Array;
  /** Indices of STATUSES. */
  readonly status: Uint8Array;
  /** 1 for tasks on the critical path. */
  readonly critical: Uint8Array;
  /** 1 for tasks that are not there at the moment that is shown: drawn faintly, and counted nowhere. Default: all are. */
  readonly absent?: Uint8Array;
  /** 1 for tasks that the selected one finally waits for. Default: none is marked. */
  readonly blockers?: Uint8Array;
  /** What limits each group, in a few words, by its index; "" for nothing. Default: nothing does. */
  readonly limits?: readonly string[];
}

export interface Scene {
  readonly graph: PlanGraph;
  readonly layout: Layout;
  readonly details: PlanDetails;
  readonly itemByKey: ReadonlyMap<string, number>;
  /** For each item that stands for many tasks, how many have each status: item × STATUSES.length + status. */
  readonly counts: Uint32Array;
  readonly isCritical: Uint8Array;
  readonly isCriticalEdge: Uint8Array;
  readonly setStatus: (task: number, status: number) => void;
}

export function createScene(graph: PlanGraph, layout: Layout, details: PlanDetails): Scene {
  const { itemOf, kind } = layout;
  const counts = new Uint32Array(layout.keys.length * STATUSES.length);
  const firstGroup = graph.ids.length + graph.joins.length;
  const change = (task: number, status: number, by: number) => {
    const item = itemOf[task]!;
    counts[item * STATUSES.length + status]! += by;
    const group = graph.group[task]!;
    const outer = group < 0 ? item : itemOf[firstGroup + group]!;
    if (outer !== item) counts[outer * STATUSES.length + status]! += by;
  };
  details.status.forEach((status, task) => {
    if (!details.absent?.[task]) change(task, status, 1);
  });
  const itemByKey = new Map<string, number>();
  for (let item = 0; item < layout.keys.length; item++) itemByKey.set(layout.keys[item]!, item);
  const isCritical = new Uint8Array(layout.keys.length);
  details.critical.forEach((critical, task) => {
    if (critical) isCritical[itemOf[task]!] = 1;
  });
  markCriticalJoins(layout, isCritical);
  return {
    graph,
    layout,
    details,
    itemByKey,
    counts,
    isCritical,
    isCriticalEdge: Uint8Array.from(layout.edges.from, (from, edge) => {
      const to = layout.edges.to[edge]!;
      return isCritical[from]! & isCritical[to]! & Number(kind[from] !== KIND.box);
    }),
    setStatus: (task, status) => {
      change(task, details.status[task]!, -1);
      details.status[task] = status;
      change(task, status, 1);
    },
  };
}

/** A join is critical between critical tasks. */
function markCriticalJoins({ kind, edges: { from, to } }: Layout, isCritical: Uint8Array): void {
  const before = new Set<number>();
  from.forEach((item, edge) => {
    if (isCritical[item] && kind[to[edge]!] === KIND.join) before.add(to[edge]!);
  });
  from.forEach((item, edge) => {
    if (before.has(item) && isCritical[to[edge]!]) isCritical[item] = 1;
  });
}

/** How many tasks an item shows. */
export function tasksOf({ counts }: Pick<Scene, "counts">, item: number): number {
  let sum = 0;
  for (let status = 0; status < STATUSES.length; status++) sum += counts[item * STATUSES.length + status]!;
  return sum;
}

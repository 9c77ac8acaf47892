/** The plan in the form that layout and painter take. */

import type { Group } from "../../api/types.ts";
import type { Join, PlanGraph } from "../../plan/layout/graph.ts";
import type { PlanDetails } from "../../plan/painter/scene.ts";
import type { Edge, PlanTable } from "../../plan/plan_table.ts";
import { EDGE_ALTERNATIVE, EDGE_CONDITIONAL, EDGE_OTHER_END, STATUS_CODE } from "../../plan/statuses.ts";

/** What an edge says of what it asks for, by its place in `PlanGraph.marks`. */
const MARKS = ["", "another end", "by its result"] as const;

export interface Folding {
  /** The groups drawn as one node. */
  readonly collapsed: ReadonlySet<string>;
  /** The stacks whose tasks are drawn one by one. */
  readonly unfolded: ReadonlySet<string>;
}

/** What limits a group now, in a few words; undefined if nothing does. */
export function limitTextOf({ paused, maxParallel, counts }: Pick<Group, "paused" | "maxParallel" | "counts">) {
  if (paused === true) return "paused";
  return maxParallel === undefined ? undefined : `${counts.in_progress} of ${maxParallel} running`;
}

/** The graph of all rows: ends of edges are rows, then joins, then groups. O(tasks + dependencies). */
export function graphOf(table: PlanTable, folding: Folding): PlanGraph {
  const joins: Join[] = [];
  const joinOf = new Map<number, number>();
  for (const [row, label] of table.joins) {
    joinOf.set(row, joins.length);
    joins.push({ id: `${table.ids[row]} needs`, label, group: table.group[row] ?? -1 });
  }
  const firstJoin = table.size;
  const firstGroup = firstJoin + joins.length;
  const from: number[] = [];
  const to: number[] = [];
  const mark: number[] = [];
  const add = (source: number, target: number, kind: number) => {
    from.push(source);
    to.push(target);
    mark.push(kind & EDGE_CONDITIONAL ? 2 : kind & EDGE_OTHER_END ? 1 : 0);
  };
  const connect = (row: number, edges: readonly Edge[], offset: number) => {
    const join = joinOf.get(row);
    for (const { from: source, kind } of edges) {
      const target = join !== undefined && kind & EDGE_ALTERNATIVE ? firstJoin + join : row;
      add(source + offset, target, kind);
    }
  };
  for (let row = 0; row < table.size; row++) {
    connect(row, table.dependencies[row] ?? [], 0);
    connect(row, table.groupDependencies.get(row) ?? [], firstGroup);
    const join = joinOf.get(row);
    if (join !== undefined) add(firstJoin + join, row, 0);
  }
  return {
    ids: table.ids.slice(),
    group: Int32Array.from(table.group),
    groups: table.groups.slice(),
    joins,
    from: Uint32Array.from(from),
    to: Uint32Array.from(to),
    mark: Uint32Array.from(mark),
    marks: MARKS,
    ...folding,
  };
}

/** What the cards show. The arrays are changed in place when rows change. */
export interface LiveDetails extends PlanDetails {
  readonly titles: string[];
  readonly workers: string[];
  readonly absent: Uint8Array;
}

/** What is marked on the plan beside the tasks themselves. */
export interface Marks {
  /** The ids of the critical path. */
  readonly critical: ReadonlySet<string>;
  /** The ids of the tasks that the selected one finally waits for. */
  readonly blockers: ReadonlySet<string>;
  /** What limits groups, in a few words, by their ids. */
  readonly limits: ReadonlyMap<string, string>;
}

export function isSameMarks(one: Marks, other: Marks): boolean {
  const isSame = <A>(some: Iterable<A>, others: Iterable<A>) =>
    JSON.stringify(Array.from(some)) === JSON.stringify(Array.from(others));
  return isSame(one.critical, other.critical) && isSame(one.blockers, other.blockers) &&
    isSame(one.limits, other.limits);
}

/**
 * The details of the first `count` rows of the plan that is laid out, as they are in the plan that is shown. Both are the
 * same table, but for earlier moments: there, all tasks of all moments are laid out.
 */
export function detailsOf(
  { laidOut, shown }: { readonly laidOut: PlanTable; readonly shown: PlanTable },
  count: number,
  { critical, blockers, limits }: Marks,
): LiveDetails {
  const marked = (ids: ReadonlySet<string>) =>
    Uint8Array.from({ length: count }, (_, row) => Number(ids.has(laidOut.ids[row] ?? "")));
  const details: LiveDetails = {
    titles: [],
    workers: [],
    progress: new Float32Array(count),
    status: new Uint8Array(count),
    critical: marked(critical),
    blockers: marked(blockers),
    limits: laidOut.groups.map((group) => limits.get(group) ?? ""),
    absent: new Uint8Array(count),
  };
  for (let task = 0; task < count; task++) {
    const row = laidOut === shown ? task : shown.rowOf(laidOut.ids[task] ?? "");
    if (row === undefined) {
      details.absent[task] = 1;
      updateDetails(details, task, { table: laidOut, row: task });
    } else {
      details.status[task] = shown.status[row] ?? 0;
      updateDetails(details, task, { table: shown, row });
    }
  }
  return details;
}

/** Takes title, worker and progress of a row over. Its status goes to the painter, which counts them. */
export function updateDetails(
  details: LiveDetails,
  task: number,
  { table, row }: { readonly table: PlanTable; readonly row: number },
): void {
  const isRunning = table.status[row] === STATUS_CODE.in_progress && details.absent[task] === 0;
  details.titles[task] = table.title[row] ?? "";
  details.workers[task] = isRunning ? table.holderOf(row) ?? "" : "";
  details.progress[task] = isRunning ? (table.percent[row] ?? -1) / 100 : -1;
}

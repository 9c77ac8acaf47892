/** What the plan shows beside its graph, in the form that the painter takes. */

import type { Group } from "../../api/types.ts";
import type { PlanDetails } from "../../plan/painter/scene.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { STATUS_CODE } from "../../plan/statuses.ts";

/** What limits a group now, in a few words; undefined if nothing does. */
export function limitTextOf({ paused, maxParallel, counts }: Pick<Group, "paused" | "maxParallel" | "counts">) {
  if (paused === true) return "paused";
  return maxParallel === undefined ? undefined : `${counts.in_progress} of ${maxParallel} running`;
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
  const marked = (ids: ReadonlySet<string>) => {
    const rows = new Uint8Array(count);
    for (const id of ids) {
      const row = laidOut.rowOf(id);
      if (row !== undefined && row < count) rows[row] = 1;
    }
    return rows;
  };
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

/**
 * The counts of a group: its members, and the tasks that were archived while they were in it. Conditions on a group count
 * both, so that archiving changes no verdict.
 */

import { END_STATUSES, type EndStatus, type TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import type { GroupNode, ReadonlyGroupNode } from "./state.ts";

/** The tasks of a group by status, archived ones included. */
export function countsOf(
  { group: { archived }, counts }: Pick<ReadonlyGroupNode, "group" | "counts">,
): Readonly<Record<TaskStatus, number>> {
  if (archived === undefined) return counts;
  const all = { ...counts };
  for (const status of END_STATUSES) all[status] += archived[status] ?? 0;
  return all;
}

/** The number of tasks of a group, archived ones included. */
export function totalOf({ group, members }: Pick<ReadonlyGroupNode, "group" | "members">): number {
  return members.size + countArchived(group);
}

/** How many tasks of a group were archived, of all or of some statuses. */
export function countArchived(
  { archived = {} }: ReadonlyGroupNode["group"],
  statuses: readonly EndStatus[] = END_STATUSES,
): number {
  return statuses.reduce((sum, status) => sum + (archived[status] ?? 0), 0);
}

/** Notes that an ended task of a group is archived. */
export function noteArchived(node: GroupNode, { status }: Task): void {
  if (status === "pending" || status === "in_progress") return;
  const { archived } = node.group;
  node.group = { ...node.group, archived: { ...archived, [status]: (archived?.[status] ?? 0) + 1 } };
}

/**
 * Whether a pending task can be claimed, and what limits it if nothing but its group or its locks keeps it.
 */

import { isLimited } from "./ready_queue.ts";
import type { ReadonlyGroupNode, ReadonlyTaskNode } from "./state.ts";
import type { Readiness } from "../model/status.ts";

/** The readiness of a pending task; undefined of any other. O(1). */
export function readinessOf({ standing, lane }: Pick<ReadonlyTaskNode, "standing" | "lane">): Readiness | undefined {
  return lane !== undefined && isLimited(lane) ? "limited" : standing;
}

/** What keeps a limited task from being claimed. */
export type Limit =
  | { readonly type: "paused" | "full"; readonly group: ReadonlyGroupNode }
  | { readonly type: "lock"; readonly name: string; readonly holder: ReadonlyTaskNode };

/** All that limits a task: its group first, then its locks in the order in which it names them. */
export function limitsOf({ task, lane }: Pick<ReadonlyTaskNode, "task" | "lane">): readonly Limit[] {
  if (lane === undefined || !isLimited(lane)) return [];
  const limits: Limit[] = [];
  const { bucket: { group }, locks } = lane;
  if (group?.isOpen === false) limits.push({ type: group.group.paused === true ? "paused" : "full", group });
  for (const name of new Set(task.locks)) {
    const holder = firstHolder(locks.find((lock) => lock.name === name)?.holders ?? []);
    if (holder !== undefined) limits.push({ type: "lock", name, holder });
  }
  return limits;
}

/** A limit in words. */
export function describeLimit(limit: Limit): string {
  if (limit.type === "lock") return `lock ${limit.name} is held by ${limit.holder.task.id}`;
  const { group: { id }, counts } = limit.group;
  if (limit.type === "paused") return `group ${id} is paused (update_group resumes it)`;
  return `group ${id} has ${counts.in_progress} running tasks, as many as it may`;
}

/** The one that was created first: an import can bring several holders of a lock. */
function firstHolder(holders: Iterable<ReadonlyTaskNode>): ReadonlyTaskNode | undefined {
  let first: ReadonlyTaskNode | undefined;
  for (const holder of holders) if (first === undefined || holder.task.order < first.task.order) first = holder;
  return first;
}

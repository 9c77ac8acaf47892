/**
 * The readiness of a pending task, and the groups and locks that limit a ready one.
 */

import { isLimited } from "./ready_queue.ts";
import { sees, UNSEEN } from "./sight.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "./state.ts";
import type { Readiness } from "../model/status.ts";

/** The readiness of a pending task; undefined for any other. O(1). */
export function readinessOf({ standing, lane }: Pick<ReadonlyTaskNode, "standing" | "lane">): Readiness | undefined {
  return lane !== undefined && isLimited(lane) ? "limited" : standing;
}

/** A group or lock that keeps a ready task from being claimed. */
export type Limit =
  | { readonly type: "paused" | "full"; readonly group: ReadonlyGroupNode }
  /** `holder` is absent if the caller does not see it. */
  | { readonly type: "lock"; readonly name: string; readonly holder?: ReadonlyTaskNode };

/** The limits of a task: its group first, then its locks in the order in which it names them. */
export function limitsOf(
  state: Pick<ReadonlyState, "sight">,
  { task, lane }: Pick<ReadonlyTaskNode, "task" | "lane">,
): readonly Limit[] {
  if (lane === undefined || !isLimited(lane)) return [];
  const limits: Limit[] = [];
  const { bucket: { group }, locks } = lane;
  if (group?.isOpen === false) limits.push({ type: group.group.paused === true ? "paused" : "full", group });
  for (const name of new Set(task.locks)) {
    const holder = firstHolder(locks.find((lock) => lock.name === name)?.holders ?? []);
    if (holder === undefined) continue;
    limits.push({ type: "lock", name, ...(sees(state, holder) && { holder }) });
  }
  return limits;
}

/** The limits of a task in words, the first few. */
export function limitTextsOf(
  state: Pick<ReadonlyState, "sight">,
  node: Pick<ReadonlyTaskNode, "task" | "lane">,
  count: number,
): readonly string[] {
  return limitsOf(state, node).slice(0, count).map(describeLimit);
}

/** A limit in words. */
export function describeLimit(limit: Limit): string {
  if (limit.type === "lock") return `lock ${limit.name} is held by ${limit.holder?.task.id ?? UNSEEN}`;
  const { group: { id, maxParallel }, counts } = limit.group;
  if (limit.type === "paused") return `group ${id} is paused (update_group resumes it)`;
  return `group ${id} has ${counts.in_progress} running tasks, and its max_parallel is ${maxParallel}`;
}

/** The holder that was created first: after an import, a lock can have several. */
function firstHolder(holders: Iterable<ReadonlyTaskNode>): ReadonlyTaskNode | undefined {
  let first: ReadonlyTaskNode | undefined;
  for (const holder of holders) if (first === undefined || holder.task.order < first.task.order) first = holder;
  return first;
}

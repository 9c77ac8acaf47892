/**
 * Versions of what is shown of tasks and groups: a version differs from an earlier one if and only if the object or what is
 * derived of it may have changed since. They live in this process only, and mean nothing in another one.
 */

import { MAX_NAMED } from "../model/limits.ts";
import { limitTextsOf } from "./readiness.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "./state.ts";

/**
 * The version of a task. What limits it is compared as text, because a lock would have to note its changes at every task
 * that waits for it. O(1).
 */
export function taskVersionOf(state: Pick<ReadonlyState, "epoch" | "sight">, node: ReadonlyTaskNode): string {
  return [state.epoch, node.task.order, node.changes, ...limitTextsOf(state, node, MAX_NAMED)].join(" ");
}

/** The version of a group with its members. O(1). */
export function groupVersionOf(
  { epoch }: Pick<ReadonlyState, "epoch">,
  { born, changes }: Pick<ReadonlyGroupNode, "born" | "changes">,
): string {
  return `${epoch} ${born} ${changes}`;
}

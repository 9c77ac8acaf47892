/** Finds the tasks that were skipped when a task ended. */

import type { Consequences } from "../messages/commands.ts";
import { MAX_RECORD_TASKS, MAX_SKIPPED } from "../model/limits.ts";
import { inOrderOfCreation } from "../state/lookup.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { seenDependentsOf } from "./unlocked.ts";

/**
 * The tasks that were skipped when a task ended, directly or as they depend on a skipped one, in the order of creation. They
 * ended at the same time, so a repeated call finds them again. O(dependents of these tasks), as one record skips at most
 * `MAX_RECORD_TASKS`.
 */
export function skippedBy(
  state: Pick<ReadonlyState, "sight">,
  node: ReadonlyTaskNode,
): Pick<Consequences, "skipped" | "skippedCount"> {
  const { finishedAt } = node.task;
  const found = new Set<ReadonlyTaskNode>();
  const ended = [node];
  for (let next = ended.pop(); next !== undefined && found.size < MAX_RECORD_TASKS; next = ended.pop()) {
    for (const dependent of seenDependentsOf(state, next)) {
      const { status, finishedAt: at } = dependent.task;
      if (status !== "skipped" || at !== finishedAt || found.has(dependent)) continue;
      found.add(dependent);
      ended.push(dependent);
    }
  }
  const skipped = inOrderOfCreation(found).slice(0, MAX_SKIPPED);
  return {
    skipped: skipped.map(({ task: { id, reason = "" } }) => ({ id, because: reason })),
    skippedCount: found.size,
  };
}

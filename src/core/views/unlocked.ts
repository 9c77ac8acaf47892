/**
 * Finds the tasks that became ready when a task ended.
 */

import type { Consequences } from "../messages/commands.ts";
import { MAX_UNLOCKED } from "../model/limits.ts";
import { conditionsOn } from "../state/conditions.ts";
import { inOrderOfCreation } from "../state/lookup.ts";
import { seen } from "../state/sight.ts";
import type { Condition, ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { viewOf } from "./tasks.ts";

/** The tasks that became ready when a task ended, in the order of creation. O(its dependents). */
export function unlockedBy(
  state: Pick<ReadonlyState, "sight">,
  node: ReadonlyTaskNode,
): Pick<Consequences, "unlocked" | "unlockedCount"> {
  const endedAt = node.task.finishedAt ?? Infinity;
  const ready = inOrderOfCreation(
    seenDependentsOf(state, node)
      .filter(({ task, standing }) => standing === "ready" && Math.max(task.pendingAt, task.readyAt ?? 0) >= endedAt),
  );
  return { unlocked: ready.slice(0, MAX_UNLOCKED).map((each) => viewOf(state, each)), unlockedCount: ready.length };
}

/** The tasks that depend on a task, directly or by a condition on it or on its group, each once. */
export function seenDependentsOf(
  state: Pick<ReadonlyState, "sight">,
  node: ReadonlyTaskNode,
): readonly ReadonlyTaskNode[] {
  const dependents = new Set<ReadonlyTaskNode>(node.dependents);
  const conditions: Iterable<Condition>[] = [
    node.subscribers,
    node.group === undefined ? [] : conditionsOn(node.group),
  ];
  for (const subscribers of conditions) for (const condition of subscribers) dependents.add(condition.root);
  return seen(state, dependents);
}

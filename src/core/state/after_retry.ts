/**
 * Predicts the statuses of tasks right after they are retried together: those whose dependencies still cannot be met end
 * again, which may end their dependents in turn. Reads the state and never changes it.
 */

import { combine, TRUTH_TABLE, type Verdict } from "../model/dependency.ts";
import type { TaskStatus } from "../model/status.ts";
import { conditionsOn, countVerdict, groupVerdict, unreachableEnd } from "./conditions.ts";
import type { Condition, ReadonlyGroupNode, ReadonlyTaskNode } from "./state.ts";

/** The predicted statuses of tasks, and the counts of their groups with these. */
interface Changed {
  readonly statuses: Map<ReadonlyTaskNode, TaskStatus>;
  readonly counts: Map<ReadonlyGroupNode, Record<TaskStatus, number>>;
}

/**
 * The status of each task right after those of `retried`, which are neither running nor completed, are retried together;
 * with the tasks that end by that. In rounds, as `consequencesOf` works. O(dependencies of all these tasks).
 */
export function statusesAfterRetry(retried: readonly ReadonlyTaskNode[]): ReadonlyMap<ReadonlyTaskNode, TaskStatus> {
  const changed: Changed = { statuses: new Map(), counts: new Map() };
  for (const node of retried) change(changed, node, "pending");
  // Each round ends at least one more task, for good.
  for (let round: Iterable<ReadonlyTaskNode> = retried;;) {
    const ends = Array.from(round, (node) => ({ node, end: endOf(node, changed) }));
    const ended: ReadonlyTaskNode[] = [];
    for (const { node, end } of ends) {
      if (end === undefined) continue;
      change(changed, node, end);
      ended.push(node);
    }
    if (ended.length === 0) return changed.statuses;
    round = waitersOf(ended);
  }
}

function change({ statuses, counts }: Changed, node: ReadonlyTaskNode, status: TaskStatus): void {
  const { group } = node;
  if (group !== undefined) {
    const groupCounts = counts.get(group) ?? { ...group.counts };
    groupCounts[statuses.get(node) ?? node.task.status]--;
    groupCounts[status]++;
    counts.set(group, groupCounts);
  }
  statuses.set(node, status);
}

/** How a task that would be pending ends because its dependencies cannot be met; undefined if it stays pending. */
function endOf(node: ReadonlyTaskNode, changed: Changed): "skipped" | "failed" | undefined {
  if ((changed.statuses.get(node) ?? node.task.status) !== "pending") return undefined;
  const tally = tallyOf(node.conditions, changed);
  for (const dependency of node.dependencies) {
    const status = changed.statuses.get(dependency) ?? dependency.task.status;
    countVerdict(tally, TRUTH_TABLE.completed[status], 1);
  }
  return unreachableEnd({ task: node.task, ...tally });
}

function tallyOf(conditions: readonly Condition[], changed: Changed) {
  const tally = { total: conditions.length, unmet: 0, blocked: 0, notTaken: 0 };
  for (const condition of conditions) countVerdict(tally, verdictOf(condition, changed), 1);
  return tally;
}

function verdictOf(condition: Condition, changed: Changed): Verdict {
  if (condition.type === "branch") return combine(tallyOf(condition.parts, changed), condition.need);
  if (condition.type === "group") {
    const counts = changed.counts.get(condition.source);
    return counts === undefined ? condition.verdict : groupVerdict(condition, counts);
  }
  // No changed task is completed, so none has a result that a condition could ask for.
  const status = changed.statuses.get(condition.source);
  return status === undefined ? condition.verdict : TRUTH_TABLE[condition.on][status];
}

/** The tasks that depend on any of `nodes` or on their groups, each once. */
function waitersOf(nodes: readonly ReadonlyTaskNode[]): ReadonlySet<ReadonlyTaskNode> {
  const waiters = new Set<ReadonlyTaskNode>();
  for (const { dependents, subscribers } of nodes) {
    for (const dependent of dependents) waiters.add(dependent);
    for (const { root } of subscribers) waiters.add(root);
  }
  for (const group of new Set(nodes.map((node) => node.group))) {
    for (const { root } of group === undefined ? [] : conditionsOn(group)) waiters.add(root);
  }
  return waiters;
}

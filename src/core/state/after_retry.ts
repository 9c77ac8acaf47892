/**
 * Predicts which tasks would end again in the same status if they are retried together. Reads the state and never changes
 * it.
 */

import { combine, TRUTH_TABLE, type Verdict } from "../model/dependency.ts";
import type { TaskStatus } from "../model/status.ts";
import { conditionsOn, countVerdict, groupVerdict, unreachableEnd } from "./conditions.ts";
import type { Condition, ReadonlyGroupNode, ReadonlyTaskNode } from "./state.ts";

/** The predicted statuses of tasks as others see them, and the counts of their groups with these. */
interface Changed {
  readonly statuses: Map<ReadonlyTaskNode, TaskStatus>;
  readonly counts: Map<ReadonlyGroupNode, Record<TaskStatus, number>>;
}

/**
 * Those of `retried`, none of which is running or completed, whose dependencies end them again in the same status right
 * after all the others of `retried` are retried: a retry of them changes nothing.
 *
 * A task that is not retried keeps its status, which may decide for others whether a retry changes anything. So the answer
 * is a fixed point. It is reached in as many steps as retried tasks depend on each other, as each outcome follows from
 * those of the dependencies; mostly in two. O(dependencies of all these tasks) a step.
 */
export function endingAgain(retried: readonly ReadonlyTaskNode[]): ReadonlySet<ReadonlyTaskNode> {
  let kept: ReadonlySet<ReadonlyTaskNode> = new Set();
  for (let step = 0; step <= retried.length; step++) {
    const ends = endsOf(retried, kept);
    const again = new Set(retried.filter((node) => ends.get(node) === node.task.status));
    if (again.size === kept.size && Array.from(again).every((node) => kept.has(node))) return again;
    kept = again;
  }
  throw new Error("Cannot decide a retry as the tasks depend on each other in a circle");
}

/**
 * How each of `retried` ends at once, if it does, while dependents see those in `kept` with their old statuses. In rounds,
 * as `consequencesOf` works.
 */
function endsOf(
  retried: readonly ReadonlyTaskNode[],
  kept: ReadonlySet<ReadonlyTaskNode>,
): ReadonlyMap<ReadonlyTaskNode, TaskStatus> {
  const changed: Changed = { statuses: new Map(), counts: new Map() };
  const ends = new Map<ReadonlyTaskNode, TaskStatus>();
  const candidates = new Set(retried);
  for (const node of retried) if (!kept.has(node)) change(changed, node, "pending");
  // Each round ends at least one more task, for good.
  for (let round: Iterable<ReadonlyTaskNode> = retried;;) {
    const ended: ReadonlyTaskNode[] = [];
    for (const node of round) {
      const isPending = candidates.has(node) || node.task.status === "pending";
      const end = isPending && !ends.has(node) ? endOf(node, changed) : undefined;
      if (end === undefined) continue;
      ends.set(node, end);
      ended.push(node);
    }
    const seen = ended.filter((node) => !kept.has(node));
    for (const node of seen) change(changed, node, ends.get(node) ?? node.task.status);
    if (seen.length === 0) return ends;
    round = waitersOf(seen);
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

/** How a pending task ends because its dependencies cannot be met; undefined if it stays pending. */
function endOf(node: ReadonlyTaskNode, changed: Changed): "skipped" | "failed" | undefined {
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

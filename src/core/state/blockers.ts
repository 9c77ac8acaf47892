/**
 * Finds the dependencies that keep a task from being ready.
 */

import { describe, type Outcome, TRUTH_TABLE, type Verdict } from "../model/dependency.ts";
import { verdictOf } from "./conditions.ts";
import { countsOf, totalOf } from "./group_counts.ts";
import { inOrder } from "./heap.ts";
import { firstCreated } from "./lookup.ts";
import type { Condition, ReadonlyTaskNode } from "./state.ts";

/** An unmet dependency: a task named by its plain id, or a condition of an expression. */
export type Blocker =
  | { readonly type: "task"; readonly node: ReadonlyTaskNode }
  | { readonly type: "condition"; readonly condition: Exclude<Condition, { readonly type: "branch" }> };

/**
 * The dependencies that decide why a task is not ready, at most `limit`: those with the same verdict as all dependencies
 * together (not taken, blocked or unknown). In the order in which the task names them.
 */
export function blockersOf(node: ReadonlyTaskNode, limit = Infinity): readonly Blocker[] {
  const blockers: Blocker[] = [];
  const verdict = verdictOf(node);
  if (verdict === "true") return blockers;
  for (const dependency of node.dependencies) {
    if (blockers.length >= limit) return blockers;
    if (TRUTH_TABLE.completed[dependency.task.status] === verdict) blockers.push({ type: "task", node: dependency });
  }
  for (const condition of node.conditions) collect(condition, verdict, blockers, limit);
  return blockers;
}

/** A blocker in words: the id of a task, or a condition. */
export function nameBlocker(blocker: Blocker): string {
  return blocker.type === "task" ? blocker.node.task.id : describe(blocker.condition.dependency);
}

/** A blocker in words, with the status of its task or the counts of its group. */
export function nameBlockerWithState(blocker: Blocker): string {
  if (blocker.type === "task") return `${blocker.node.task.id} (${blocker.node.task.status})`;
  const { condition } = blocker;
  if (condition.type === "task") return `${describe(condition.dependency)} (${condition.source.task.status})`;
  const total = totalOf(condition.source);
  const counts = countsOf(condition.source);
  const met = condition.on === "finished" ? total - counts.pending - counts.in_progress : counts[condition.on];
  return `${describe(condition.dependency)} (${total === 0 ? "no tasks yet" : `${met}/${total} ${condition.on}`})`;
}

/** The end of a task that would meet a blocker. */
export function wantedOutcome(blocker: Blocker): Outcome {
  return blocker.type === "task" ? "completed" : blocker.condition.on;
}

/**
 * The tasks whose status gives a blocker its verdict, in the order of creation. For a blocked group, O(failed and
 * cancelled members); for another group, O(members), and at most the first `MAX_MEMBERS`.
 */
export function* tasksOf(blocker: Blocker): Iterable<ReadonlyTaskNode> {
  if (blocker.type === "task") yield blocker.node;
  else if (blocker.condition.type === "task") yield blocker.condition.source;
  else {
    const { source: { failing, members }, on, verdict } = blocker.condition;
    const hasVerdict = ({ task }: ReadonlyTaskNode) => TRUTH_TABLE[on][task.status] === verdict;
    if (verdict !== "blocked") yield* firstCreated(members, MAX_MEMBERS, hasVerdict);
    else for (const member of inOrder(failing)) if (hasVerdict(member)) yield member;
  }
}

/** Most members of a group that `tasksOf` yields unless the group is blocked. */
const MAX_MEMBERS = 1_000;

/** Adds the leaves that have a verdict, of branches that have the same. */
function collect(condition: Condition, verdict: Verdict, blockers: Blocker[], limit: number): void {
  if (blockers.length >= limit || condition.verdict !== verdict) return;
  if (condition.type !== "branch") blockers.push({ type: "condition", condition });
  else for (const part of condition.parts) collect(part, verdict, blockers, limit);
}

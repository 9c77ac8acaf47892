/**
 * Which dependencies keep a task from being ready.
 */

import { describe, type Outcome, TRUTH_TABLE, type Verdict } from "../model/dependency.ts";
import { verdictOf } from "./conditions.ts";
import { inOrder } from "./heap.ts";
import { firstCreated } from "./lookup.ts";
import type { Gate, ReadonlyTaskNode } from "./state.ts";

/** A dependency that is not met: a task, or what an expression says of a task or a group. */
export type Culprit =
  | { readonly type: "task"; readonly node: ReadonlyTaskNode }
  | { readonly type: "gate"; readonly gate: Exclude<Gate, { readonly type: "branch" }> };

/**
 * The dependencies that decide why a task is not ready, at most `limit`: of a task that can never be, those that are not
 * taken; of a blocked one the blocked ones; else the undecided ones. In the order in which the task names them.
 */
export function culpritsOf(node: ReadonlyTaskNode, limit = Infinity): readonly Culprit[] {
  const culprits: Culprit[] = [];
  const verdict = verdictOf(node);
  if (verdict === "true") return culprits;
  for (const dependency of node.dependencies) {
    if (culprits.length >= limit) return culprits;
    if (TRUTH_TABLE.completed[dependency.task.status] === verdict) culprits.push({ type: "task", node: dependency });
  }
  for (const gate of node.gates) collect(gate, verdict, culprits, limit);
  return culprits;
}

/** A culprit in words: a task's id, or what is asked of it. */
export function nameCulprit(culprit: Culprit): string {
  return culprit.type === "task" ? culprit.node.task.id : describe(culprit.gate.dependency);
}

/** A culprit in words, with the state that it is in. */
export function nameCulpritWithState(culprit: Culprit): string {
  if (culprit.type === "task") return `${culprit.node.task.id} (${culprit.node.task.status})`;
  const { gate } = culprit;
  if (gate.type === "task") return `${describe(gate.dependency)} (${gate.source.task.status})`;
  const { members, counts } = gate.source;
  const met = gate.on === "finished" ? members.size - counts.pending - counts.in_progress : counts[gate.on];
  return `${describe(gate.dependency)} (${members.size === 0 ? "no tasks yet" : `${met}/${members.size} ${gate.on}`})`;
}

/** How a task must end for a culprit to be met. */
export function wantedOf(culprit: Culprit): Outcome {
  return culprit.type === "task" ? "completed" : culprit.gate.on;
}

/**
 * The tasks behind a culprit whose status makes it what it is, in the order of creation. Of a group that is blocked
 * O(its failed and cancelled members); of one that is undecided O(members), and the first `MAX_MEMBERS`.
 */
export function* tasksOf(culprit: Culprit): Iterable<ReadonlyTaskNode> {
  if (culprit.type === "task") yield culprit.node;
  else if (culprit.gate.type === "task") yield culprit.gate.source;
  else {
    const { source: { failing, members }, on, verdict } = culprit.gate;
    const isIt = ({ task }: ReadonlyTaskNode) => TRUTH_TABLE[on][task.status] === verdict;
    if (verdict !== "blocked") yield* firstCreated(members, MAX_MEMBERS, isIt);
    else for (const member of inOrder(failing)) if (isIt(member)) yield member;
  }
}

/** Most members of a group that are found. */
const MAX_MEMBERS = 1_000;

/** Leaves with a verdict under parts with the same. */
function collect(gate: Gate, verdict: Verdict, culprits: Culprit[], limit: number): void {
  if (culprits.length >= limit || gate.verdict !== verdict) return;
  if (gate.type !== "branch") culprits.push({ type: "gate", gate });
  else for (const part of gate.parts) collect(part, verdict, culprits, limit);
}

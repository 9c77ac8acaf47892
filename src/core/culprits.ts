/**
 * Which dependencies keep a task from being ready.
 */

import type { Gate } from "./nodes.ts";
import { describe, TRUTH_TABLE, type Verdict } from "./dependency.ts";
import { verdictOf } from "./gates.ts";
import type { ReadonlyTaskNode } from "./state.ts";

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
  return `${describe(gate.dependency)} (${
    members.size === 0 ? "no tasks yet" : `${counts.completed}/${members.size} completed`
  })`;
}

/** The tasks behind a culprit that have a status which decides it. */
export function* tasksOf(culprit: Culprit, isWanted: (node: ReadonlyTaskNode) => boolean): Iterable<ReadonlyTaskNode> {
  if (culprit.type === "task") {
    if (isWanted(culprit.node)) yield culprit.node;
  } else if (culprit.gate.type === "task") {
    if (isWanted(culprit.gate.source)) yield culprit.gate.source;
  } else for (const member of culprit.gate.source.members) if (isWanted(member)) yield member;
}

/** Leaves with a verdict under parts with the same; where a part is less than its leaves, under any part. */
function collect(gate: Gate, verdict: Verdict, culprits: Culprit[], limit: number): void {
  if (culprits.length >= limit || gate.verdict !== verdict) return;
  if (gate.type !== "branch") culprits.push({ type: "gate", gate });
  else for (const part of gate.parts) collect(part, verdict, culprits, limit);
}

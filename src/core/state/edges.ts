/**
 * The edges of the task graph: what a task waits for, by plain ids and by expressions.
 */

import { TRUTH_TABLE } from "../model/dependency.ts";
import type { JsonValue } from "../model/result.ts";
import { connectCondition, countVerdict, disconnectCondition, resultOf, type Sources } from "./conditions.ts";
import { type GroupNode, NO_NODES, NOTHING, type State, type TaskNode } from "./state.ts";

/** The sources of the conditions of tasks that are connected together; each result is parsed once for all of them. */
export function sourcesIn(state: State): Sources {
  const results = new Map<TaskNode, () => JsonValue>();
  return {
    task: (id) => nodeOf(state, id),
    group: (id) => groupOf(state, id),
    result(node) {
      const known = results.get(node) ?? resultOf(node);
      results.set(node, known);
      return known;
    },
  };
}

/** Makes the edges from a task to its dependencies. */
export function connect(node: TaskNode, sources: Sources): void {
  const { dependencies } = node.task;
  if (dependencies.length === 0) return;
  node.dependencies = dependencies.filter((each) => typeof each === "string").map(sources.task);
  for (const dependency of node.dependencies) {
    dependentsOf(dependency).add(node);
    countVerdict(node, TRUTH_TABLE.completed[dependency.task.status], 1);
  }
  if (node.dependencies.length === dependencies.length) return;
  node.conditions = dependencies.filter((each) => typeof each !== "string").map((each) =>
    connectCondition(sources, node, each)
  );
}

/** Removes the edges from a task to its dependencies. */
export function disconnect(node: TaskNode): void {
  for (const dependency of node.dependencies) dependentsOf(dependency).delete(node);
  node.conditions.forEach(disconnectCondition);
  node.dependencies = NOTHING;
  node.conditions = NOTHING;
  node.unmet = 0;
  node.blocked = 0;
  node.notTaken = 0;
}

/** The node's own set of dependents, made for the first one. */
function dependentsOf(node: TaskNode): Set<TaskNode> {
  if (node.dependents === NO_NODES) node.dependents = new Set();
  // Every set but NO_NODES was made here, as a Set.
  return node.dependents as Set<TaskNode>;
}

export function nodeOf(state: State, id: string): TaskNode {
  const node = state.tasks.get(id);
  if (node === undefined) throw new Error(`Cannot apply an event as its task is unknown: ${JSON.stringify(id)}`);
  return node;
}

export function groupOf(state: State, id: string): GroupNode {
  const node = state.groups.get(id);
  if (node === undefined) throw new Error(`Cannot apply an event as its group is unknown: ${JSON.stringify(id)}`);
  return node;
}

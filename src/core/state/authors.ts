/**
 * Who may not claim a task because of what they completed: `notBy` names tasks, and whoever completed one of them is
 * excluded. The index is by id, as an import may bring a task before the one that it names.
 */

import type { Task } from "../model/task.ts";
import { NOTHING, type ReadonlyState, type State, type TaskNode } from "./state.ts";

/** A task, and the instance that completed it. */
export interface Authorship {
  readonly task: string;
  readonly instance: string;
}

/** The instance that completed a task; undefined unless it is completed. */
export function authorOf({ status, assignedTo }: Task): string | undefined {
  return status === "completed" ? assignedTo : undefined;
}

/** The completed tasks among those that `notBy` names, with their authors, in its order. O(named tasks). */
export function authorsNamedBy(
  { tasks }: Pick<ReadonlyState, "tasks">,
  { assignTo }: Task,
): readonly Authorship[] {
  const authors: Authorship[] = [];
  for (const id of assignTo?.notBy ?? NOTHING) {
    const named = tasks.get(id)?.task;
    const instance = named === undefined ? undefined : authorOf(named);
    if (instance !== undefined) authors.push({ task: id, instance });
  }
  return authors;
}

/** The instances that may not claim a task, sorted and each once. */
export function excludedFrom(state: Pick<ReadonlyState, "tasks">, task: Task): readonly string[] {
  if (task.assignTo?.notBy === undefined) return NOTHING;
  return [...new Set(authorsNamedBy(state, task).map(({ instance }) => instance))].sort();
}

/** Notes that a task names others in `notBy`. */
export function noteNamed(state: State, node: TaskNode): void {
  for (const id of node.task.assignTo?.notBy ?? NOTHING) {
    const known = state.notBy.get(id);
    if (known === undefined) state.notBy.set(id, new Set([node]));
    else known.add(node);
  }
}

/** The reverse of `noteNamed`. */
export function forgetNamed(state: State, node: TaskNode): void {
  for (const id of node.task.assignTo?.notBy ?? NOTHING) {
    const known = state.notBy.get(id);
    known?.delete(node);
    if (known?.size === 0) state.notBy.delete(id);
  }
}

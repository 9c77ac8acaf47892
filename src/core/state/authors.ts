/**
 * Who may not claim a task because of work on others: `notBy` names tasks, and whoever holds one of them, or completed any
 * attempt of it, is excluded. The index is by id, as an import may bring a task before the one that it names.
 */

import { MAX_PAST_AUTHORS } from "../model/limits.ts";
import type { Authorship } from "../model/remedies.ts";
import type { Task } from "../model/task.ts";
import { NOTHING, type ReadonlyState, type State, type TaskNode } from "./state.ts";

/** The instances that may not claim the tasks that name this one: those that completed it, and its holder, each once. */
export function authorsOf({ status, assignedTo, pastAuthors = NOTHING }: Task): readonly string[] {
  if (assignedTo === undefined || (status !== "completed" && status !== "in_progress")) return pastAuthors;
  return pastAuthors.includes(assignedTo) ? pastAuthors : [...pastAuthors, assignedTo];
}

/** Whether a change of a task left its authors the same. */
export function hasSameAuthors(before: Task, after: Task): boolean {
  const [authors, others] = [authorsOf(before), authorsOf(after)];
  return authors.length === others.length && authors.every((author, index) => author === others[index]);
}

/** The task with the instance that completed it among its past authors; over `MAX_PAST_AUTHORS`, the oldest is dropped. */
export function withPastAuthor(task: Task): Task {
  const { status, assignedTo, pastAuthors = NOTHING } = task;
  if (status !== "completed" || assignedTo === undefined) return task;
  const others = pastAuthors.filter((author) => author !== assignedTo);
  return { ...task, pastAuthors: [...others, assignedTo].slice(-MAX_PAST_AUTHORS) };
}

/** The authors of the tasks that `notBy` names, in its order. O(named tasks and their authors). */
export function authorsNamedBy(
  { tasks }: Pick<ReadonlyState, "tasks">,
  { assignTo }: Task,
): readonly Authorship[] {
  return (assignTo?.notBy ?? NOTHING).flatMap((id) => {
    const named = tasks.get(id)?.task;
    if (named === undefined) return [];
    return authorsOf(named).map((instance) => ({
      task: id,
      instance,
      as: named.status === "completed" || named.pastAuthors?.includes(instance) === true ? "author" : "holder",
    }));
  });
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

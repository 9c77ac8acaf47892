/**
 * Finds tasks, groups and the tasks that an instance holds. A lookup of an id that does not exist throws a `Refusal`.
 */

import { Refusal } from "../model/refusal.ts";
import type { Task, TaskFilter } from "../model/task.ts";
import { printable } from "../model/values.ts";
import { firstOf } from "./order.ts";
import { readinessOf } from "./readiness.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "./state.ts";

/** The task with an id. Throws a `Refusal` if there is none. */
export function findTask(state: ReadonlyState, id: string): ReadonlyTaskNode {
  const node = state.tasks.get(id);
  if (node !== undefined) return node;
  throw new Refusal("not_found", `Task ${printable(id)} not found: get_task_status lists the tasks that exist`, {
    id: printable(id),
  });
}

/** The group with an id. Throws a `Refusal` if there is none. */
export function findGroup(state: ReadonlyState, id: string): ReadonlyGroupNode {
  const node = state.groups.get(id);
  if (node !== undefined) return node;
  throw new Refusal("not_found", `Group ${printable(id)} not found: get_groups lists the groups that exist`, {
    group: printable(id),
  });
}

/** The tasks that depend on a task, by its plain id or an expression. */
export function dependentsOf(node: ReadonlyTaskNode): ReadonlySet<ReadonlyTaskNode> {
  return new Set([...node.dependents, ...Array.from(node.subscribers, (condition) => condition.root)]);
}

/** The tasks that match, in the order of creation. O(tasks); with a group or ids, O(their tasks) and a sort. */
export function* tasksMatching(state: ReadonlyState, filter: TaskFilter): Iterable<ReadonlyTaskNode> {
  const nodes = filter.ids !== undefined
    ? inOrderOfCreation([...new Set(filter.ids)].map((id) => findTask(state, id)))
    : filter.group !== undefined
    ? inOrderOfCreation(findGroup(state, filter.group).members)
    : state.tasks.values();
  for (const node of nodes) if (matches(node, filter)) yield node;
}

function matches(node: ReadonlyTaskNode, filter: TaskFilter): boolean {
  const { task } = node;
  const { status, assignedTo, group, priority, overdue } = filter;
  if (assignedTo !== undefined && task.assignedTo !== assignedTo) return false;
  if (group !== undefined && task.group !== group) return false;
  if (priority !== undefined && (task.priority ?? "normal") !== priority) return false;
  if (overdue !== undefined && (task.overdue === true) !== overdue) return false;
  if (status === undefined || status.includes(task.status)) return true;
  const readiness = readinessOf(node);
  return readiness !== undefined && status.includes(readiness);
}

/** The tasks that an instance holds, in the order of creation. O(held tasks) and a sort. */
export function heldBy(state: ReadonlyState, instance: string): readonly ReadonlyTaskNode[] {
  return inOrderOfCreation(state.held.get(instance) ?? []);
}

/** The first created tasks that an instance holds, at most `limit`. */
export function firstHeldBy(state: ReadonlyState, instance: string, limit: number): readonly ReadonlyTaskNode[] {
  return firstCreated(state.held.get(instance) ?? [], limit);
}

/** How many tasks an instance holds. */
export function countHeldBy(state: ReadonlyState, instance: string): number {
  return state.held.get(instance)?.size ?? 0;
}

/** The tasks, sorted. The order of a set depends on the history of the state, so it must never be shown. */
export function inOrderOfCreation<N extends { readonly task: Task }>(nodes: Iterable<N>): readonly N[] {
  return Array.from(nodes).sort((a, b) => a.task.order - b.task.order);
}

/** The wanted tasks that were created first, in the order of creation: at most `limit`. */
export function firstCreated<N extends { readonly task: Task }>(
  nodes: Iterable<N>,
  limit: number,
  isWanted: (node: N) => boolean = () => true,
): readonly N[] {
  return firstOf(nodes, limit, { compare: (a, b) => a.task.order - b.task.order, isWanted });
}

/**
 * Views of tasks: one, a page of them, and counts.
 */

import type { Summary, TaskListOptions, TaskPage } from "../messages/queries.ts";
import { MAX_NAMED } from "../model/limits.ts";
import type { Task, TaskFilter, TaskView } from "../model/task.ts";
import { blockersOf, nameBlocker } from "../state/blockers.ts";
import { tasksMatching } from "../state/lookup.ts";
import { limitTextsOf, readinessOf } from "../state/readiness.ts";
import { cursorBetween, type CursorOwner, startOf } from "./cursor.ts";
import { noCounts, type ReadonlyState, type ReadonlyTaskNode } from "../state/state.ts";

/** A task with what is derived from its place in the graph. O(dependencies). */
export function viewOf(state: Pick<ReadonlyState, "sight">, node: ReadonlyTaskNode): TaskView {
  const { delayTimer } = node;
  const task = shownOf(node.task);
  const readiness = readinessOf(node);
  if (readiness === undefined) return task;
  if (readiness === "ready") return { ...task, readiness };
  if (readiness === "limited") {
    return { ...task, readiness, limitedBy: limitTextsOf(state, node, MAX_NAMED) };
  }
  if (readiness === "delayed") {
    return { ...task, readiness, ...(delayTimer !== undefined && { delayedUntil: delayTimer.at }) };
  }
  return { ...task, readiness, waitingFor: blockersOf(node, MAX_NAMED).map(nameBlocker) };
}

/**
 * The task without what its holder was told, which is no news to anybody, and without the conditions of dependents, which
 * may be hidden. Not copied unless it has these.
 */
function shownOf(task: Task): TaskView {
  if (task.notesTold === undefined && task.keptVerdicts === undefined) return task;
  const { notesTold: _n, keptVerdicts: _k, ...shown } = task;
  return shown;
}

/** Counts of the tasks that match. O(1) without a filter, else as `tasksMatching`. */
export function summarize(state: ReadonlyState, filter: TaskFilter = {}): Summary {
  if (Object.values(filter).some((value) => value !== undefined)) return countAll(tasksMatching(state, filter));
  const { tasks, counts, standings, ready: { limited }, overdue } = state;
  return {
    total: tasks.size,
    byStatus: { ...counts },
    ...standings,
    ready: standings.ready - limited,
    limited,
    overdue,
  };
}

/** A page of at most `limit` tasks from a cursor on, or of the newest ones. O(tasks). */
export function listTasks(
  state: ReadonlyState,
  { filter, limit, cursor, isNewest }: TaskListOptions,
  owner: CursorOwner,
): TaskPage {
  if (isNewest === true) {
    const matching = Array.from(tasksMatching(state, filter));
    const newest = matching.slice(-limit).map((node) => viewOf(state, node));
    return { tasks: newest, cursors: cursorsOf(newest, owner), total: matching.length };
  }
  const after = startOf(state, cursor, owner);
  const tasks: TaskView[] = [];
  let total = 0;
  let next: string | undefined;
  for (const node of tasksMatching(state, filter)) {
    total++;
    if (node.task.order <= after) continue;
    if (tasks.length < limit) tasks.push(viewOf(state, node));
    else next ??= cursorBetween(tasks.at(-1) ?? { order: after }, node.task, owner);
  }
  return { tasks, cursors: cursorsOf(tasks, owner), total, ...(next !== undefined && { next }) };
}

/** The cursors to what follows each task of a page but the last. */
export function cursorsOf(tasks: readonly TaskView[], owner: CursorOwner): readonly string[] {
  return tasks.slice(1).map((next, index) => cursorBetween(tasks[index] ?? next, next, owner));
}

/** The ids that start with `prefix`, at most `limit`. O(ids). */
export function completeIds(known: Iterable<string>, prefix: string, limit: number): readonly string[] {
  const ids: string[] = [];
  for (const id of known) {
    if (ids.length === limit) break;
    if (id.startsWith(prefix)) ids.push(id);
  }
  return ids;
}

/** Counts the given tasks. O(tasks). */
export function countAll(nodes: Iterable<ReadonlyTaskNode>): Summary {
  const byStatus = noCounts();
  const readinesses = { ready: 0, limited: 0, waiting: 0, blocked: 0, delayed: 0 };
  let total = 0;
  let overdue = 0;
  for (const node of nodes) {
    total++;
    byStatus[node.task.status]++;
    const readiness = readinessOf(node);
    if (readiness !== undefined) readinesses[readiness]++;
    // An ended task keeps its `overdue` mark, which does not count.
    if (node.task.overdue === true && node.task.finishedAt === undefined) overdue++;
  }
  return { total, byStatus, ...readinesses, overdue };
}

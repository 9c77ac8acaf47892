/**
 * Adds, changes and removes tasks, and keeps every index of the state in step: dependents, readiness, holders, timers.
 * Dependents are updated from the change of a status alone; nothing is recomputed.
 */

import { TRUTH_TABLE } from "../model/dependency.ts";
import type { TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import { authorsOf, hasSameAuthors } from "./authors.ts";
import { countVerdict, resultOf, setVerdict, taskVerdict, updateSubscriptions, verdictOf } from "./conditions.ts";
import { connect, disconnect, nodeOf, sourcesIn } from "./edges.ts";
import { attach, count, detach, index, unindex, updateLocks } from "./placement.ts";
import { type GroupNode, NO_CONDITIONS, NO_NODES, NOTHING, type State, type TaskNode } from "./state.ts";
import { measuredIn, noteChange, noteMove } from "./statistics.ts";
import { touch } from "./touch.ts";

/** Adds tasks that may depend on each other in any order: all nodes first, then the edges. */
export function connectTasks(state: State, tasks: readonly Task[]): void {
  const nodes = tasks.map((task): TaskNode => ({
    task,
    changes: 0,
    changedAfter: state.seq,
    group: undefined,
    dependencies: NOTHING,
    conditions: NOTHING,
    dependents: NO_NODES,
    subscribers: NO_CONDITIONS,
    unmet: 0,
    blocked: 0,
    notTaken: 0,
    standing: undefined,
    isAnnounced: false,
    claimAt: 0,
    heapIndex: -1,
    lane: undefined,
    urgent: undefined,
    delayTimer: undefined,
    expiryTimer: undefined,
  }));
  for (const node of nodes) {
    if (state.tasks.has(node.task.id)) {
      throw new Error(`Cannot add a task as it exists: ${JSON.stringify(node.task.id)}`);
    }
    state.tasks.set(node.task.id, node);
  }
  for (const node of nodes) attach(state, node);
  const sources = sourcesIn(state);
  for (const node of nodes) {
    connect(node, sources);
    index(state, node);
    updateLocks(state, node.task.locks);
  }
  // An import may have brought tasks before the completed ones that they name.
  for (const { task } of nodes) if (authorsOf(task).length > 0) reindexNaming(state, task.id);
  propagateGroups(state, nodes.map((node) => node.group));
}

/** Replaces a task by one with the same id, dependencies and settings, and propagates its new status to dependents. */
export function replaceTask(state: State, id: string, at: number, next: (task: Task) => Task): void {
  const node = nodeOf(state, id);
  const before = node.task;
  unindex(state, node);
  count(state, node, -1);
  node.task = next(before);
  touch(state, node);
  count(state, node, 1);
  index(state, node);
  updateLocks(state, node.task.locks);
  if (node.task.status !== before.status) {
    noteChange(measuredIn(state, node.group), before, node.task, at);
    propagate(state, node, before.status, at);
  }
  if (!hasSameAuthors(before, node.task)) reindexNaming(state, id);
}

/** Replaces a task by one with other dependencies or settings. It is not completed; a running one may be pending now. */
export function moveTask(state: State, id: string, next: (task: Task) => Task): void {
  const node = nodeOf(state, id);
  const before = node.task;
  const { dependencies, locks } = before;
  const groupBefore = node.group;
  const verdictBefore = verdictOf(node);
  unindex(state, node);
  detach(state, node);
  node.task = next(before);
  attach(state, node);
  touch(state, node);
  if (node.task.dependencies !== dependencies) {
    disconnect(node);
    connect(node, sourcesIn(state));
    const isMetNow = verdictBefore !== "true" && verdictOf(node) === "true";
    if (isMetNow && node.task.status === "pending") node.task = { ...node.task, readyAt: state.recordedAt };
  }
  index(state, node);
  updateLocks(state, locks);
  if (!hasSameAuthors(before, node.task)) reindexNaming(state, id);
  if (node.group === groupBefore) noteChange(measuredIn(state, node.group), before, node.task, state.recordedAt);
  else {
    noteMove(measuredIn(state, groupBefore), before, state.recordedAt, -1);
    noteMove(measuredIn(state, node.group), node.task, state.recordedAt, 1);
    propagateGroups(state, [groupBefore, node.group]);
  }
}

/** Removes a task that no other task names, or only such as are removed in the same event, and returns it. */
export function removeTask(state: State, id: string): Task {
  const node = nodeOf(state, id);
  const { group, task } = node;
  unindex(state, node);
  disconnect(node);
  detach(state, node);
  updateLocks(state, node.task.locks);
  state.tasks.delete(id);
  state.unannounced.delete(node);
  noteMove(measuredIn(state, group), task, state.recordedAt, -1);
  propagateGroups(state, [group]);
  return task;
}

/** Updates the indexes of a task after the time has changed. */
export function reindexTask(state: State, node: TaskNode): void {
  const { standing } = node;
  unindex(state, node);
  index(state, node);
  if (node.standing !== standing) touch(state, node);
}

/** Updates the ready tasks that the authors of a task may not claim, after these have changed. O(those tasks). */
function reindexNaming(state: State, id: string): void {
  for (const node of state.notBy.get(id) ?? NOTHING) if (node.lane !== undefined) reindexTask(state, node);
}

/** Propagates a new status to dependents. O(dependents + subscribers). */
function propagate(state: State, node: TaskNode, before: TaskStatus, at: number): void {
  const verdictBefore = TRUTH_TABLE.completed[before];
  const verdict = TRUTH_TABLE.completed[node.task.status];
  if (verdict !== verdictBefore) {
    for (const dependent of node.dependents) {
      updateDependent(state, dependent, at, () => {
        countVerdict(dependent, verdictBefore, -1);
        countVerdict(dependent, verdict, 1);
      });
    }
  }
  const result = resultOf(node);
  for (const condition of node.subscribers) {
    const verdict = taskVerdict(condition, result);
    if (verdict === condition.verdict) continue;
    updateDependent(state, condition.root, at, () => setVerdict(condition, verdict));
  }
  propagateGroups(state, [node.group], at);
}

/**
 * Propagates a change of groups' members to the conditions on the groups. Each dependent is updated once: if a task that
 * moves takes from one group what it brings to the other, a dependent on either of them stays ready since when it was.
 */
function propagateGroups(
  state: State,
  groups: readonly (GroupNode | undefined)[],
  at: number = state.recordedAt,
): void {
  const changes = new Map<TaskNode, (() => void)[]>();
  for (const group of new Set(groups)) {
    if (group === undefined) continue;
    updateSubscriptions(group, (condition, verdict) => {
      const change = () => setVerdict(condition, verdict);
      const others = changes.get(condition.root);
      if (others === undefined) changes.set(condition.root, [change]);
      else others.push(change);
    });
  }
  for (const [node, all] of changes) updateDependent(state, node, at, () => all.forEach((change) => change()));
}

/** Changes the counts of a dependent by a new verdict, and updates its indexes if its own verdict changes. */
function updateDependent(state: State, node: TaskNode, at: number, change: () => void): void {
  const before = verdictOf(node);
  change();
  if (node.task.status !== "pending") return;
  touch(state, node);
  const verdict = verdictOf(node);
  if (verdict === before) return;
  unindex(state, node);
  if (verdict === "true") node.task = { ...node.task, readyAt: at };
  index(state, node);
}

/**
 * Where a task stands in the indexes of the state: counts, group, locks, holder, ready queue, timers. A task is taken
 * out of every index before it changes, and put back afterwards.
 */

import type { Verdict } from "../model/dependency.ts";
import type { Standing } from "../model/status.ts";
import { delayedUntilOf, type Task } from "../model/task.ts";
import { noteStanding } from "./announcements.ts";
import { excludedFrom, forgetNamed, noteNamed } from "./authors.ts";
import { unreachableEnd, verdictOf } from "./conditions.ts";
import { groupOf } from "./edges.ts";
import { requirementOf } from "./eligibility.ts";
import { add, type Heap, remove } from "./heap.ts";
import { addReady, claimBoostMs, removeReady, setGroupOpen, updateLock } from "./ready_queue.ts";
import { type GroupNode, type LockNode, NOTHING, type State, type TaskNode, type Timer } from "./state.ts";
import { touchGroup } from "./touch.ts";

/** Counts a task, and makes it a member of its group, a user of its locks, and known to the tasks in its `notBy`. */
export function attach(state: State, node: TaskNode): void {
  const { group, locks } = node.task;
  node.group = group === undefined ? undefined : groupOf(state, group);
  if (node.group !== undefined) {
    node.group.members.add(node);
    touchGroup(node.group);
  }
  for (const name of locks ?? NOTHING) {
    const lock = state.locks.get(name);
    if (lock === undefined) {
      state.locks.set(name, { name, holders: new Set(), users: 1, lanes: new Set(), isOpen: true, held: 0 });
    } else lock.users++;
  }
  noteNamed(state, node);
  count(state, node, 1);
}

/** The reverse of `attach`. */
export function detach(state: State, node: TaskNode): void {
  count(state, node, -1);
  if (node.group !== undefined) {
    node.group.members.delete(node);
    touchGroup(node.group);
    node.group = undefined;
  }
  for (const name of node.task.locks ?? NOTHING) {
    const lock = state.locks.get(name);
    if (lock !== undefined && --lock.users === 0) state.locks.delete(name);
  }
  forgetNamed(state, node);
}

/** Adds a task to the counts of the state and its group, or removes it: `change` is 1 or -1. */
export function count(state: State, node: TaskNode, change: number): void {
  const { status, overdue } = node.task;
  state.counts[status] += change;
  const { group } = node;
  if (overdue === true && isOpen(node.task)) {
    state.overdue += change;
    if (group !== undefined) group.overdue += change;
  }
  if (group === undefined) return;
  group.counts[status] += change;
  if (status === "in_progress") setGroupOpen(state, group, hasRoom(group));
}

/** Adds a node to the indexes that its task, its dependencies and the time require. */
export function index(state: State, node: TaskNode): void {
  const { status, assignedTo, session, locks = NOTHING } = node.task;
  if (status === "in_progress" && assignedTo !== undefined) {
    if (session !== undefined) keepFor(state, session, node);
    const held = state.held.get(assignedTo);
    if (held === undefined) state.held.set(assignedTo, new Set([node]));
    else held.add(node);
    // The instance still holds its only task: `unindex` removed it for a moment.
    if (state.drained.size > 0) undrain(state, assignedTo);
    for (const name of locks) lockOf(state, name).holders.add(node);
  } else if (status === "pending") indexPending(state, node, verdictOf(node));
  const list = listOf(state, node);
  if (list !== undefined) add(list, node);
  const dueAt = expiryOf(node.task);
  if (dueAt !== undefined) {
    node.expiryTimer = { at: dueAt, heapIndex: -1, target: node };
    add(state.expiryTimers, node.expiryTimer);
  }
  noteStanding(state, node);
}

function indexPending(state: State, node: TaskNode, verdict: Verdict): void {
  const { task } = node;
  const delayedUntil = delayedUntilOf(task);
  const isDelayed = verdict === "true" && delayedUntil > state.now;
  node.standing = isDelayed ? "delayed" : verdict === "true" ? "ready" : verdict === "blocked" ? "blocked" : "waiting";
  countStanding(state, node.group, { standing: node.standing, change: 1 });
  if (unreachableEnd(node) !== undefined) state.unreachable.add(node);
  if (isDelayed) return startDelayTimer(state.delayTimers, node, delayedUntil);
  if (verdict !== "true") return;
  const since = Math.max(task.pendingAt, task.readyAt ?? 0, delayedUntil);
  const reservedUntil = reservesFor(task) ? since + (task.assignTo?.fallbackMs ?? Infinity) : 0;
  const isReserved = reservedUntil > state.now;
  if (isReserved && reservedUntil < Infinity) startDelayTimer(state.delayTimers, node, reservedUntil);
  node.claimAt = since - claimBoostMs(task.priority);
  addReady(state.ready, node, {
    requirement: requirementOf(task, { isReserved, excluded: excludedFrom(state, task) }),
    locks: task.locks === undefined ? NOTHING : Array.from(new Set(task.locks), (name) => lockOf(state, name)),
  });
}

/** Whether a task is reserved for somebody, and not only kept from some. */
function reservesFor({ assignTo }: Task): boolean {
  return assignTo?.instance !== undefined || assignTo?.role !== undefined;
}

/** Removes a node from every index. To be called before its task changes. */
export function unindex(state: State, node: TaskNode): void {
  const { status, assignedTo, session, locks = NOTHING } = node.task;
  const list = listOf(state, node);
  if (list !== undefined) remove(list, node);
  if (node.standing !== undefined) {
    countStanding(state, node.group, { standing: node.standing, change: -1 });
    node.standing = undefined;
    removeReady(state.ready, node);
    state.unreachable.delete(node);
  } else if (status === "in_progress" && assignedTo !== undefined) {
    const held = state.held.get(assignedTo);
    held?.delete(node);
    if (held?.size === 0) onAllEnded(state, assignedTo);
    if (session !== undefined) dropFrom(state, session, node);
    for (const name of locks) lockOf(state, name).holders.delete(node);
  }
  if (node.delayTimer !== undefined) remove(state.delayTimers, node.delayTimer);
  if (node.expiryTimer !== undefined) remove(state.expiryTimers, node.expiryTimer);
  node.delayTimer = undefined;
  node.expiryTimer = undefined;
}

function keepFor(state: State, session: string, node: TaskNode): void {
  const kept = state.sessions.get(session);
  if (kept === undefined) state.sessions.set(session, new Set([node]));
  else kept.add(node);
}

function dropFrom(state: State, session: string, node: TaskNode): void {
  const kept = state.sessions.get(session);
  kept?.delete(node);
  if (kept?.size === 0) state.sessions.delete(session);
}

function onAllEnded(state: State, instance: string): void {
  state.held.delete(instance);
  const node = state.instances.get(instance);
  if (node?.instance.status === "draining") state.drained.add(node);
}

function undrain(state: State, instance: string): void {
  const node = state.instances.get(instance);
  if (node !== undefined) state.drained.delete(node);
}

/** The heap of a task that is not ready; undefined if it is in none. */
function listOf(state: State, { task: { status }, standing, group }: TaskNode): Heap<TaskNode> | undefined {
  if (status === "in_progress") return state.running;
  if (status === "failed" || status === "cancelled") return group?.failing;
  return standing === "waiting" ? state.waiting : standing === "blocked" ? state.blocked : undefined;
}

function countStanding(
  state: State,
  group: GroupNode | undefined,
  { standing, change }: { readonly standing: Standing; readonly change: 1 | -1 },
): void {
  state.standings[standing] += change;
  if (group !== undefined) group.standings[standing] += change;
}

/**
 * Updates the locks of a changed task. To be called after `index`, so that a lock which a running task keeps is
 * neither opened nor closed in between.
 */
export function updateLocks(state: State, names: readonly string[] = NOTHING): void {
  for (const name of names) {
    const lock = state.locks.get(name);
    if (lock !== undefined) updateLock(state, lock);
  }
}

function startDelayTimer(delayTimers: Heap<Timer<TaskNode>>, node: TaskNode, at: number): void {
  node.delayTimer = { at, heapIndex: -1, target: node };
  add(delayTimers, node.delayTimer);
}

/** When the lease of an open task expires or its deadline passes, whichever is first. */
function expiryOf(task: Task): number | undefined {
  if (!isOpen(task)) return undefined;
  const { leaseUntil, deadline, overdue } = task;
  const dueAt = Math.min(leaseUntil ?? Infinity, overdue === true ? Infinity : deadline ?? Infinity);
  return dueAt === Infinity ? undefined : dueAt;
}

/** Whether one more task of a group may run. */
export function hasRoom({ group, counts }: GroupNode): boolean {
  return group.paused !== true && counts.in_progress < (group.maxParallel ?? Infinity);
}

function isOpen({ status }: Task): boolean {
  return status === "pending" || status === "in_progress";
}

function lockOf(state: State, name: string): LockNode {
  const lock = state.locks.get(name);
  if (lock === undefined) throw new Error(`Cannot apply an event as its lock is unknown: ${JSON.stringify(name)}`);
  return lock;
}

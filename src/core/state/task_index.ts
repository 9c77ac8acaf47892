/**
 * Keeps every index of the state true while tasks come, change and go: who waits for whom, what is ready, blocked,
 * held, delayed or due. What a task is worth to others is worked out from the change alone.
 */

import { type JsonValue, TRUTH_TABLE, type Verdict } from "../model/dependency.ts";
import type { Standing, TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import {
  connectGate,
  countVerdict,
  disconnectGate,
  resultOf,
  setVerdict,
  type Sources,
  taskVerdict,
  unreachableEnd,
  updateWatches,
  verdictOf,
} from "./conditions.ts";
import { requirementOf } from "./eligibility.ts";
import { add, type Heap, remove } from "./heap.ts";
import { addReady, claimBoostMs, removeReady, setGroupOpen, setLockOpen } from "./ready_queue.ts";
import {
  type GroupNode,
  type LockNode,
  NO_GATES,
  NO_NODES,
  NOTHING,
  type State,
  type TaskNode,
  type Timer,
} from "./state.ts";

/** Adds tasks that may depend on each other in any order: all nodes first, then the edges. */
export function connectTasks(state: State, tasks: readonly Task[]): void {
  const nodes = tasks.map((task): TaskNode => ({
    task,
    group: undefined,
    dependencies: NOTHING,
    gates: NOTHING,
    dependents: NO_NODES,
    watchers: NO_GATES,
    unmet: 0,
    blocked: 0,
    notTaken: 0,
    standing: undefined,
    claimAt: 0,
    heapIndex: -1,
    lane: undefined,
    urgent: undefined,
    wake: undefined,
    due: undefined,
  }));
  for (const node of nodes) {
    if (state.tasks.has(node.task.id)) {
      throw new Error(`Cannot add a task as it exists: ${JSON.stringify(node.task.id)}`);
    }
    state.tasks.set(node.task.id, node);
  }
  for (const node of nodes) join(state, node);
  const sources = sourcesIn(state);
  for (const node of nodes) {
    connect(node, sources);
    index(state, node);
    openLocks(state, node.task.locks);
  }
  for (const group of new Set(nodes.map((node) => node.group))) if (group !== undefined) tellGroup(state, group);
}

/** Puts another task in the place of one with the same id, dependencies and settings, and tells who waits for it. */
export function replaceTask(state: State, id: string, at: number, next: (task: Task) => Task): void {
  const node = nodeOf(state, id);
  const before = node.task.status;
  unindex(state, node);
  count(state, node, -1);
  node.task = next(node.task);
  count(state, node, 1);
  index(state, node);
  openLocks(state, node.task.locks);
  if (node.task.status !== before) tell(state, node, before, at);
}

/** Puts another task in the place of one with the same id, where neither of them is at an end. */
export function moveTask(state: State, id: string, next: (task: Task) => Task): void {
  const node = nodeOf(state, id);
  const { dependencies, locks } = node.task;
  const groupBefore = node.group;
  const verdictBefore = verdictOf(node);
  unindex(state, node);
  part(state, node);
  node.task = next(node.task);
  join(state, node);
  if (node.task.dependencies !== dependencies) {
    disconnect(node);
    connect(node, sourcesIn(state));
    const isMetNow = verdictBefore !== "true" && verdictOf(node) === "true";
    if (isMetNow) node.task = { ...node.task, readyAt: state.recordedAt };
  }
  index(state, node);
  openLocks(state, locks);
  if (node.group === groupBefore) return;
  for (const group of new Set([groupBefore, node.group])) if (group !== undefined) tellGroup(state, group);
}

/** Removes a task that no other one names. */
export function removeTask(state: State, id: string): void {
  const node = nodeOf(state, id);
  const { group } = node;
  unindex(state, node);
  disconnect(node);
  part(state, node);
  openLocks(state, node.task.locks);
  state.tasks.delete(id);
  if (group !== undefined) tellGroup(state, group);
}

/** Works out anew where a task belongs, as time has passed. */
export function reindexTask(state: State, node: TaskNode): void {
  unindex(state, node);
  index(state, node);
}

/** Tells those who wait for a task, or for its group, of its new status. O(those) and what changes for them. */
function tell(state: State, node: TaskNode, before: TaskStatus, at: number): void {
  const plain = TRUTH_TABLE.completed;
  const [was, is] = [plain[before], plain[node.task.status]];
  if (was !== is) {
    for (const dependent of node.dependents) {
      touch(state, dependent, at, () => {
        countVerdict(dependent, was, -1);
        countVerdict(dependent, is, 1);
      });
    }
  }
  const result = resultOf(node);
  for (const gate of node.watchers) touch(state, gate.root, at, () => setVerdict(gate, taskVerdict(gate, result)));
  if (node.group !== undefined) tellGroup(state, node.group, at);
}

function tellGroup(state: State, group: GroupNode, at = state.recordedAt): void {
  updateWatches(group, (gate, verdict) => touch(state, gate.root, at, () => setVerdict(gate, verdict)));
}

/** Changes what is known of a task's dependencies, and where it belongs if that makes a difference. */
function touch(state: State, node: TaskNode, at: number, change: () => void): void {
  const before = verdictOf(node);
  change();
  const verdict = verdictOf(node);
  if (verdict === before || node.task.status !== "pending") return;
  unindex(state, node);
  if (verdict === "true") node.task = { ...node.task, readyAt: at };
  index(state, node);
}

/** Where the gates of tasks that are connected together find what they watch; each result is read once for all. */
function sourcesIn(state: State): Sources {
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

/** Makes the edges to what a task waits for. */
function connect(node: TaskNode, sources: Sources): void {
  const { dependencies } = node.task;
  if (dependencies.length === 0) return;
  node.dependencies = dependencies.filter((each) => typeof each === "string").map(sources.task);
  for (const dependency of node.dependencies) {
    dependentsOf(dependency).add(node);
    countVerdict(node, TRUTH_TABLE.completed[dependency.task.status], 1);
  }
  if (node.dependencies.length === dependencies.length) return;
  node.gates = dependencies.filter((each) => typeof each !== "string").map((each) => connectGate(sources, node, each));
}

function disconnect(node: TaskNode): void {
  for (const dependency of node.dependencies) dependentsOf(dependency).delete(node);
  node.gates.forEach(disconnectGate);
  node.dependencies = NOTHING;
  node.gates = NOTHING;
  node.unmet = 0;
  node.blocked = 0;
  node.notTaken = 0;
}

/** The node's own set of dependents, made when the first one comes. */
function dependentsOf(node: TaskNode): Set<TaskNode> {
  if (node.dependents === NO_NODES) node.dependents = new Set();
  // Every set but NO_NODES was made here, as a Set.
  return node.dependents as Set<TaskNode>;
}

/** Counts a task, and makes it a member of its group and a user of its locks. */
function join(state: State, node: TaskNode): void {
  const { group, locks } = node.task;
  node.group = group === undefined ? undefined : groupOf(state, group);
  node.group?.members.add(node);
  for (const name of locks ?? NOTHING) {
    const lock = state.locks.get(name);
    if (lock === undefined) {
      state.locks.set(name, { name, holders: new Set(), users: 1, lanes: new Set(), isOpen: true });
    } else lock.users++;
  }
  count(state, node, 1);
}

/** The reverse of `join`. */
function part(state: State, node: TaskNode): void {
  count(state, node, -1);
  node.group?.members.delete(node);
  node.group = undefined;
  for (const name of node.task.locks ?? NOTHING) {
    const lock = state.locks.get(name);
    if (lock !== undefined && --lock.users === 0) state.locks.delete(name);
  }
}

function count(state: State, node: TaskNode, change: number): void {
  const { status, overdue } = node.task;
  state.counts[status] += change;
  if (overdue === true && isOpen(node.task)) state.overdue += change;
  const { group } = node;
  if (group === undefined) return;
  group.counts[status] += change;
  if (status === "in_progress") setGroupOpen(state.ready, group, hasRoom(group));
}

/** Puts a node into the indexes where its task, its dependencies and the time place it. */
function index(state: State, node: TaskNode): void {
  const { status, assignedTo, locks = NOTHING } = node.task;
  if (status === "in_progress" && assignedTo !== undefined) {
    const held = state.held.get(assignedTo);
    if (held === undefined) state.held.set(assignedTo, new Set([node]));
    else held.add(node);
    // It has not left: its only task was taken out to be put back with other fields.
    if (state.drained.size > 0) undrain(state, assignedTo);
    for (const name of locks) lockOf(state, name).holders.add(node);
  } else if (status === "pending") indexPending(state, node, verdictOf(node));
  const list = listOf(state, node);
  if (list !== undefined) add(list, node);
  const dueAt = dueAtOf(node.task);
  if (dueAt !== undefined) {
    node.due = { at: dueAt, heapIndex: -1, target: node };
    add(state.dues, node.due);
  }
}

function indexPending(state: State, node: TaskNode, verdict: Verdict): void {
  const { task } = node;
  const delayedUntil = delayedUntilOf(task);
  const isDelayed = verdict === "true" && delayedUntil > state.now;
  node.standing = isDelayed ? "delayed" : verdict === "true" ? "ready" : verdict === "blocked" ? "blocked" : "waiting";
  countStanding(state, node.group, { standing: node.standing, change: 1 });
  if (unreachableEnd(node) !== undefined) state.unreachable.add(node);
  if (isDelayed) return wakeAt(state.wakes, node, delayedUntil);
  if (verdict !== "true") return;
  const since = Math.max(task.pendingAt, task.readyAt ?? 0, delayedUntil);
  const reservedUntil = task.assignTo === undefined ? 0 : since + (task.assignTo.fallbackMs ?? Infinity);
  const isReserved = reservedUntil > state.now;
  if (isReserved && reservedUntil < Infinity) wakeAt(state.wakes, node, reservedUntil);
  node.claimAt = since - claimBoostMs(task.priority);
  addReady(state.ready, node, {
    requirement: requirementOf(task, isReserved),
    locks: task.locks === undefined ? NOTHING : Array.from(new Set(task.locks), (name) => lockOf(state, name)),
  });
}

/** Takes a node out of every index; to be called before its task changes. */
function unindex(state: State, node: TaskNode): void {
  const { status, assignedTo, locks = NOTHING } = node.task;
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
    for (const name of locks) lockOf(state, name).holders.delete(node);
  }
  if (node.wake !== undefined) remove(state.wakes, node.wake);
  if (node.due !== undefined) remove(state.dues, node.due);
  node.wake = undefined;
  node.due = undefined;
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

/** The heap, in the order of creation, in which a task is that is not among the ready ones. */
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
 * Opens or closes the locks of a task that has changed. Done once it is back in its indexes, so that a lock that a
 * running task keeps neither opens nor closes.
 */
function openLocks(state: State, names: readonly string[] = NOTHING): void {
  for (const name of names) {
    const lock = state.locks.get(name);
    if (lock !== undefined) setLockOpen(state.ready, lock, lock.holders.size === 0);
  }
}

function wakeAt(wakes: Heap<Timer<TaskNode>>, node: TaskNode, at: number): void {
  node.wake = { at, heapIndex: -1, target: node };
  add(wakes, node.wake);
}

/** When something is due of a task: the end of its lease, or its deadline. */
function dueAtOf(task: Task): number | undefined {
  if (!isOpen(task)) return undefined;
  const { leaseUntil, deadline, overdue } = task;
  const dueAt = Math.min(leaseUntil ?? Infinity, overdue === true ? Infinity : deadline ?? Infinity);
  return dueAt === Infinity ? undefined : dueAt;
}

/** Until when a task waits whatever its dependencies, in milliseconds since the Unix epoch. */
function delayedUntilOf({ notBefore = 0, retryAt = 0 }: Task): number {
  return Math.max(notBefore, retryAt);
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

function nodeOf(state: State, id: string): TaskNode {
  const node = state.tasks.get(id);
  if (node === undefined) throw new Error(`Cannot apply an event as its task is unknown: ${JSON.stringify(id)}`);
  return node;
}

function groupOf(state: State, id: string): GroupNode {
  const node = state.groups.get(id);
  if (node === undefined) throw new Error(`Cannot apply an event as its group is unknown: ${JSON.stringify(id)}`);
  return node;
}

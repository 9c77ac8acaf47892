/**
 * Applies events to the state. Pure but for the state it is given, synchronous, and total: whatever `decide`
 * let through, `evolve` can apply. It never refuses.
 */

import type { Event, JournalRecord } from "./events.ts";
import type { NewTask, Task, TaskStatus } from "./model.ts";
import { addReady, removeReady } from "./ready_queue.ts";
import { emptyState, NO_NODES, type ReadonlyState, type State, type TaskNode } from "./state.ts";

/** Applies one event that happened at `at` (milliseconds since the Unix epoch). */
export function evolve(state: State, event: Event, at: number): void {
  switch (event.type) {
    case "tasks.created":
      addTasks(state, event.tasks.map((task) => created(task, state.nextOrder++, at)));
      return;
    case "tasks.imported":
      addTasks(state, event.tasks.map((task) => ({ ...task, order: state.nextOrder++ })));
      return;
    case "task.updated":
      return update(state, event);
    case "task.deleted":
      return remove(state, nodeOf(state, event.id));
    case "task.claimed":
      return change(state, event.id, ({ reason: _, ...task }) => ({
        ...task,
        status: "in_progress",
        assignedTo: event.instance,
        attempt: event.attempt,
        startedAt: at,
      }));
    case "task.completed":
      return change(state, event.id, (task) => ({
        ...task,
        status: "completed",
        result: event.result,
        finishedAt: at,
      }));
    case "task.failed":
      return change(state, event.id, (task) => ({ ...task, status: "failed", error: event.error, finishedAt: at }));
    case "task.released":
      return change(state, event.id, ({ assignedTo: _, ...task }) => ({
        ...task,
        status: "pending",
        pendingAt: at,
        ...(event.reason !== undefined && { reason: event.reason }),
      }));
    case "task.cancelled":
      return change(state, event.id, ({ reason: _, ...task }) => ({
        ...task,
        status: "cancelled",
        finishedAt: at,
        ...(event.reason !== undefined && { reason: event.reason }),
      }));
    case "task.retried":
      return change(state, event.id, ({ assignedTo: _a, error: _e, reason: _r, finishedAt: _f, ...task }) => ({
        ...task,
        status: "pending",
        pendingAt: at,
      }));
    default:
      event satisfies never;
  }
}

/** Applies a record's events. */
export function evolveRecord(state: State, record: JournalRecord): void {
  for (const event of record.events) evolve(state, event, record.at);
}

/** What a checkpoint keeps: everything from which the state can be made again. */
export interface Snapshot {
  /** In the order of creation. */
  readonly tasks: readonly Task[];
  readonly nextOrder: number;
}

/** A snapshot that later events do not touch. O(tasks), without copying them. */
export function snapshotOf(state: ReadonlyState): Snapshot {
  return { tasks: Array.from(state.tasks.values(), (node) => node.task), nextOrder: state.nextOrder };
}

/** The state of a snapshot. */
export function restore(snapshot: Snapshot): State {
  const state = emptyState();
  addTasks(state, snapshot.tasks);
  state.nextOrder = snapshot.nextOrder;
  return state;
}

function created(task: NewTask, order: number, at: number): Task {
  return {
    id: task.id,
    description: task.description,
    status: "pending",
    dependencies: task.dependencies,
    attempt: 0,
    order,
    createdAt: at,
    pendingAt: at,
  };
}

/** Adds tasks that may depend on each other in any order: all nodes first, then the edges. */
function addTasks(state: State, tasks: readonly Task[]): void {
  const nodes = tasks.map((task): TaskNode => ({
    task,
    order: task.order,
    readySince: 0,
    heapIndex: -1,
    dependencies: [],
    dependents: NO_NODES,
    unmet: 0,
    broken: 0,
  }));
  for (const node of nodes) {
    if (state.tasks.has(node.task.id)) {
      throw new Error(`Cannot add a task as it exists: ${JSON.stringify(node.task.id)}`);
    }
    state.tasks.set(node.task.id, node);
  }
  for (const node of nodes) {
    connect(state, node);
    enter(state, node);
  }
}

function update(state: State, event: Extract<Event, { type: "task.updated" }>): void {
  const node = nodeOf(state, event.id);
  leave(state, node);
  node.task = {
    ...node.task,
    description: event.description ?? node.task.description,
    dependencies: event.dependencies ?? node.task.dependencies,
  };
  if (event.dependencies !== undefined) {
    disconnect(node);
    connect(state, node);
  }
  enter(state, node);
}

function remove(state: State, node: TaskNode): void {
  leave(state, node);
  disconnect(node);
  state.tasks.delete(node.task.id);
}

/** Changes a task and tells the tasks that depend on it. O(log n + dependents). */
function change(state: State, id: string, next: (task: Task) => Task): void {
  const node = nodeOf(state, id);
  const before = node.task.status;
  leave(state, node);
  node.task = next(node.task);
  enter(state, node);
  const unmet = Number(isUnmet(node.task.status)) - Number(isUnmet(before));
  const broken = Number(isBroken(node.task.status)) - Number(isBroken(before));
  if (unmet === 0 && broken === 0) return;
  for (const dependent of node.dependents) {
    leave(state, dependent);
    dependent.unmet += unmet;
    dependent.broken += broken;
    enter(state, dependent);
  }
}

function connect(state: State, node: TaskNode): void {
  if (node.task.dependencies.length === 0) return;
  node.dependencies = node.task.dependencies.map((id) => nodeOf(state, id));
  for (const dependency of node.dependencies) {
    setDependents(dependency).add(node);
    if (isUnmet(dependency.task.status)) node.unmet++;
    if (isBroken(dependency.task.status)) node.broken++;
  }
}

function disconnect(node: TaskNode): void {
  for (const dependency of node.dependencies) setDependents(dependency).delete(node);
  node.dependencies = [];
  node.unmet = 0;
  node.broken = 0;
}

/** The node's own set of dependents, made when the first one comes. */
function setDependents(node: TaskNode): Set<TaskNode> {
  if (node.dependents === NO_NODES) node.dependents = new Set();
  // Every set but NO_NODES was made here, as a Set.
  return node.dependents as Set<TaskNode>;
}

/** Puts a node into the indexes where its status and dependencies place it. */
function enter(state: State, node: TaskNode): void {
  const { status, assignedTo } = node.task;
  state.counts[status]++;
  if (status === "in_progress" && assignedTo !== undefined) {
    const held = state.held.get(assignedTo);
    if (held === undefined) state.held.set(assignedTo, new Set([node]));
    else held.add(node);
  } else if (status === "pending") {
    if (node.broken > 0) state.blocked.add(node);
    else if (node.unmet === 0) {
      node.readySince = readySince(node);
      addReady(state.ready, node);
    }
  }
}

/** Takes a node out of every index; the reverse of `enter`, to be called before anything it looks at changes. */
function leave(state: State, node: TaskNode): void {
  const { status, assignedTo } = node.task;
  state.counts[status]--;
  removeReady(state.ready, node);
  if (node.broken > 0) state.blocked.delete(node);
  if (status === "in_progress" && assignedTo !== undefined) {
    const held = state.held.get(assignedTo);
    held?.delete(node);
    if (held?.size === 0) state.held.delete(assignedTo);
  }
}

/** Derived from stored times only, so that a restored state has the same order of claims. */
function readySince(node: TaskNode): number {
  let since = node.task.pendingAt;
  for (const { task } of node.dependencies) {
    if (task.finishedAt !== undefined && task.finishedAt > since) since = task.finishedAt;
  }
  return since;
}

function isUnmet(status: TaskStatus): boolean {
  return status !== "completed";
}

function isBroken(status: TaskStatus): boolean {
  return status === "failed" || status === "cancelled";
}

function nodeOf(state: State, id: string): TaskNode {
  const node = state.tasks.get(id);
  if (node === undefined) throw new Error(`Cannot apply an event as its task is unknown: ${JSON.stringify(id)}`);
  return node;
}

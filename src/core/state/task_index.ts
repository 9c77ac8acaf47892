/**
 * Keeps every index of the state true while tasks come, change and go: who waits for whom, what is ready, blocked,
 * held, delayed or due. What a task is worth to others is worked out from the change alone.
 */

import { TRUTH_TABLE } from "../model/dependency.ts";
import type { TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";
import { countVerdict, resultOf, setVerdict, taskVerdict, updateWatches, verdictOf } from "./conditions.ts";
import { connect, disconnect, nodeOf, sourcesIn } from "./edges.ts";
import { count, index, join, openLocks, part, unindex } from "./placement.ts";
import { type GroupNode, NO_GATES, NO_NODES, NOTHING, type State, type TaskNode } from "./state.ts";

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

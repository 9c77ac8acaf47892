/**
 * The state that the engine owns: the task graph with the indexes that make claiming and completing cheap.
 * Only `evolve` and `restore` change it; everyone else reads it through {@link ReadonlyState}.
 */

import type { Readiness, Task, TaskStatus } from "./model.ts";
import type { ReadyEntry, ReadyQueue } from "./ready_queue.ts";

/** A task's place in the graph. */
export interface TaskNode extends ReadyEntry {
  task: Task;
  dependencies: readonly TaskNode[];
  /** The tasks that depend on this one; {@link NO_NODES} until there is one, as most tasks of a large graph are leaves. */
  dependents: ReadonlySet<TaskNode>;
  /** Dependencies that are not completed. */
  unmet: number;
  /** Dependencies that failed or were cancelled. */
  broken: number;
}

export interface State {
  /** By id, in the order of creation. */
  readonly tasks: Map<string, TaskNode>;
  readonly ready: ReadyQueue<TaskNode>;
  /** Pending tasks with a failed or cancelled dependency. */
  readonly blocked: Set<TaskNode>;
  /** Tasks in progress by the instance that holds them. */
  readonly held: Map<string, Set<TaskNode>>;
  readonly counts: Record<TaskStatus, number>;
  /** The `order` of the next task created. */
  nextOrder: number;
}

/** A task's place in the graph, for reading. */
export interface ReadonlyTaskNode {
  readonly task: Task;
  readonly dependencies: readonly ReadonlyTaskNode[];
  readonly dependents: ReadonlySet<ReadonlyTaskNode>;
  readonly unmet: number;
  readonly broken: number;
}

/** The state as `decide` and the views see it. */
export interface ReadonlyState {
  readonly tasks: ReadonlyMap<string, ReadonlyTaskNode>;
  readonly ready: readonly ReadonlyTaskNode[];
  readonly blocked: ReadonlySet<ReadonlyTaskNode>;
  readonly held: ReadonlyMap<string, ReadonlySet<ReadonlyTaskNode>>;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly nextOrder: number;
}

/** The empty set of nodes that all nodes without dependents share. */
export const NO_NODES: ReadonlySet<TaskNode> = new Set();

/** The state before the first event. */
export function emptyState(): State {
  return {
    tasks: new Map(),
    ready: [],
    blocked: new Set(),
    held: new Map(),
    counts: { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 },
    nextOrder: 1,
  };
}

/** What a pending task's dependencies allow. */
export function readinessOf(node: ReadonlyTaskNode): Readiness {
  if (node.broken > 0) return "blocked";
  return node.unmet > 0 ? "waiting" : "ready";
}

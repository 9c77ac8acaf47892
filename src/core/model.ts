/**
 * The things the product is about: tasks and their states. Plain immutable data; a change makes a new object,
 * so that whoever holds one (a view, a checkpoint under way) never sees it change.
 */

/** What is stored of a task's life. Ready, waiting and blocked are derived: see {@link Readiness}. */
export type TaskStatus = "pending" | "in_progress" | "completed" | "failed" | "cancelled";

/** Every status, in the order of a task's life. */
export const TASK_STATUSES: readonly TaskStatus[] = ["pending", "in_progress", "completed", "failed", "cancelled"];

/**
 * What a pending task's dependencies allow: `ready` to be claimed, `waiting` for undecided ones, or
 * `blocked` by ones that failed or were cancelled, until those are retried.
 */
export type Readiness = "ready" | "waiting" | "blocked";

/** What a caller says of a task to be created. */
export interface NewTask {
  readonly id: string;
  readonly description: string;
  /** Ids of the tasks that must be completed first, each once. */
  readonly dependencies: readonly string[];
}

/** A task. All times are milliseconds since the Unix epoch. */
export interface Task extends NewTask {
  readonly status: TaskStatus;
  /** The instance that holds it, or held it last. */
  readonly assignedTo?: string;
  /** What the completing instance said. */
  readonly result?: string;
  /** What the failing instance said. */
  readonly error?: string;
  /** Why it was released or cancelled. */
  readonly reason?: string;
  /** How often it was claimed; the number of the current or last attempt fences off late answers. */
  readonly attempt: number;
  /** Position in the order of creation, from 1. */
  readonly order: number;
  readonly createdAt: number;
  /** When it last became pending: created, released or retried. */
  readonly pendingAt: number;
  /** When the current or last attempt was claimed. */
  readonly startedAt?: number;
  /** When it was completed, failed or cancelled. */
  readonly finishedAt?: number;
}

/** A task with what is derived from its place in the graph. */
export interface TaskView extends Task {
  /** Of a pending task. */
  readonly readiness?: Readiness;
  /** Of a pending task that is not ready: the dependencies that keep it from being so (the first few). */
  readonly waitingFor?: readonly string[];
}

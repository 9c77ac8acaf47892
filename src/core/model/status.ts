/**
 * The statuses of a task, and the readiness of a pending one.
 */

/** The stored status of a task. Ready, limited, waiting and so on are derived: see {@link Readiness}. */
export type TaskStatus = "pending" | "in_progress" | "completed" | "failed" | "cancelled" | "skipped";

/** Every status, in the order of a task's life. */
export const TASK_STATUSES: readonly TaskStatus[] = [
  "pending",
  "in_progress",
  "completed",
  "failed",
  "cancelled",
  "skipped",
];

/** The statuses of a task that has ended. */
export const END_STATUSES = ["completed", "failed", "cancelled", "skipped"] as const satisfies readonly TaskStatus[];

export type EndStatus = typeof END_STATUSES[number];

/**
 * The state of a pending task by its dependencies and the time. `ready`: dependencies met, time reached. `waiting`: some
 * are undecided. `blocked`: they cannot be met until a task is retried. `delayed`: it waits for a later time.
 */
export type Standing = "ready" | "waiting" | "blocked" | "delayed";

/**
 * Whether a pending task can be claimed: its standing, but `limited` in place of `ready` while its group is paused or
 * full, or one of its locks is taken.
 */
export type Readiness = Standing | "limited";

/** Every readiness. */
export const READINESSES: readonly Readiness[] = ["ready", "limited", "waiting", "blocked", "delayed"];

/**
 * The states that a task can be in.
 */

/** What is stored of a task's life. Ready, limited, waiting and so on are derived: see {@link Readiness}. */
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

/**
 * What its dependencies and the time say of a pending task: nothing keeps it (`ready`), undecided dependencies
 * (`waiting`), dependencies that cannot be met until something is retried (`blocked`), or a time to come (`delayed`).
 */
export type Standing = "ready" | "waiting" | "blocked" | "delayed";

/**
 * What keeps a pending task from being claimed: its standing, but `limited` in place of `ready` while its group is
 * paused or full, or one of its locks is taken.
 */
export type Readiness = Standing | "limited";

/** Every readiness. */
export const READINESSES: readonly Readiness[] = ["ready", "limited", "waiting", "blocked", "delayed"];

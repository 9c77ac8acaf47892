/**
 * The states that a task can be in.
 */

/** What is stored of a task's life. Ready, waiting, blocked and delayed are derived: see {@link Readiness}. */
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
 * What keeps a pending task from being claimed: nothing (`ready`), undecided dependencies (`waiting`), dependencies
 * that cannot be met until something is retried (`blocked`), or a time to come (`delayed`).
 */
export type Readiness = "ready" | "waiting" | "blocked" | "delayed";

/** Every readiness. */
export const READINESSES: readonly Readiness[] = ["ready", "waiting", "blocked", "delayed"];

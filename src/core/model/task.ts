/**
 * Tasks. Plain immutable data, as groups, instances and templates are: a change makes a new object, so that no view and
 * no checkpoint under way ever sees one change.
 */

import type { Dependency } from "./dependency.ts";
import type { Readiness, TaskStatus } from "./status.ts";

/** How urgent a task is: see `claimBoostMs` for what it means. */
export type Priority = "low" | "normal" | "high" | "urgent";

/** Every priority, the lowest first. */
export const PRIORITIES: readonly Priority[] = ["low", "normal", "high", "urgent"];

/** How long to wait before a failed attempt is repeated: `initialIntervalMs`, growing by `coefficient` each time. */
export interface Backoff {
  readonly initialIntervalMs?: number;
  readonly coefficient?: number;
  readonly maxIntervalMs?: number;
}

/** For whom a task is reserved: one instance, or all with a role. */
export interface Assignment {
  readonly instance?: string;
  readonly role?: string;
  /** How long, from when the task is ready, before everybody else may take it; without it, for good. */
  readonly fallbackMs?: number;
}

/** What can be said of a task beyond what it is and what it waits for. All times are in milliseconds. */
export interface TaskSettings {
  /** `normal` if absent. */
  readonly priority?: Priority;
  /** The group that it belongs to. */
  readonly group?: string;
  /** What an instance must have to claim it. */
  readonly role?: string;
  readonly capabilities?: readonly string[];
  readonly assignTo?: Assignment;
  /** Tasks that name the same lock never run at the same time. */
  readonly locks?: readonly string[];
  /** How long an attempt may go without a sign of life from its holder; unlimited if absent. */
  readonly timeoutMs?: number;
  /** How many attempts may fail or expire; unlimited if absent. */
  readonly maxAttempts?: number;
  readonly backoff?: Backoff;
  /** Not to be claimed before this time since the Unix epoch. */
  readonly notBefore?: number;
  /** When it should have ended, since the Unix epoch. */
  readonly deadline?: number;
  readonly failOnDeadline?: boolean;
  /** What becomes of it when its dependencies cannot be met unless something is retried: it waits, if absent. */
  readonly ifUnreachable?: "skip" | "fail";
}

/** What a caller says of a task to be created. */
export interface NewTask extends TaskSettings {
  readonly id: string;
  readonly description: string;
  /** What must have happened first; each plain id once. */
  readonly dependencies: readonly Dependency[];
}

/** Why an attempt is over that did not end its task. */
export type AttemptOutcome = "failed" | "expired" | "lost" | "released" | "cancelled";

/** An attempt that is over. All times are milliseconds since the Unix epoch. */
export interface Attempt {
  readonly attempt: number;
  readonly instance: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: AttemptOutcome;
  /** What the holder said last: its error, its reason, or else its last progress message. */
  readonly message?: string;
}

/** How far the holder of a task says it is. */
export interface Progress {
  /** 0 to 100. */
  readonly percent?: number;
  readonly message?: string;
  readonly at: number;
}

/** A task. All times are milliseconds since the Unix epoch. */
export interface Task extends NewTask {
  readonly status: TaskStatus;
  /** The instance that holds it, or held it last. */
  readonly assignedTo?: string;
  /** What the completing instance said. */
  readonly result?: string;
  /** What the failing instance said, or why it failed without one. */
  readonly error?: string;
  /** Why it was released, cancelled or skipped. */
  readonly reason?: string;
  /** How often it was claimed; the number of the current or last attempt fences off late answers. */
  readonly attempt: number;
  /** Attempts that failed, expired or were lost since it was created or retried. */
  readonly failures?: number;
  /** Position in the order of creation, from 1. */
  readonly order: number;
  readonly createdAt: number;
  /** When it last became pending: created, released or retried. */
  readonly pendingAt: number;
  /** When its dependencies were last met while it was pending. */
  readonly readyAt?: number;
  /** Until when it waits after a failed attempt. */
  readonly retryAt?: number;
  /** When the current or last attempt was claimed. */
  readonly startedAt?: number;
  /** Until when the holder must give a sign of life. */
  readonly leaseUntil?: number;
  readonly progress?: Progress;
  /** When it was completed, failed, cancelled or skipped. */
  readonly finishedAt?: number;
  /** Attempts before the current or last one (the newest few). */
  readonly pastAttempts?: readonly Attempt[];
  /** How long attempts that are over took together. */
  readonly workedMs?: number;
  /** Its deadline has passed while it was open. */
  readonly overdue?: true;
}

/** A task with what is derived from its place in the graph. */
export interface TaskView extends Task {
  /** Of a pending task. */
  readonly readiness?: Readiness;
  /** Of a pending task that is waiting or blocked: what keeps it from being ready (the first few). */
  readonly waitingFor?: readonly string[];
  /** Of a limited task: what limits it (the first few). */
  readonly limitedBy?: readonly string[];
  /** Of a delayed task: when it can be claimed. */
  readonly delayedUntil?: number;
}

/** What a list of tasks can be filtered by; a task must match all that is given. */
export interface TaskFilter {
  /** Statuses, or readiness of pending tasks. */
  readonly status?: readonly (TaskStatus | Readiness)[];
  readonly assignedTo?: string;
  readonly group?: string;
  readonly priority?: Priority;
  readonly overdue?: boolean;
  readonly ids?: readonly string[];
}

/**
 * Tasks. Plain immutable data, as groups, instances and templates are: a change makes a new object, so views and
 * checkpoints in progress never see a change.
 */

import type { Dependency } from "./dependency.ts";
import type { Actor, Note } from "./news.ts";
import type { KeptVerdicts } from "./redaction.ts";
import type { JsonValue } from "./result.ts";
import type { Readiness, TaskStatus } from "./status.ts";

/** The priority of a task: see `claimBoostMs` for its effect. */
export type Priority = "low" | "normal" | "high" | "urgent";

/** Every priority, the lowest first. */
export const PRIORITIES: readonly Priority[] = ["low", "normal", "high", "urgent"];

/** `maxAttempts` of new tasks if neither they nor the server's options set it. */
export const DEFAULT_MAX_ATTEMPTS = 5;

/** The pause after a failed attempt: `initialIntervalMs`, multiplied by `coefficient` for each further failure. */
export interface Backoff {
  readonly initialIntervalMs?: number;
  readonly coefficient?: number;
  readonly maxIntervalMs?: number;
}

/** Reserves a task for one instance, or for all instances with a role; or excludes the authors of other tasks. */
export interface Assignment {
  readonly instance?: string;
  readonly role?: string;
  /** How long after the task is ready the reservation ends, in milliseconds; never if absent. */
  readonly fallbackMs?: number;
  /**
   * Ids of tasks: the instances that hold them, or completed any attempt of them, may not claim this one, also after the
   * reservation has ended.
   */
  readonly notBy?: readonly string[];
}

/** The optional settings of a task. All times are in milliseconds. */
export interface TaskSettings {
  /** `normal` if absent. */
  readonly priority?: Priority;
  /** The group that it belongs to. */
  readonly group?: string;
  /** The role that an instance needs to claim it. */
  readonly role?: string;
  /** The capabilities that an instance needs to claim it. */
  readonly capabilities?: readonly string[];
  readonly assignTo?: Assignment;
  /** Tasks that name the same lock never run at the same time. */
  readonly locks?: readonly string[];
  /** How long an attempt may go without a call of its holder before it expires; unlimited if absent. */
  readonly timeoutMs?: number;
  /** How many attempts may fail or expire; unlimited if absent. The server sets it in new tasks. */
  readonly maxAttempts?: number;
  readonly backoff?: Backoff;
  /** How long an attempt is expected to take, in the eyes of whoever planned it. */
  readonly estimateMs?: number;
  /** It cannot be claimed before this time since the Unix epoch. */
  readonly notBefore?: number;
  /** It is overdue if it has not ended by this time since the Unix epoch. */
  readonly deadline?: number;
  readonly failOnDeadline?: boolean;
  /** How it ends once its dependencies are blocked; absent, it stays pending. */
  readonly ifUnreachable?: "skip" | "fail";
  /** What it is about elsewhere, by name: an issue, a branch, a commit, a pull request. */
  readonly refs?: Readonly<Record<string, string>>;
}

/** A task to be created. */
export interface NewTask extends TaskSettings {
  readonly id: string;
  readonly description: string;
  /** All must be met before it can be claimed; each plain id once. */
  readonly dependencies: readonly Dependency[];
}

/** How an attempt ended. `completed` if the task was completed and then opened again. */
export type AttemptOutcome = "failed" | "expired" | "lost" | "released" | "cancelled" | "completed";

/** An attempt that is over. All times are milliseconds since the Unix epoch. */
export interface Attempt {
  readonly attempt: number;
  readonly instance: string;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly outcome: AttemptOutcome;
  /** Its error, its reason or the beginning of its result, else the holder's last progress message. */
  readonly message?: string;
}

/** The progress that the holder of a task reported. */
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
  /** The result that the completing instance gave. */
  readonly result?: string;
  /** The value that conditions read, if the result is not JSON itself and has it in a Markdown fence. */
  readonly value?: JsonValue;
  /** What conditions said of the result before it was redacted. They cannot read it any more. */
  readonly keptVerdicts?: KeptVerdicts;
  /** The error that the failing instance gave, or the rule that failed the task. */
  readonly error?: string;
  /** Why it was released, cancelled or skipped. */
  readonly reason?: string;
  /**
   * The number of the current or last attempt; each claim adds one. A new task starts with the last attempt of an earlier
   * task with its id, so that a call with an older number is always refused.
   */
  readonly attempt: number;
  /** Attempts that failed, expired or were lost since it was created or retried. */
  readonly failures?: number;
  /** How often its description, dependencies or settings were changed, plus 1; 1 if absent. */
  readonly version?: number;
  /** Position in the order of creation, from 1. */
  readonly order: number;
  readonly createdAt: number;
  /** When it last became pending: created, released or retried. */
  readonly pendingAt: number;
  /** When its dependencies were last met while it was pending. */
  readonly readyAt?: number;
  /** When its back-off after a failed attempt ends. Only a pending task has one. */
  readonly retryAt?: number;
  /** When the current or last attempt was claimed. */
  readonly startedAt?: number;
  /**
   * When the lease ends, unless the holder calls before. Without `timeoutMs` and `leaseMs`: when it goes back, as its
   * session ended.
   */
  readonly leaseUntil?: number;
  /** If a client without a session claimed it: the length of the lease while it has no `timeoutMs`, in milliseconds. */
  readonly leaseMs?: number;
  /**
   * The session of its holder. Without `timeoutMs`, the holder has it as long as this client is connected. Absent if it
   * ended, until the instance calls in another one.
   */
  readonly session?: string;
  readonly progress?: Progress;
  /** When it was completed, failed, cancelled or skipped. */
  readonly finishedAt?: number;
  /** The attempts before the current one (the newest few). */
  readonly pastAttempts?: readonly Attempt[];
  /** The instances that completed an attempt before the current one, each once, the last one last (the newest few). */
  readonly pastAuthors?: readonly string[];
  /** The total duration of all past attempts, in milliseconds. */
  readonly workedMs?: number;
  /** Who cancelled it. Absent in tasks that were cancelled by versions before 1.4. */
  readonly cancelledBy?: Actor;
  /** The newest notes, the oldest of them first. */
  readonly notes?: readonly Note[];
  /** How many older notes were dropped; 0 if absent. */
  readonly notesDropped?: number;
  /** How many of its notes the holder has been told of, those that were dropped included; 0 if absent. */
  readonly notesTold?: number;
  /** Its deadline has passed while it was open. */
  readonly overdue?: true;
}

/** A task with what is derived from its place in the graph. */
export interface TaskView extends Omit<Task, "notesTold" | "keptVerdicts"> {
  /** Only of a pending task. */
  readonly readiness?: Readiness;
  /** Only of a waiting or blocked task: the dependencies that keep it from being ready (the first few). */
  readonly waitingFor?: readonly string[];
  /** Only of a limited task: the groups and locks that limit it (the first few). */
  readonly limitedBy?: readonly string[];
  /** Only of a delayed task: when it can be claimed. */
  readonly delayedUntil?: number;
}

/** A filter of tasks; a task must match all given fields. */
export interface TaskFilter {
  /** Statuses, or readiness of pending tasks. */
  readonly status?: readonly (TaskStatus | Readiness)[];
  readonly assignedTo?: string;
  readonly group?: string;
  readonly priority?: Priority;
  readonly overdue?: boolean;
  readonly ids?: readonly string[];
}

/** Until when a task is delayed by `not_before` and back-off, in milliseconds since the Unix epoch; 0 if it is not. */
export function delayedUntilOf({ notBefore = 0, retryAt = 0 }: Pick<Task, "notBefore" | "retryAt">): number {
  return Math.max(notBefore, retryAt);
}

/** Who holds a task, for an event that says so. */
export function holderOf({ status, assignedTo }: Task): { readonly instance?: string } {
  return status === "in_progress" && assignedTo !== undefined ? { instance: assignedTo } : {};
}

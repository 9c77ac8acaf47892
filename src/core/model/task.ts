/**
 * The things the product is about: tasks, groups, instances, templates. Plain immutable data; a change makes a new
 * object, so that whoever holds one (a view, a checkpoint under way) never sees it change.
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

/** What can be said of a group. */
export interface GroupSettings {
  readonly title?: string;
  /** Most of its tasks in progress at the same time; unlimited if absent. */
  readonly maxParallel?: number;
  /** None of its tasks can be claimed while it is paused. */
  readonly paused?: boolean;
}

/** A set of tasks. */
export interface Group extends GroupSettings {
  readonly id: string;
  readonly createdAt: number;
  /** The template that it was made from. */
  readonly template?: { readonly name: string; readonly version: number };
}

/** `draining`: finishes what it holds and takes nothing more. `lost`: gave no sign of life in time. */
export type InstanceStatus = "active" | "draining" | "lost" | "left";

/** What an instance says of itself. */
export interface InstanceSettings {
  readonly roles?: readonly string[];
  readonly capabilities?: readonly string[];
  /** Most tasks that it holds at the same time; unlimited if absent. */
  readonly maxConcurrent?: number;
  /** How long it may go without a sign of life; forever if absent. In milliseconds. */
  readonly ttlMs?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** An agent process that has registered. */
export interface Instance extends InstanceSettings {
  readonly id: string;
  readonly status: InstanceStatus;
  readonly registeredAt: number;
  /** When it last gave a journalled sign of life. */
  readonly seenAt: number;
  /** When it is taken for lost. */
  readonly expiresAt?: number;
  /** The tasks that it lost (the first few), until it has been told. */
  readonly lostTasks?: readonly string[];
}

/** A blank in a template. */
export interface TemplateParameter {
  readonly name: string;
  readonly description?: string;
  readonly default?: string;
  /** Must be given, if there is no default. */
  readonly required?: boolean;
}

/** A task of a template. Its times can be said from when the template is applied. */
export interface TemplateTask extends NewTask {
  readonly notBeforeMs?: number;
  readonly deadlineMs?: number;
}

/** What a caller says of a template: tasks with `{{name}}` in their texts, for each parameter. */
export interface NewTemplate {
  readonly name: string;
  readonly description?: string;
  readonly parameters: readonly TemplateParameter[];
  /** They name each other without the prefix that they get when the template is applied; none has a group. */
  readonly tasks: readonly TemplateTask[];
}

/** One version of a template; it never changes. */
export interface Template extends NewTemplate {
  /** 1, 2, 3… */
  readonly version: number;
  /** Absent of what ships with the program. */
  readonly createdAt?: number;
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

/** How a group stands. */
export interface GroupView extends Group {
  readonly total: number;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  /** How many of its pending tasks are limited, if any are. */
  readonly limited?: number;
  /** Share of its tasks that are completed or skipped, in whole per cent, rounded down. */
  readonly percent: number;
  /** `empty`; `done`: all tasks completed or skipped; `failed`: all ended, some otherwise; else what is to be done. */
  readonly status: "empty" | "paused" | "open" | "blocked" | "failed" | "done";
}

/** An instance with what it holds. */
export interface InstanceView extends Instance {
  readonly holding: readonly string[];
  readonly holdingCount: number;
}

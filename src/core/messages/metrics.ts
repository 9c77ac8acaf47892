/** What the queries of metrics ask and answer. All durations are milliseconds; all times milliseconds since the Unix epoch. */

import type { DurationCount } from "../model/sketch.ts";
import type { TaskStatus } from "../model/status.ts";
import type { AttemptOutcome } from "../model/task.ts";

export interface MetricsOptions {
  /** Only what was done in this group. */
  readonly group?: string;
  /** Most groups and most instances that are listed. */
  readonly limit: number;
}

/** What was done, and what is under way. */
export interface Metrics extends Work {
  /** Present tasks by status. */
  readonly tasks: Readonly<Record<TaskStatus, number>>;
  /** The newest hours and days of UTC, the oldest first, without gaps. */
  readonly hours: readonly PeriodMetrics[];
  readonly days: readonly PeriodMetrics[];
  /** Those that worked longest, first. */
  readonly instances: readonly InstanceMetrics[];
  readonly instanceCount: number;
  /** Those with the most tasks in progress and pending, first; none if the metrics are those of one group. */
  readonly groups: readonly GroupMetrics[];
  readonly groupCount: number;
}

/** How long work took. */
export interface Work {
  /** How many attempts ended in each way. */
  readonly outcomes: Readonly<Record<AttemptOutcome, number>>;
  /** From creation to completion. */
  readonly leadMs: Quantiles;
  /** From the time when a task could be claimed to its claim. */
  readonly queueMs: Quantiles;
  /** Of completed attempts, from claim to completion. */
  readonly runMs: Quantiles;
}

/** Running totals of all that was done, and the state of the queue, for monitoring. */
export interface Totals {
  /** How many attempts ended in each way. */
  readonly outcomes: Work["outcomes"];
  /** From the time when a task could be claimed to its claim: one for each claim. */
  readonly queues: readonly DurationCount[];
  /** Of completed attempts, from claim to completion. */
  readonly runs: readonly DurationCount[];
  /** From creation to completion. */
  readonly leads: readonly DurationCount[];
  /** How long the oldest task that can be claimed has been waiting for that; absent if there is none. */
  readonly oldestReadyMs?: number;
  /** The same of tasks that only a paused or full group, or a taken lock, keeps from being claimed. */
  readonly oldestLimitedMs?: number;
  /** Client sessions that keep tasks. */
  readonly sessions: number;
  readonly isPaused: boolean;
}

/** Quantiles of some durations, within 5 %; absent if there are none. */
export interface Quantiles {
  readonly count: number;
  readonly p50?: number;
  readonly p90?: number;
}

export interface PeriodMetrics {
  readonly at: number;
  readonly created: number;
  readonly claimed: number;
  readonly completed: number;
  readonly failed: number;
  readonly dropped: number;
  /** The mean time from creation to completion; absent if nothing was completed. */
  readonly leadMs?: number;
  /** Tasks that were pending or in progress at the end, or are now. */
  readonly open: number;
  /** Tasks that were in progress at the end, or are now. */
  readonly inProgress: number;
}

export interface InstanceMetrics {
  readonly instance: string;
  readonly completed: number;
  readonly failed: number;
  /** Attempts that expired or were lost. */
  readonly timedOut: number;
  readonly runMs: Quantiles;
  /** Time worked, by the time since its first claim: more than 1 if it works on several tasks at a time. */
  readonly busyShare: number;
  /** How many tasks it holds. */
  readonly holding: number;
}

export interface GroupMetrics extends Pick<Work, "leadMs" | "runMs"> {
  readonly group: string;
  readonly open: number;
  readonly inProgress: number;
  readonly completed: number;
}

/** The times and attempts of one task. */
export interface TaskMetrics {
  readonly id: string;
  readonly status: TaskStatus;
  /** From its creation to its end, or to now. */
  readonly totalMs: number;
  /** During which an instance held it. */
  readonly runningMs: number;
  /** The rest: it waited for dependencies, a time, or an instance. */
  readonly waitingMs: number;
  /** From the time when its dependencies were met to its first claim, or to now; absent if they are not met. */
  readonly queuedMs?: number;
  /** Attempts by how they ended; the newest few of a task that had many. */
  readonly attempts: Readonly<Partial<Record<AttemptOutcome | "running", number>>>;
}

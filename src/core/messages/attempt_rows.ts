/** The attempts at tasks as columns, for clients that draw many of them. All times are milliseconds since the Unix epoch. */

/** What `outcome` of an attempt means, by its number. */
export const ROW_OUTCOMES = ["running", "completed", "failed", "expired", "lost", "released", "cancelled"] as const;

export interface AttemptRowsOptions {
  /** Only attempts that ran at this time or later. */
  readonly since?: number;
  /** Only attempts that began before this time. */
  readonly until?: number;
  readonly limit: number;
  /** `next` of the page before. */
  readonly cursor?: string;
}

/** Attempts, the newest start first; every column from `task` on has one entry an attempt. */
export interface AttemptRows {
  readonly seq: number;
  readonly now: number;
  /** The tasks and instances that `task` and `instance` name by their indexes. */
  readonly ids: readonly string[];
  readonly instances: readonly string[];
  readonly groups: readonly string[];
  readonly task: readonly number[];
  /** The group of the task, an index into `groups`, or -1. */
  readonly group: readonly number[];
  /** The number of the attempt. */
  readonly attempt: readonly number[];
  readonly instance: readonly number[];
  readonly start: readonly number[];
  /** 0 if it runs. */
  readonly end: readonly number[];
  /** Index into `ROW_OUTCOMES`. */
  readonly outcome: readonly number[];
  /** Since when the task could be claimed; 0 for all attempts but the present or last one of a task. */
  readonly queued: readonly number[];
  /** The cursor of the next page; absent on the last one. */
  readonly next?: string;
}

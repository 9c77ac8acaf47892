/**
 * Groups: sets of tasks that are limited, paused and waited for together.
 */

import type { TaskStatus } from "./status.ts";

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

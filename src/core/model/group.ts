/**
 * Groups: sets of tasks with a common limit and pause, on which other tasks can depend as a whole.
 */

import type { EndStatus, TaskStatus } from "./status.ts";

/** The settings of a group. */
export interface GroupSettings {
  readonly title?: string;
  /** How many of its tasks may be in progress at the same time; unlimited if absent. */
  readonly maxParallel?: number;
  /** While true, none of its tasks can be claimed. */
  readonly paused?: boolean;
  /** What all of its tasks share. An instance gets it with its first claim of one of them. */
  readonly preamble?: string;
  /** The audiences that see the group and its tasks, sorted; all see them if absent. */
  readonly visibleTo?: readonly string[];
}

/** A set of tasks. */
export interface Group extends GroupSettings {
  readonly id: string;
  readonly createdAt: number;
  /** The template that created it; of a built-in one, `version` is 0 and `builtinVersion` the program's version of it. */
  readonly template?: { readonly name: string; readonly version: number; readonly builtinVersion?: number };
  /** The instances that have got the present preamble, the first one first (the last few). Not shown. */
  readonly preambleTo?: readonly string[];
  /** How many of its tasks were archived, by the statuses in which they ended; absent if none was. */
  readonly archived?: Readonly<Partial<Record<EndStatus, number>>>;
}

/** A group with what is derived from its tasks. */
export interface GroupView extends Omit<Group, "preambleTo"> {
  /** Archived tasks count, too, here and in `counts` and `percent`. */
  readonly total: number;
  readonly counts: Readonly<Record<TaskStatus, number>>;
  /** How many of its pending tasks are limited; absent if none is. */
  readonly limited?: number;
  /** Share of its tasks that are completed or skipped, in whole per cent, rounded down. */
  readonly percent: number;
  /**
   * `empty`: no tasks. `done`: all completed or skipped. `failed`: all ended, some in another way. `paused`. `blocked`:
   * none runs and all pending tasks are blocked. `open`: anything else.
   */
  readonly status: "empty" | "paused" | "open" | "blocked" | "failed" | "done";
}

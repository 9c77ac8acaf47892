/**
 * The tasks of a plan as columns, for clients that show all of them: a tenth of the bytes of a list of objects. All times
 * are milliseconds since the Unix epoch, and 0 where there is none.
 */

import { END_STATUSES, READINESSES } from "../model/status.ts";

/** What `status` of a row means, by its number. */
export const ROW_STATUSES = [...READINESSES, "in_progress", ...END_STATUSES] as const;

/** The bits of `flags`. */
export const ROW_FLAGS = {
  /** Open, and its deadline has passed. */
  overdue: 1,
  hasNotes: 2,
  hasResult: 4,
  /** `assign_to` reserves it, or keeps it from some. */
  isAssigned: 8,
} as const;

/** The bits of `kind` and `group_kind`; 0 for a dependency that must be completed. */
export const EDGE_KINDS = {
  /** Another outcome than `completed` is required. */
  otherOutcome: 1,
  /** The result decides. */
  onResult: 2,
  /** Not all of its kind need be met: a part of `any` or `at_least`, or some tasks of a group. */
  alternative: 4,
} as const;

/** Most characters of a title. */
export const MAX_TITLE_CHARACTERS = 100;

/** Most characters of what an edge asks for. */
export const MAX_ASK_CHARACTERS = 40;

/**
 * Every column has one entry a row. Rows are in the order of creation. What would name something by its text names it by
 * its index in `ids`, `groups` or `instances`, and is -1 if there is nothing.
 */
export interface PlanRows {
  /** The last record of which the rows know. */
  readonly seq: number;
  readonly now: number;
  /** How many tasks the caller sees, with a row here or not. */
  readonly total: number;
  /** How many of `ids` are rows: the first ones. The others are tasks on which rows depend. */
  readonly rows: number;
  readonly ids: readonly string[];
  readonly groups: readonly string[];
  readonly instances: readonly string[];
  /** The first line of each description. */
  readonly title: readonly string[];
  readonly status: readonly number[];
  readonly group: readonly number[];
  /** The present or last one. */
  readonly holder: readonly number[];
  /** The place in `PRIORITIES`. */
  readonly priority: readonly number[];
  readonly attempt: readonly number[];
  /** -1 unless the holder has told one. */
  readonly percent: readonly number[];
  readonly version: readonly number[];
  readonly created: readonly number[];
  /** Of the present or last attempt. */
  readonly started: readonly number[];
  readonly finished: readonly number[];
  readonly lease: readonly number[];
  readonly deadline: readonly number[];
  readonly flags: readonly number[];
  /** The edges: the row `to` depends on the task `from`. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly kind: readonly number[];
  /** What edges ask for besides completion, like `on failed` or `verdict = changes`. */
  readonly asks: readonly (readonly [edge: number, text: string])[];
  /** The edges from groups: the row `group_to` depends on the group `group_from`. */
  readonly group_from: readonly number[];
  readonly group_to: readonly number[];
  readonly group_kind: readonly number[];
  readonly group_asks: readonly (readonly [edge: number, text: string])[];
  /** What rows need of their alternatives, like `any`, `2 of 3` or `60% of build`. */
  readonly joins: readonly (readonly [row: number, need: string])[];
}

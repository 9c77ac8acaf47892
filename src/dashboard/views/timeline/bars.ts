/** Attempts as bars: who had which task from when to when, and how that ended. */

import type { AttemptRows } from "../../api/types.ts";
import type { Status } from "../../plan/statuses.ts";

/** In the order of the numbers by which `GET /attempts` names them. */
export const OUTCOMES = ["running", "completed", "failed", "expired", "lost", "released", "cancelled"] as const;

export type Outcome = typeof OUTCOMES[number];

/** The status whose colour and glyph an outcome has. */
export const OUTCOME_LOOKS: Readonly<Record<Outcome, Status>> = {
  running: "in_progress",
  completed: "completed",
  failed: "failed",
  expired: "delayed",
  lost: "blocked",
  released: "skipped",
  cancelled: "cancelled",
};

export const OUTCOME_WORDS: Readonly<Record<Outcome, string>> = {
  running: "Running",
  completed: "Completed",
  failed: "Failed",
  expired: "Expired",
  lost: "Lost",
  released: "Released",
  cancelled: "Cancelled",
};

/** All times are milliseconds since the Unix epoch. */
export interface Bar {
  readonly key: string;
  readonly id: string;
  readonly attempt: number;
  readonly instance: string;
  /** "" for none. */
  readonly group: string;
  readonly start: number;
  /** `Infinity` while it runs. */
  readonly end: number;
  readonly outcome: Outcome;
  /** Since when the task could be claimed; 0 if that is not known. */
  readonly queued: number;
}

export type Bars = ReadonlyMap<string, Bar>;

/** The bars with those of an answer, which replace what was known of the same attempts. O(bars + rows). */
export function merged(bars: Bars, rows: AttemptRows): Bars {
  const all = new Map(bars);
  for (const [row, task] of rows.task.entries()) {
    const id = rows.ids[task] ?? "";
    const attempt = rows.attempt[row] ?? 0;
    const key = `${attempt} ${id}`;
    all.set(key, {
      key,
      id,
      attempt,
      instance: rows.instances[rows.instance[row] ?? -1] ?? "",
      group: rows.groups[rows.group[row] ?? -1] ?? "",
      start: rows.start[row] ?? 0,
      end: rows.end[row] || Infinity,
      outcome: OUTCOMES[rows.outcome[row] ?? 0] ?? "running",
      queued: rows.queued[row] ?? 0,
    });
  }
  return all;
}

/** The end of what is drawn of a bar: a running one grows with the time. */
export function endOf({ start, end }: Bar, now: number): number {
  return Math.max(start, Math.min(end, now));
}

/** Which bars are shown, by the parameters of the address; "" shows all. */
export interface BarFilter {
  readonly instance: string;
  readonly group: string;
  readonly outcome: string;
  /** `first` or `retries`. */
  readonly tries: string;
}

export function readBarFilter(params: Readonly<Record<string, string>>): BarFilter {
  const { instance = "", group = "", outcome = "", tries = "" } = params;
  return { instance, group, outcome, tries };
}

export function passes(bar: Bar, { instance, group, outcome, tries }: BarFilter): boolean {
  return (instance === "" || bar.instance === instance) &&
    (group === "" || bar.group === group) &&
    (outcome === "" || bar.outcome === outcome) &&
    (tries === "" || (tries === "first") === (bar.attempt === 1));
}

/**
 * Statistics of what was done: a fold of the changes of tasks, kept for each group and for the tasks without one, so that
 * what a caller may not see can be left out. A change costs O(1), and a group holds a bounded number of periods, instances
 * and buckets, however long its history is. What a task itself tells (its times, its attempts) is not repeated here.
 *
 * What was done stays with the group that the task was in at that time; the open tasks go along when a task moves.
 */

import { MAX_MEASURED_DAYS, MAX_MEASURED_HOURS, MAX_MEASURED_INSTANCES } from "../model/limits.ts";
import { EMPTY_SKETCH, type Sketch, withDuration } from "../model/sketch.ts";
import type { TaskStatus } from "../model/status.ts";
import { type AttemptOutcome, delayedUntilOf, type Task } from "../model/task.ts";

/** How many attempts ended in each way. An expired one that its holder completed all the same counts as both. */
export type Outcomes = Readonly<Record<AttemptOutcome, number>>;

/** What happened within an hour or a day of UTC. */
export interface Period extends PeriodCounts {
  /** Its start, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** Numbers of tasks; `leadMs` is the time from creation to completion of all tasks completed, in milliseconds. */
export interface PeriodCounts {
  readonly created: number;
  readonly claimed: number;
  readonly completed: number;
  readonly failed: number;
  /** Cancelled or skipped. */
  readonly dropped: number;
  readonly leadMs: number;
  /** How many more tasks were pending or in progress at the end than at the start. */
  readonly openChange: number;
  /** How many more tasks were in progress at the end than at the start. */
  readonly runningChange: number;
}

/** What an instance did in one group. All times are milliseconds since the Unix epoch. */
export interface Work {
  readonly instance: string;
  readonly outcomes: Outcomes;
  /** The durations of the attempts that it completed. */
  readonly runs: Sketch;
  /** The duration of all its attempts that are over, in milliseconds. */
  readonly busyMs: number;
  /** The start of the attempt that ended first. */
  readonly firstAt: number;
  /** The end of its last attempt. */
  readonly lastAt: number;
}

/** The statistics of one group. */
export interface Statistics {
  outcomes: Outcomes;
  /** From creation to completion. */
  leads: Sketch;
  /** From the time when a task could be claimed to its claim. */
  queues: Sketch;
  /** The durations of completed attempts. */
  runs: Sketch;
  /** The newest ones in which something happened, the oldest of them first. */
  hours: readonly Period[];
  days: readonly Period[];
  /** By instance, the one whose attempt ended last at the end. */
  readonly work: Map<string, Work>;
}

/** The statistics of a group in a snapshot; of the tasks without one if `group` is absent. */
export interface SavedStatistics extends Readonly<Omit<Statistics, "work">> {
  readonly group?: string;
  readonly work: readonly Work[];
}

/** What has statistics: a group, or the state for the tasks without one. */
export interface Measured {
  /** Undefined until something happens. */
  statistics: Statistics | undefined;
}

/** Milliseconds in the two lengths of periods. */
export const HOUR_MS = 60 * 60_000;
export const DAY_MS = 24 * HOUR_MS;

export const NO_OUTCOMES: Outcomes = { completed: 0, failed: 0, expired: 0, lost: 0, released: 0, cancelled: 0 };

/** Where a change of a task of a group, or of none, is noted; undefined if nothing is. */
export function measuredIn(
  state: Measured & { readonly isMeasured: boolean },
  group: Measured | undefined,
): Measured | undefined {
  return state.isMeasured ? group ?? state : undefined;
}

/** Notes a new task, created or imported. */
export function noteNew(measured: Measured | undefined, { status }: Pick<Task, "status">, at: number): void {
  if (measured !== undefined) notePeriod(statisticsOf(measured), at, { created: 1, ...opened(status, 1) });
}

/** Notes that a task came into a group, or left it (`change` -1), also as it was deleted. */
export function noteMove(
  measured: Measured | undefined,
  { status }: Pick<Task, "status">,
  at: number,
  change: 1 | -1,
): void {
  if (measured !== undefined && isOpen(status)) notePeriod(statisticsOf(measured), at, opened(status, change));
}

/** Notes what a change of a task's status means: a claim, the end of an attempt, the end of the task or its reopening. */
export function noteChange(measured: Measured | undefined, before: Task, after: Task, at: number): void {
  if (measured === undefined || before.status === after.status) return;
  const statistics = statisticsOf(measured);
  notePeriod(statistics, at, {
    ...endOf(after, at),
    ...(after.status === "in_progress" && { claimed: 1 }),
    openChange: Number(isOpen(after.status)) - Number(isOpen(before.status)),
    runningChange: Number(after.status === "in_progress") - Number(before.status === "in_progress"),
  });
  if (after.status === "in_progress") {
    const since = Math.max(before.pendingAt, before.readyAt ?? 0, delayedUntilOf(before));
    statistics.queues = withDuration(statistics.queues, Math.max(0, at - since));
  } else noteAttempt(statistics, before, after, at);
  if (after.status === "completed") {
    statistics.leads = withDuration(statistics.leads, Math.max(0, at - after.createdAt));
  }
}

/** A copy that later changes do not touch. O(instances). */
export function savedStatistics({ work, ...rest }: Readonly<Statistics>, group?: string): SavedStatistics {
  return { ...(group !== undefined && { group }), ...rest, work: Array.from(work.values()) };
}

export function restoredStatistics({ group: _, work, ...rest }: SavedStatistics): Statistics {
  return { ...rest, work: new Map(work.map((each) => [each.instance, each])) };
}

/** The statistics after the clock was corrected: what happened later than `to` counts as of that time. */
export function correctedStatistics(
  saved: SavedStatistics,
  to: number,
): SavedStatistics {
  return {
    ...saved,
    hours: clamped(saved.hours, to - to % HOUR_MS),
    days: clamped(saved.days, to - to % DAY_MS),
    work: saved.work.map((each) => {
      return { ...each, firstAt: Math.min(each.firstAt, to), lastAt: Math.min(each.lastAt, to) };
    }),
  };
}

/** The numbers of two periods together. */
export function addCounts(a: PeriodCounts, b: Partial<PeriodCounts>): PeriodCounts {
  return {
    created: a.created + (b.created ?? 0),
    claimed: a.claimed + (b.claimed ?? 0),
    completed: a.completed + (b.completed ?? 0),
    failed: a.failed + (b.failed ?? 0),
    dropped: a.dropped + (b.dropped ?? 0),
    leadMs: a.leadMs + (b.leadMs ?? 0),
    openChange: a.openChange + (b.openChange ?? 0),
    runningChange: a.runningChange + (b.runningChange ?? 0),
  };
}

export const NO_COUNTS: PeriodCounts = {
  created: 0,
  claimed: 0,
  completed: 0,
  failed: 0,
  dropped: 0,
  leadMs: 0,
  openChange: 0,
  runningChange: 0,
};

function statisticsOf(measured: Measured): Statistics {
  return measured.statistics ??= {
    outcomes: NO_OUTCOMES,
    leads: EMPTY_SKETCH,
    queues: EMPTY_SKETCH,
    runs: EMPTY_SKETCH,
    hours: [],
    days: [],
    work: new Map(),
  };
}

function notePeriod(statistics: Statistics, at: number, counts: Partial<PeriodCounts>): void {
  statistics.hours = counted(statistics.hours, at - at % HOUR_MS, counts).slice(-MAX_MEASURED_HOURS);
  statistics.days = counted(statistics.days, at - at % DAY_MS, counts).slice(-MAX_MEASURED_DAYS);
}

/** The periods with more in the one that starts at `at`, which is the last one or follows it. */
function counted(periods: readonly Period[], at: number, counts: Partial<PeriodCounts>): readonly Period[] {
  const last = periods.at(-1);
  if (last?.at === at) return periods.with(-1, { at, ...addCounts(last, counts) });
  return [...periods, { at, ...addCounts(NO_COUNTS, counts) }];
}

/** The periods with those after the one that starts at `at` counted in it. */
function clamped(periods: readonly Period[], at: number): readonly Period[] {
  const later = periods.filter((period) => period.at > at);
  const kept = periods.slice(0, periods.length - later.length);
  return later.reduce<readonly Period[]>((sum, { at: _, ...counts }) => counted(sum, at, counts), kept);
}

/** What the end of a task adds to its period. */
function endOf({ status, createdAt }: Task, at: number): Partial<PeriodCounts> {
  if (status === "completed") return { completed: 1, leadMs: Math.max(0, at - createdAt) };
  if (status === "failed") return { failed: 1 };
  return status === "cancelled" || status === "skipped" ? { dropped: 1 } : {};
}

/** Notes the end of an attempt, if one ended: also of one that had expired or was lost, and is completed late. */
function noteAttempt(statistics: Statistics, before: Task, after: Task, at: number): void {
  const { startedAt = at, assignedTo } = before.status === "in_progress" ? before : after;
  if (assignedTo === undefined || (before.status !== "in_progress" && after.status !== "completed")) return;
  // What a late completion adds to the time that was counted when the attempt expired.
  const busyFrom = before.status === "in_progress" ? startedAt : before.pastAttempts?.at(-1)?.endedAt ?? at;
  const outcome = outcomeOf(after);
  const durationMs = Math.max(0, at - startedAt);
  statistics.outcomes = oneMore(statistics.outcomes, outcome);
  if (outcome === "completed") statistics.runs = withDuration(statistics.runs, durationMs);
  const known = statistics.work.get(assignedTo);
  const { outcomes = NO_OUTCOMES, runs = EMPTY_SKETCH, busyMs = 0, firstAt = startedAt } = known ?? {};
  statistics.work.delete(assignedTo);
  statistics.work.set(assignedTo, {
    instance: assignedTo,
    outcomes: oneMore(outcomes, outcome),
    runs: outcome === "completed" ? withDuration(runs, durationMs) : runs,
    busyMs: busyMs + Math.max(0, at - busyFrom),
    firstAt: Math.min(firstAt, startedAt),
    lastAt: at,
  });
  const [oldest] = statistics.work.keys();
  if (statistics.work.size > MAX_MEASURED_INSTANCES && oldest !== undefined) statistics.work.delete(oldest);
}

/** How the attempt of a task that is no longer in progress ended. */
function outcomeOf({ status, attempt, pastAttempts }: Task): AttemptOutcome {
  if (status === "completed" || status === "cancelled") return status;
  const last = pastAttempts?.at(-1);
  return last?.attempt === attempt ? last.outcome : "failed";
}

function oneMore(outcomes: Outcomes, outcome: AttemptOutcome): Outcomes {
  return { ...outcomes, [outcome]: outcomes[outcome] + 1 };
}

function opened(status: TaskStatus, change: 1 | -1): Partial<PeriodCounts> {
  return { openChange: isOpen(status) ? change : 0, runningChange: status === "in_progress" ? change : 0 };
}

function isOpen(status: TaskStatus): boolean {
  return status === "pending" || status === "in_progress";
}

/** The attempts that a caller sees, of all tasks: the present or last one of each, and those that it remembers. */

import { type AttemptRows, type AttemptRowsOptions, ROW_OUTCOMES } from "../messages/attempt_rows.ts";
import { Refusal } from "../model/refusal.ts";
import { delayedUntilOf, type Task } from "../model/task.ts";
import type { ReadonlyState } from "../state/state.ts";
import { Table } from "./table.ts";

/** An attempt by what orders it: the newest start first, then the ids of tasks, then the newest attempt first. */
interface Key {
  readonly start: number;
  readonly id: string;
  readonly attempt: number;
}

interface Row extends Key {
  readonly task: Task;
  readonly instance: string;
  /** 0 if it runs. */
  readonly end: number;
  readonly outcome: typeof ROW_OUTCOMES[number];
  readonly queued: number;
}

/**
 * A page of attempts.
 *
 * O(tasks + their attempts), and O(n log n) for the n that start no earlier than the last one of the page.
 *
 * @throws Refusal if the cursor is malformed
 */
export function listAttempts(state: ReadonlyState, options: AttemptRowsOptions, now: number): AttemptRows {
  const { since = 0, until = Infinity, limit } = options;
  const after = options.cursor === undefined ? undefined : keyOf(options.cursor);
  const found: Row[] = [];
  for (const { task } of state.tasks.values()) {
    for (const row of attemptsOf(task)) {
      if (row.start >= until || (row.end !== 0 && row.end < since)) continue;
      if (after === undefined || compare(row, after) > 0) found.push(row);
    }
  }
  const page = firstOf(found, limit);
  const last = page.at(-1);
  const tasks = new Table<string>();
  const instances = new Table<string>();
  const groups = new Table<string>();
  return {
    seq: state.seq,
    now,
    task: page.map(({ id }) => tasks.indexOf(id)),
    group: page.map(({ task }) => groups.indexOf(task.group)),
    attempt: page.map(({ attempt }) => attempt),
    instance: page.map(({ instance }) => instances.indexOf(instance)),
    start: page.map(({ start }) => start),
    end: page.map(({ end }) => end),
    outcome: page.map(({ outcome }) => ROW_OUTCOMES.indexOf(outcome)),
    queued: page.map(({ queued }) => queued),
    ids: tasks.entries,
    instances: instances.entries,
    groups: groups.entries,
    ...(last !== undefined && page.length < found.length && { next: cursorOf(last) }),
  };
}

/** The attempts of one task, the oldest first. */
function attemptsOf(task: Task): readonly Row[] {
  const { id, pastAttempts = [] } = task;
  const own = ownAttempt(task);
  return [
    // An attempt that expired and was completed late is among the past ones, too.
    ...pastAttempts.filter(({ attempt }) => attempt !== own?.attempt).map((past): Row => {
      const { attempt, instance, startedAt, endedAt, outcome } = past;
      return { id, task, attempt, instance, start: startedAt, end: endedAt, outcome, queued: 0 };
    }),
    ...own === undefined ? [] : [own],
  ];
}

/** The attempt that runs, or with which the task ended; undefined if it is only among the past ones. */
function ownAttempt(task: Task): Row | undefined {
  const { id, status, attempt, assignedTo, startedAt, finishedAt, pastAttempts } = task;
  if (assignedTo === undefined || startedAt === undefined) return undefined;
  if (status === "pending" || status === "skipped") return undefined;
  if (status !== "completed" && pastAttempts?.at(-1)?.attempt === attempt) return undefined;
  const { pendingAt, readyAt = 0 } = task;
  return {
    id,
    task,
    attempt,
    instance: assignedTo,
    start: startedAt,
    end: status === "in_progress" ? 0 : finishedAt ?? startedAt,
    outcome: status === "in_progress" ? "running" : status,
    queued: Math.min(startedAt, Math.max(pendingAt, readyAt, delayedUntilOf(task))),
  };
}

/** The first `limit` rows in order. Sorts no more of them than start as late as the last one. */
function firstOf(rows: readonly Row[], limit: number): readonly Row[] {
  const starts = Float64Array.from(rows, ({ start }) => start).sort();
  const least = starts[Math.max(0, starts.length - limit)] ?? 0;
  return rows.filter(({ start }) => start >= least).sort(compare).slice(0, limit);
}

function compare(a: Key, b: Key): number {
  return b.start - a.start || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0) || b.attempt - a.attempt;
}

/** Names only what its caller has seen. */
function cursorOf({ start, attempt, id }: Key): string {
  return `${start.toString(36)}:${attempt.toString(36)}:${id}`;
}

function keyOf(cursor: string): Key {
  const [, start, attempt, id] = /^([0-9a-z]{1,11}):([0-9a-z]{1,11}):([^]+)$/.exec(cursor) ?? [];
  if (start === undefined || attempt === undefined || id === undefined) {
    throw new Refusal("invalid_value", "Cursor is not valid: use next of the previous page, or omit it");
  }
  return { start: parseInt(start, 36), attempt: parseInt(attempt, 36), id };
}

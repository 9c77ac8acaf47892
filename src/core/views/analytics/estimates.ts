/**
 * How long tasks take: as their `estimateMs` says, else by those that were completed: the tasks of the same group and
 * requirement if there are enough of them, else those of the same requirement, else all. The newest ones count.
 */

import type { EstimateSource } from "../../messages/analysis.ts";
import type { Task } from "../../model/task.ts";

/** Durations of completed tasks of one kind, the oldest first, in milliseconds. Never empty, and none is 0. */
export type Samples = readonly number[];

/** How long a task is expected to take. */
export interface Estimate {
  /** The same list for all tasks of a kind. */
  readonly samples: Samples;
  /** How many times as long as these the task takes: 1, unless it has an estimate of its own. */
  readonly scale: number;
  /** The median of the scaled samples, in milliseconds. */
  readonly medianMs: number;
  readonly source: EstimateSource;
}

/** Most durations that are kept of one kind of tasks, the newest. */
const MAX_SAMPLES = 200;

/** Fewest durations of one kind that are used in place of those of all tasks. */
const MIN_SAMPLES = 3;

/** How long a task takes of which nothing is known, in milliseconds. */
const ASSUMED_MS = 10 * 60_000;

const ASSUMED: Estimate = { samples: [ASSUMED_MS], scale: 1, medianMs: ASSUMED_MS, source: "assumed" };

/** Gathers the durations of completed tasks. */
export class Estimates {
  readonly #kinds = new Map<string, number[]>();
  readonly #known = new Map<string, Estimate>();

  /** Adds a task, if it was completed by an attempt whose times are known. */
  add(task: Task): void {
    const durationMs = measuredMs(task);
    if (durationMs === undefined) return;
    for (const { key } of kindsOf(task)) {
      const durations = this.#kinds.get(key) ?? [];
      durations.push(durationMs);
      if (durations.length > 2 * MAX_SAMPLES) durations.splice(0, MAX_SAMPLES);
      this.#kinds.set(key, durations);
    }
  }

  /** To be called once all tasks are added. */
  of(task: Task): Estimate {
    const like = this.#like(task);
    const { estimateMs } = task;
    if (estimateMs === undefined) return like;
    return { samples: like.samples, scale: estimateMs / like.medianMs, medianMs: estimateMs, source: "estimate_ms" };
  }

  /** By the tasks like this one. */
  #like(task: Task): Estimate {
    for (const { key, least, source } of kindsOf(task)) {
      const known = this.#known.get(key);
      if (known !== undefined) return known;
      const samples = (this.#kinds.get(key) ?? []).slice(-MAX_SAMPLES);
      if (samples.length < least) continue;
      const estimate = { samples, scale: 1, medianMs: medianOf(samples), source };
      this.#known.set(key, estimate);
      return estimate;
    }
    return ASSUMED;
  }
}

/**
 * How long the attempt took that completed a task; undefined if it is not completed, or its times are not known: those of
 * an imported task may all be the time of the import.
 */
export function measuredMs({ status, startedAt, finishedAt }: Task): number | undefined {
  if (status !== "completed" || startedAt === undefined || finishedAt === undefined) return undefined;
  return finishedAt > startedAt ? finishedAt - startedAt : undefined;
}

interface SampleKind {
  readonly key: string;
  readonly least: number;
  readonly source: EstimateSource;
}

/** The kinds that a task belongs to, the narrowest first. */
function kindsOf({ group, role, capabilities = [] }: Task): readonly SampleKind[] {
  const isPlain = role === undefined && capabilities.length === 0;
  if (isPlain && group === undefined) return ANY;
  const needs = isPlain ? "" : JSON.stringify([role, [...capabilities].sort()]);
  const kinds: SampleKind[] = [];
  if (group !== undefined) {
    kinds.push({ key: `${JSON.stringify(group)} ${needs}`, least: MIN_SAMPLES, source: "same group" });
  }
  if (!isPlain) kinds.push({ key: needs, least: MIN_SAMPLES, source: "same requirement" });
  return [...kinds, ...ANY];
}

/** The kind of every task. */
const ANY: readonly SampleKind[] = [{ key: "", least: 1, source: "all tasks" }];

function medianOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * How long tasks take, by those that were completed: the tasks of the same group and requirement if there are enough of
 * them, else those of the same requirement, else all. The newest ones count.
 */

import type { EstimateSource } from "../../messages/analysis.ts";
import type { Task } from "../../model/task.ts";

/** Durations of completed tasks, the oldest first, and where they come from. */
export interface Samples {
  /** Never empty. In milliseconds. */
  readonly durationsMs: readonly number[];
  readonly medianMs: number;
  readonly source: EstimateSource;
}

/** Most durations that are kept of one kind of tasks, the newest. */
const MAX_SAMPLES = 200;

/** Fewest durations of one kind that are used in place of those of all tasks. */
const MIN_SAMPLES = 3;

/** How long a task takes of which nothing is known, in milliseconds. */
const ASSUMED_MS = 10 * 60_000;

const ASSUMED: Samples = { durationsMs: [ASSUMED_MS], medianMs: ASSUMED_MS, source: "assumed" };

/** Gathers the durations of completed tasks. */
export class Estimates {
  readonly #kinds = new Map<string, number[]>();
  readonly #samples = new Map<string, Samples>();

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

  /** The durations of tasks like this one. To be called once all are added. */
  like(task: Task): Samples {
    for (const { key, least, source } of kindsOf(task)) {
      const known = this.#samples.get(key);
      if (known !== undefined) return known;
      const durationsMs = (this.#kinds.get(key) ?? []).slice(-MAX_SAMPLES);
      if (durationsMs.length < least) continue;
      const samples = { durationsMs, medianMs: medianOf(durationsMs), source };
      this.#samples.set(key, samples);
      return samples;
    }
    return ASSUMED;
  }
}

/** How long the attempt took that completed a task; undefined if it is not completed, or its times are not known. */
export function measuredMs({ status, startedAt, finishedAt }: Task): number | undefined {
  if (status !== "completed" || startedAt === undefined || finishedAt === undefined) return undefined;
  return Math.max(0, finishedAt - startedAt);
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

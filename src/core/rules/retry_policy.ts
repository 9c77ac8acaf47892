/**
 * What becomes of a task whose attempt did not succeed.
 */

import type { EventOf } from "../messages/events.ts";
import { MAX_DURATION_MS, MAX_TIME_MS } from "../model/limits.ts";
import type { Backoff, Task } from "../model/task.ts";

/** The pause before the first repetition unless a task says otherwise, in milliseconds; as in Temporal's retry policy. */
const INITIAL_INTERVAL_MS = 1_000;

/** By what each further pause is longer, and how many first ones it is at most. */
const COEFFICIENT = 2;

const MAX_INTERVALS = 100;

/**
 * The end of a held task's attempt: failed (retryable), expired or lost. The task goes back, after a pause unless it was
 * lost with its instance, or fails when its attempts are used up.
 */
export function endOfAttempt(
  task: Task,
  outcome: EventOf<"attempt.ended">["outcome"],
  now: number,
  error?: string,
): EventOf<"attempt.ended"> {
  const { id, attempt, assignedTo = "", failures = 0, maxAttempts = Infinity, backoff } = task;
  const ended = { type: "attempt.ended" as const, id, instance: assignedTo, attempt, outcome };
  if (failures + 1 >= maxAttempts) {
    return { ...ended, error: error ?? `${WORDS[outcome]}, and its ${maxAttempts} attempts are used up`, isLast: true };
  }
  const said = error === undefined ? ended : { ...ended, error };
  return outcome === "lost" ? said : { ...said, retryAt: timeAfter(now, pauseMs(backoff, failures)) };
}

const WORDS = { failed: "It failed", expired: "Its lease expired", lost: "Its instance was lost" } as const;

/** A time that has a date, whatever the clock says: `durationMs` after `now`, both in milliseconds. */
export function timeAfter(now: number, durationMs: number): number {
  return Math.min(now + durationMs, MAX_TIME_MS);
}

/** How long to wait after `failures` + 1 failed attempts, in milliseconds. */
function pauseMs(
  { initialIntervalMs = INITIAL_INTERVAL_MS, coefficient = COEFFICIENT, maxIntervalMs }: Backoff = {},
  failures: number,
): number {
  const most = Math.min(maxIntervalMs ?? MAX_INTERVALS * initialIntervalMs, MAX_DURATION_MS);
  // Bounded before it is multiplied: no power of a coefficient makes a pause of 0 longer (0 * Infinity is NaN).
  const growth = Math.min(coefficient ** failures, MAX_DURATION_MS);
  return Math.round(Math.min(initialIntervalMs * growth, most));
}

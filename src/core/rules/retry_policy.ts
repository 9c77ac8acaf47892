/**
 * The retry policy: whether a task whose attempt did not succeed is tried again, and when.
 */

import type { EventOf } from "../messages/events.ts";
import { MAX_DURATION_MS } from "../model/limits.ts";
import type { Backoff, Task } from "../model/task.ts";
import { timeAfter } from "../state/timers.ts";

/** The default pause before the first retry, in milliseconds; as in Temporal's retry policy. */
const INITIAL_INTERVAL_MS = 1_000;

/** The default factor by which each further pause is longer. */
const COEFFICIENT = 2;

/** The longest pause by default, as a multiple of the first one. */
const MAX_INTERVALS = 100;

/**
 * Ends the attempt of a held task: failed (retryable), expired or lost. The task fails if its attempts are used up; else
 * it is pending again, after a pause unless its instance was lost.
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
  return {
    ...ended,
    ...(error !== undefined && { error }),
    ...(outcome !== "lost" && { retryAt: timeAfter(now, pauseMs(backoff, failures)) }),
  };
}

/**
 * Ends the attempt of a held task whose session ended and whose instance did not come back in time. It counts as a failure;
 * the task is tried again after its back-off. The next holder is told of the last progress, too.
 */
export function endOfLeftAttempt(task: Task, now: number): EventOf<"attempt.ended"> {
  const { failures = 0, maxAttempts = Infinity, backoff, progress } = task;
  const isLast = failures + 1 >= maxAttempts;
  const error = "Its client was gone and did not come back" +
    (isLast ? `, and its ${maxAttempts} attempts are used up` : "") +
    (progress?.message === undefined ? "" : `; its last progress: ${progress.message}`);
  const end = endOfAttempt(task, "lost", now, error);
  return isLast ? end : { ...end, retryAt: timeAfter(now, pauseMs(backoff, failures)) };
}

const WORDS = { failed: "It failed", expired: "Its lease expired", lost: "Its instance was lost" } as const;

/** How long to wait after `failures` + 1 failed attempts, in milliseconds. */
function pauseMs(
  { initialIntervalMs = INITIAL_INTERVAL_MS, coefficient = COEFFICIENT, maxIntervalMs }: Backoff = {},
  failures: number,
): number {
  const most = Math.min(maxIntervalMs ?? MAX_INTERVALS * initialIntervalMs, MAX_DURATION_MS);
  // Bounded before it is multiplied, as 0 * Infinity is NaN.
  const growth = Math.min(coefficient ** failures, MAX_DURATION_MS);
  return Math.round(Math.min(initialIntervalMs * growth, most));
}

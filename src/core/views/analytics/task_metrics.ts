/** The times and attempts of one task, from what the task itself keeps. */

import type { TaskMetrics } from "../../messages/metrics.ts";
import type { AttemptOutcome, Task } from "../../model/task.ts";

/** @param now the end of what has not ended, in milliseconds since the Unix epoch */
export function measureTask(task: Task, now: number): TaskMetrics {
  const { id, status, createdAt, readyAt, finishedAt, pastAttempts = [] } = task;
  const totalMs = Math.max(0, (finishedAt ?? now) - createdAt);
  const runningMs = Math.min(totalMs, runningTimeOf(task, now));
  const readySince = readyAt ?? (task.dependencies.length === 0 ? createdAt : undefined);
  const firstClaim = pastAttempts[0]?.startedAt ?? task.startedAt ?? finishedAt ?? now;
  return {
    id,
    status,
    totalMs,
    runningMs,
    waitingMs: totalMs - runningMs,
    ...(readySince !== undefined && { queuedMs: Math.max(0, firstClaim - readySince) }),
    attempts: attemptsOf(task),
  };
}

/** How long instances have held a task in all of its attempts, in milliseconds. */
export function runningTimeOf(task: Task, now: number): number {
  const { startedAt, finishedAt, workedMs = 0 } = task;
  if (startedAt === undefined || !hasOwnAttempt(task)) return workedMs;
  return workedMs + Math.max(0, (finishedAt ?? now) - startedAt);
}

/** Whether the last attempt of a task is not among its past ones: it runs, or the task ended with it. */
function hasOwnAttempt({ status, attempt, pastAttempts, startedAt }: Task): boolean {
  return status !== "pending" && startedAt !== undefined && pastAttempts?.at(-1)?.attempt !== attempt;
}

function attemptsOf(task: Task): TaskMetrics["attempts"] {
  const counts: Partial<Record<AttemptOutcome | "running", number>> = {};
  const add = (outcome: AttemptOutcome | "running") => counts[outcome] = (counts[outcome] ?? 0) + 1;
  for (const { outcome } of task.pastAttempts ?? []) add(outcome);
  if (!hasOwnAttempt(task)) return counts;
  if (task.status === "in_progress") add("running");
  else if (task.status !== "skipped" && task.status !== "pending") add(task.status);
  return counts;
}

/**
 * Applies the events of sessions: which tasks a connected client keeps, and when the others go back.
 */

import type { EventOf, SessionEnd } from "../messages/events.ts";
import type { Task } from "../model/task.ts";
import type { State } from "./state.ts";
import { replaceTask } from "./task_index.ts";

/** The tasks of an ended session go back at a time, unless their instances come back before. */
export function endSession(state: State, { until, tasks }: SessionEnd, at: number): void {
  for (const id of tasks) replaceTask(state, id, at, (task) => left(task, until));
}

/** Tasks whose session ended are kept for another one. */
export function resumeTasks(state: State, { session, tasks }: EventOf<"session.resumed">, at: number): void {
  for (const id of tasks) replaceTask(state, id, at, (task) => resumed(task, session));
}

/** Whether a task is held, and the session that kept it has ended. */
export function isLeft({ status, session, timeoutMs, leaseUntil }: Task): boolean {
  return status === "in_progress" && session === undefined && timeoutMs === undefined && leaseUntil !== undefined;
}

/** Whether `isLeft` holds of a task that its holder claimed before it made a call. */
export function isLeftBefore(task: Task, at: number): boolean {
  return isLeft(task) && (task.startedAt ?? 0) <= at;
}

function left({ session: _, ...task }: Task, until: number): Task {
  return { ...task, leaseUntil: until };
}

function resumed({ leaseUntil: _, ...task }: Task, session: string): Task {
  return { ...task, session };
}

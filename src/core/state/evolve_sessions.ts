/**
 * Applies the events of sessions: whose session a task is, and when it goes back after that has ended. A task with
 * `timeoutMs` goes by its lease alone: its session tells only who may speak for it.
 */

import type { EventOf, SessionEnd } from "../messages/events.ts";
import type { Task } from "../model/task.ts";
import { endSessionOfNews } from "./news.ts";
import type { State } from "./state.ts";
import { replaceTask } from "./task_index.ts";

/** The tasks of an ended session go back at a time, unless their instances come back before, or they have a lease. */
export function endSession(state: State, { session, until, tasks }: SessionEnd, at: number): void {
  endSessionOfNews(state, session);
  for (const id of tasks) replaceTask(state, id, at, (task) => left(task, until));
}

/** Tasks whose session ended are those of another one. */
export function resumeTasks(state: State, { session, tasks }: EventOf<"session.resumed">, at: number): void {
  for (const id of tasks) replaceTask(state, id, at, (task) => resumed(task, session));
}

/** Whether a task without a lease is held, and the session that kept it has ended. */
export function isLeft(task: Task): boolean {
  return isWithoutSession(task) && task.timeoutMs === undefined;
}

/**
 * Whether a task is held, and will go back at a time, but is of no session any more. Not one that a client without sessions
 * claimed: nobody can tell whether that one is still there.
 */
export function isWithoutSession({ status, session, leaseUntil, leaseMs }: Task): boolean {
  return status === "in_progress" && session === undefined && leaseUntil !== undefined && leaseMs === undefined;
}

/** Whether `isWithoutSession` holds of a task that its holder claimed before it made a call. */
export function isOpenTo(task: Task, calledAt: number): boolean {
  return isWithoutSession(task) && (task.startedAt ?? 0) <= calledAt;
}

function left({ session: _, ...task }: Task, until: number): Task {
  return task.timeoutMs === undefined ? { ...task, leaseUntil: until } : task;
}

function resumed(task: Task, session: string): Task {
  if (task.timeoutMs !== undefined) return { ...task, session };
  const { leaseUntil: _, ...kept } = task;
  return { ...kept, session };
}

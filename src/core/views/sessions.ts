/** Which sessions keep tasks, who has come back from an ended one, and how long a task is kept. */

import type { Connection, SessionWatch } from "../messages/queries.ts";
import { isLeft } from "../state/evolve_sessions.ts";
import type { Task } from "../model/task.ts";
import { firstOf } from "../state/order.ts";
import type { ReadonlyState } from "../state/state.ts";

/** How long a task in progress is kept for its holder, in words. */
export function describeHold(task: Task): string {
  const { session, leaseUntil } = task;
  if (session !== undefined) return "as long as its client is connected";
  if (leaseUntil === undefined) return "without a timeout";
  const until = new Date(leaseUntil).toISOString();
  return isLeft(task)
    ? `until ${until}, as its client is gone, unless it calls before`
    : `until ${until}, or longer if it calls before`;
}

/** How long a task is kept, if its client decides it: a lease has its own field. */
export function keptOf(task: Task): { readonly kept?: string } {
  return task.session !== undefined || isLeft(task) ? { kept: describeHold(task) } : {};
}

/** The connection of an instance. O(tasks that it holds). */
export function connectionOf(state: ReadonlyState, instance: string): Connection {
  let isConnected = false;
  let goesBackAt = Infinity;
  for (const { task } of state.held.get(instance) ?? []) {
    isConnected ||= task.session !== undefined;
    if (isLeft(task)) goesBackAt = Math.min(goesBackAt, task.leaseUntil ?? Infinity);
  }
  return { ...(isConnected && { isConnected }), ...(goesBackAt < Infinity && { goesBackAt }) };
}

export interface SessionWatchOptions {
  readonly instances: readonly string[];
  readonly after: string;
  readonly limit: number;
}

/** O(sessions + tasks that the instances hold). */
export function watchSessions(state: ReadonlyState, { instances, after, limit }: SessionWatchOptions): SessionWatch {
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  return {
    sessions: firstOf(state.sessions.keys(), limit, { compare, isWanted: (id) => id > after }),
    returned: instances.filter((id) => Iterator.from(state.held.get(id) ?? []).some(({ task }) => isLeft(task))),
  };
}

/** Which sessions have tasks, who has come back from an ended one, and how long a task is kept. */

import type { LastCall } from "../messages/commands.ts";
import type { Connection, SessionWatch } from "../messages/queries.ts";
import { isLeft, isOpenTo } from "../state/evolve_sessions.ts";
import { type Caller, sessionOf } from "../model/access.ts";
import { MAX_NAMED } from "../model/limits.ts";
import type { Task } from "../model/task.ts";
import { firstCreated } from "../state/lookup.ts";
import { isOfSession, sessionsWithNews } from "../state/news.ts";
import { firstOf } from "../state/order.ts";
import type { ReadonlyState } from "../state/state.ts";

/** How long a task in progress is kept for its holder, in words. */
export function describeHold(task: Task): string {
  const { session, timeoutMs, leaseUntil } = task;
  if (session !== undefined && timeoutMs === undefined) return "as long as its client is connected";
  if (leaseUntil === undefined) return "without a timeout";
  const until = new Date(leaseUntil).toISOString();
  return isLeft(task)
    ? `until ${until}, as its client is gone, unless it calls before`
    : `until ${until}, or longer if it calls before`;
}

/** How long a task is kept, if it has a session or a lease. */
export function keptOf(task: Task): { readonly kept?: string } {
  return task.session !== undefined || task.leaseUntil !== undefined ? { kept: describeHold(task) } : {};
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
  readonly calls: readonly LastCall[];
  readonly after: string;
  readonly limit: number;
}

/** The sessions that have tasks or for which there is news. O(sessions + instances + tasks that the calling ones hold). */
export function watchSessions(state: ReadonlyState, { calls, after, limit }: SessionWatchOptions): SessionWatch {
  const compare = (a: string, b: string) => a < b ? -1 : a > b ? 1 : 0;
  return {
    sessions: firstOf(new Set([...state.sessions.keys(), ...sessionsWithNews(state)]), limit, {
      compare,
      isWanted: (id) => id > after,
    }),
    returned: calls.filter(({ instance, at }) => {
      return Iterator.from(state.held.get(instance) ?? []).some(({ task }) => isOpenTo(task, at));
    }),
  };
}

/** Whether another connected client than the caller's claimed a task. False for callers without a session. */
export function isOfOtherSession(task: Pick<Task, "session">, caller: Caller): boolean {
  return !isOfSession(task, sessionOf(caller));
}

/** The tasks that other connected clients hold under an instance id (the first few); undefined if there are none. */
export function heldElsewhere(state: ReadonlyState, instance: string, caller: Caller): readonly string[] | undefined {
  if (sessionOf(caller) === undefined) return undefined;
  const isWanted = ({ task }: { readonly task: Task }) => isOfOtherSession(task, caller);
  const nodes = firstCreated(state.held.get(instance) ?? [], MAX_NAMED, isWanted);
  return nodes.length === 0 ? undefined : nodes.map(({ task }) => task.id);
}

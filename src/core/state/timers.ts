/**
 * When something happens though nobody calls: sweeps, delays that end, heartbeats that must be written. All times are
 * milliseconds since the Unix epoch.
 */

import { MAX_TIME_MS } from "../model/limits.ts";
import type { Task } from "../model/task.ts";
import { isOfSession } from "./news.ts";
import type { ReadonlyState } from "./state.ts";

/** Whether a sweep at `now` would find anything. */
export function isSweepDue(state: ReadonlyState, now: number): boolean {
  const next = sweepDueAt(state);
  return next !== undefined && next <= now;
}

/** When the next sweep is due; undefined if none is. */
export function sweepDueAt(state: ReadonlyState): number | undefined {
  // Consequences that the last record had no room for are due at once, and so are tasks that time has made ready.
  if (state.unreachable.size + state.drained.size + state.unannounced.size > 0) return 0;
  return state.expiryTimers.entries[0]?.at;
}

/** When a sweep is due or a delay or reservation ends, whichever is first. */
export function nextChangeAt(state: ReadonlyState): number | undefined {
  const next = Math.min(sweepDueAt(state) ?? Infinity, state.delayTimers.entries[0]?.at ?? Infinity);
  return next === Infinity ? undefined : next;
}

/** An instance that calls, and the session in which it does. */
export interface Calling {
  readonly instance: string;
  readonly session?: string | undefined;
}

/** The time from which on a call of an instance is recorded; undefined if the instance has nothing that can expire. */
export function heartbeatDueAt(state: ReadonlyState, { instance: id, session }: Calling): number | undefined {
  const { ttlMs, expiresAt, status } = state.instances.get(id)?.instance ?? {};
  let first = Infinity;
  if ((status === "active" || status === "draining") && ttlMs !== undefined && expiresAt !== undefined) {
    first = expiresAt - ttlMs;
  }
  for (const { task } of state.held.get(id) ?? NONE) {
    const termMs = leaseTermOf(task);
    if (termMs === undefined || task.leaseUntil === undefined || !isOfSession(task, session)) continue;
    first = Math.min(first, task.leaseUntil - termMs);
  }
  return first === Infinity ? undefined : first + 1;
}

/**
 * Whether a heartbeat of an instance would be written at `now`, were there no news: one of its times runs out, or it was
 * lost. O(tasks that it holds).
 */
export function needsHeartbeat(state: ReadonlyState, { instance: id, session }: Calling, now: number): boolean {
  const { ttlMs, expiresAt = Infinity, status } = state.instances.get(id)?.instance ?? {};
  if (status === "lost") return true;
  const isThere = status === "active" || status === "draining";
  if (isThere && ttlMs !== undefined && isRunningOut(expiresAt, ttlMs, now)) return true;
  return tasksToRenew(state.held.get(id), { session, now }).length > 0;
}

/** Whether a time is to be extended: it is less than its term away. The latest possible date cannot be extended. */
export function isRunningOut(until: number, termMs: number, now: number): boolean {
  return until - now < termMs && until < MAX_TIME_MS;
}

/**
 * By which share of its term a time is extended beyond the term. A call within this margin writes nothing and still
 * leaves the instance its whole term. Published: leases of a renewal are derived with it.
 */
const MARGIN = 0.5;

/** Until when a call at `now` extends a time with a term, both in milliseconds. */
export function extended(now: number, termMs: number): number {
  return timeAfter(now, Math.ceil(termMs * (1 + MARGIN)));
}

/** The time `durationMs` after `now`, both in milliseconds; at most `MAX_TIME_MS`, so that it always has a date. */
export function timeAfter(now: number, durationMs: number): number {
  return Math.min(now + durationMs, MAX_TIME_MS);
}

/** For how long each call of its holder keeps a task in progress; undefined if it has no lease that calls extend. */
export function leaseTermOf({ timeoutMs, leaseMs }: Task): number | undefined {
  return timeoutMs ?? leaseMs;
}

/**
 * The tasks of an instance whose leases a call at `now` extends: not those that another connected client claimed, as this
 * one does not work on them, but for the one that it reports on with its attempt. O(tasks that it holds).
 */
export function tasksToRenew<N extends { readonly task: Task }>(
  held: Iterable<N> | undefined,
  { session, reported, now }: {
    readonly session: string | undefined;
    readonly reported?: string | undefined;
    readonly now: number;
  },
): readonly N[] {
  const due: N[] = [];
  for (const node of held ?? NONE) {
    const termMs = leaseTermOf(node.task);
    if (termMs === undefined || !isRunningOut(node.task.leaseUntil ?? Infinity, termMs, now)) continue;
    if (node.task.id === reported || isOfSession(node.task, session)) due.push(node);
  }
  return due;
}

const NONE: readonly never[] = [];

/** Scans the state for the claims that wait: tasks for them, heartbeats and sweeps that are due. Needs no write lock. */

import { heartbeatDueAt, heartbeatEvents } from "../core/rules/heartbeat.ts";
import { isSweepDue, nextTimeOf } from "../core/rules/sweep.ts";
import { firstAnswered } from "../core/state/next_claim.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import type { Waiter } from "./waiter.ts";

/** Least time between two heartbeats for an instance that waits, in milliseconds, however short its time to live is. */
const HEARTBEAT_MS = 20;

/** The result of a scan. */
export interface Scan {
  /** The first waiter that a try would answer: with a task, or with a reason that waiting cannot change. */
  readonly waiter: Waiter | undefined;
  /** Instances that need a heartbeat to stay alive. */
  readonly silent: readonly string[];
  /** Whether a lease, a time to live or a deadline is over. */
  readonly isSweepDue: boolean;
  /** When to scan again at the latest, in milliseconds since the Unix epoch. */
  readonly next: number;
}

export interface ScanTimes {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** When each waiting instance last had a heartbeat, by `performance.now`. */
  readonly heartbeats: ReadonlyMap<string, number>;
}

/** Scans the waiters in their order. */
export function scan(state: ReadonlyState, waiters: readonly Waiter[], { now, heartbeats }: ScanTimes): Scan {
  const heartbeatAt = Math.min(...waiters.map(({ command }) => heartbeatDueAt(state, command.instance) ?? Infinity));
  // Includes waiters whose instance has left, drains or is at its capacity: they are answered at once.
  const answered = firstAnswered(state, waiters.map(({ command }) => command));
  return {
    waiter: answered === undefined ? undefined : waiters[answered],
    silent: waiters.map(({ command }) => command.instance)
      .filter((instance) => (heartbeats.get(instance) ?? -Infinity) + HEARTBEAT_MS <= performance.now())
      .filter((instance) => heartbeatEvents(state, { type: "heartbeat", instance }, { now, defaults: {} }).length > 0),
    isSweepDue: isSweepDue(state, now),
    next: Math.min(nextTimeOf(state) ?? Infinity, Math.max(heartbeatAt, now + HEARTBEAT_MS)),
  };
}

/** Scans for the claims that wait: tasks for them, heartbeats and sweeps that are due. Needs no write lock. */

import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
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

export interface ScanOptions {
  readonly engine: Engine;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** When each waiting instance last had a heartbeat, by `performance.now`. */
  readonly heartbeats: ReadonlyMap<string, number>;
}

/** Scans the waiters in their order. */
export async function scan(waiters: readonly Waiter[], { engine, now, heartbeats }: ScanOptions): Promise<Scan> {
  const claims = waiters.map(({ command }) => command);
  const outlook = await engine.query({ type: "look_for_claims", claims }, ORCHESTRATOR);
  const { answered, needHeartbeat, isSweepDue, nextChangeAt = Infinity, heartbeatAt = Infinity } = outlook;
  return {
    waiter: answered === undefined ? undefined : waiters[answered],
    silent: needHeartbeat.filter((instance) => {
      return (heartbeats.get(instance) ?? -Infinity) + HEARTBEAT_MS <= performance.now();
    }),
    isSweepDue,
    next: Math.min(nextChangeAt, Math.max(heartbeatAt, now() + HEARTBEAT_MS)),
  };
}

/** Scans for the claims that wait: tasks for them, heartbeats and sweeps that are due. Needs no write lock. */

import type { Engine } from "./engine.ts";
import { ORCHESTRATOR } from "./job.ts";
import type { Waiter } from "./waiter.ts";

/** Least time between two heartbeats for an instance that waits, in milliseconds, however short its time to live is. */
const HEARTBEAT_MS = 20;

/** The result of a scan. */
export interface Scan {
  /** The first waiter that a try would answer: with a task, with news, or with a reason that waiting cannot change. */
  readonly waiter: Waiter | undefined;
  /** Instances that need a heartbeat to stay alive. */
  readonly silent: readonly string[];
  /** Whether a lease, a time to live or a deadline is over. */
  readonly isSweepDue: boolean;
  /** Time until a delay or reservation ends or a sweep is due, in milliseconds; `Infinity` if nothing is to come. */
  readonly changeInMs: number;
  /** Time until the next heartbeat may be sent, in milliseconds; `Infinity` if none is needed. */
  readonly heartbeatInMs: number;
}

export interface ScanOptions {
  readonly engine: Engine;
  /** When each waiting instance last had a heartbeat, by `performance.now`. */
  readonly heartbeats: ReadonlyMap<string, number>;
}

/** Scans the waiters in their order. */
export async function scan(waiters: readonly Waiter[], { engine, heartbeats }: ScanOptions): Promise<Scan> {
  const claims = waiters.map(({ command, caller }) => ({ command, caller }));
  const outlook = await engine.query({ type: "look_for_claims", claims }, ORCHESTRATOR);
  const { answered, needHeartbeat, isSweepDue, nextChangeInMs = Infinity, heartbeatInMs = Infinity } = outlook;
  return {
    waiter: answered === undefined ? undefined : waiters[answered],
    silent: needHeartbeat.filter((instance) => {
      return (heartbeats.get(instance) ?? -Infinity) + HEARTBEAT_MS <= performance.now();
    }),
    isSweepDue,
    changeInMs: nextChangeInMs,
    heartbeatInMs: Math.max(heartbeatInMs, HEARTBEAT_MS),
  };
}

/** Makes the life of a fleet hard for a time: kills, stops and disk-full spells, at random from a seed. */

import type { Fleet } from "./fleet.ts";
import type { Random } from "../history/random.ts";

/** Pause between disturbances, in milliseconds: so that about half of the workers are well at any time. */
const SHORTEST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 700;

/** How long a worker is stopped: from within a lease to past the longest, and past the wait for the lock. */
const SHORTEST_STOP_MS = 20;
const LONGEST_STOP_MS = 2_500;

/** How long a disk is full. */
const SPELL_MS = 1_000;

export interface Disturbance {
  readonly fleet: Fleet;
  readonly random: Random;
  readonly workers: number;
  readonly segmentBytes: number;
  /** When to stop, by `performance.now`. */
  readonly until: number;
}

/** Resolves when the time is over and nobody is disturbed any more. */
export async function disturb({ fleet, random, workers, segmentBytes, until }: Disturbance): Promise<void> {
  const disturbed = new Map<number, Promise<void>>();
  while (performance.now() < until) {
    await pause(random.between(SHORTEST_PAUSE_MS, LONGEST_PAUSE_MS));
    const worker = random.between(0, workers - 1);
    const what = choose(random, segmentBytes);
    if (disturbed.has(worker)) continue;
    disturbed.set(worker, what(fleet, worker).finally(() => disturbed.delete(worker)));
  }
  await Promise.all(disturbed.values());
}

type Act = (fleet: Fleet, worker: number) => Promise<void>;

/** Every choice is made before anything happens, so that it depends on the seed only. */
function choose(random: Random, segmentBytes: number): Act {
  const stopMs = random.between(SHORTEST_STOP_MS, LONGEST_STOP_MS);
  // With no bytes at all, the first write of a segment fails, too.
  const fullBytes = random.chance(0.3) ? 0 : random.between(1, segmentBytes);
  const kind = random.next();
  if (kind < 0.45) return (fleet, worker) => fleet.kill(worker);
  if (kind < 0.75) {
    return async (fleet, worker) => {
      fleet.stop(worker);
      await pause(stopMs);
      fleet.goOn(worker);
    };
  }
  if (kind < 0.85) {
    return async (fleet, worker) => {
      fleet.stop(worker);
      await pause(stopMs);
      await fleet.kill(worker);
    };
  }
  return async (fleet, worker) => {
    await fleet.limitFiles(worker, fullBytes);
    await pause(SPELL_MS);
    await fleet.limitFiles(worker, undefined);
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

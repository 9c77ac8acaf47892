/**
 * The last attempts of removed tasks, so that no attempt of an id is ever claimed twice: whoever holds one of a removed
 * task could otherwise end a later task with the same id.
 */

import { MAX_REMOVED_ATTEMPTS } from "../model/limits.ts";

/** The attempts of the ids removed last, and a floor that stands for those of all others. */
export interface RemovedAttempts {
  /** The last attempt of each id, where it is above the floor; the id removed last is last in the map. */
  readonly last: Map<string, number>;
  /** The highest attempt of any id that is no longer in the map. */
  floor: number;
}

/** What `RemovedAttempts` offers for reading. */
export type ReadonlyRemovedAttempts = Readonly<Omit<RemovedAttempts, "last">> & {
  readonly last: ReadonlyMap<string, number>;
};

/** The attempt that a new task with an id starts from: its first claim is the next one. */
export function startingAttempt({ last, floor }: ReadonlyRemovedAttempts, id: string): number {
  return Math.max(last.get(id) ?? 0, floor);
}

/** Notes that a task was removed. Over `MAX_REMOVED_ATTEMPTS`, the id removed first is forgotten and the floor raised. */
export function noteRemoved(removed: RemovedAttempts, { id, attempt }: { id: string; attempt: number }): void {
  const { last } = removed;
  const highest = Math.max(attempt, last.get(id) ?? 0);
  last.delete(id);
  if (highest <= removed.floor) return;
  last.set(id, highest);
  if (last.size <= MAX_REMOVED_ATTEMPTS) return;
  for (const [oldest, evicted] of last) {
    last.delete(oldest);
    removed.floor = Math.max(removed.floor, evicted);
    return;
  }
}

/** Notes that a task was added. In journals of formats 1 and 2, it may start below the attempts of a removed one. */
export function noteAdded({ last }: RemovedAttempts, { id, attempt }: { id: string; attempt: number }): void {
  if (last.size > 0 && attempt >= (last.get(id) ?? 0)) last.delete(id);
}

/**
 * Whether this process has renewed its own rows without a gap. In a gap the database was away, its clock was set forward,
 * or this process slept. Others may then not have been able to renew their rows either: a live process must have time to
 * renew its row before it counts as dead. A process that has just started knows of no gap, and judges by the rows alone.
 */

import { LIFE_MS, RENEW_MS } from "./renewal.ts";

/** More between two renewals is a gap, in milliseconds. In less, no row of a process that lives becomes too old. */
const GAP_MS = LIFE_MS / 2;

/** How long others have after a gap, in milliseconds. */
const CATCH_UP_MS = 3 * RENEW_MS;

export class Continuity {
  readonly #elapsed: () => number;
  #renewedAt: number | undefined;
  #resumedAt = -Infinity;

  /** @param elapsed milliseconds since some moment, never set */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed;
  }

  /** A row was renewed at a time of the database. */
  note(time: number): void {
    if (this.#isGap(time)) this.#resumedAt = this.#elapsed();
    this.#renewedAt = time;
  }

  /** There are no rows of this process any more: from now on it knows of no gap. */
  end(): void {
    this.#renewedAt = undefined;
  }

  /** Whether a row that is too old at a time of the database belongs to a dead process. */
  isGivenAt(time: number): boolean {
    return !this.#isGap(time) && this.#elapsed() - this.#resumedAt >= CATCH_UP_MS;
  }

  #isGap(time: number): boolean {
    return this.#renewedAt !== undefined && time - this.#renewedAt > GAP_MS;
  }
}

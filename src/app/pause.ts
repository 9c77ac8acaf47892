/**
 * The pause after an action that looked due and changed nothing under the write lock: another process was faster, or the
 * time under the lock is earlier than the one that was read without it. It doubles with each such action, so no process
 * spins.
 */

/** The first and the longest pause, in milliseconds. */
export const FIRST_PAUSE_MS = 50;
export const LONGEST_PAUSE_MS = 1_000;

export class Pause {
  #lengthMs = 0;
  /** By `performance.now`. */
  #until = -Infinity;

  /** Begins a pause, twice as long as the last one, after an action without effect; ends it after any other. */
  note(hasEffect: boolean): void {
    this.#lengthMs = hasEffect ? 0 : Math.min(LONGEST_PAUSE_MS, Math.max(FIRST_PAUSE_MS, 2 * this.#lengthMs));
    this.#until = performance.now() + this.#lengthMs;
  }

  /** Ends the pause, as nothing is due any more; the next one is the first again. */
  reset(): void {
    this.note(true);
  }

  /** Milliseconds until the pause is over; 0 if there is none. */
  get remainingMs(): number {
    return Math.max(0, this.#until - performance.now());
  }
}

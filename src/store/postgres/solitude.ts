/**
 * Whether this process seems to be the only one that writes. Then it appends without the lock, in one round trip; but if
 * another process was first, the engine has to load its state again. So each such loss makes the next try wait for twice
 * as many transactions in which nobody else wrote.
 */

/** How many such transactions are wanted at first, and at most. */
const MIN_QUIET = 8;
const MAX_QUIET = 8_192;

export class Solitude {
  /** Where the last transaction of this process ended. */
  #end = -1;
  /** How many transactions met no records of others, one after the other. */
  #quiet = 0;
  #wanted = MIN_QUIET;

  /** Whether to append after a seq without the lock. */
  isLikelyAt(seq: number): boolean {
    return seq === this.#end && this.#quiet >= this.#wanted;
  }

  /** A transaction has ended at `seq`; `hasOthers` if it met records of other processes. */
  note(seq: number, hasOthers: boolean): void {
    this.#end = seq;
    this.#quiet = hasOthers ? 0 : this.#quiet + 1;
  }

  /** A transaction without the lock was too late. */
  lose(): void {
    this.#quiet = 0;
    this.#wanted = Math.min(2 * this.#wanted, MAX_QUIET);
  }
}

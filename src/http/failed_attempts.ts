/** Counts failed attempts of each address, so that few of them cost a look at the journal. */

/** The length of a window, in milliseconds. */
export const WINDOW_MS = 60_000;

/** Most failed attempts of an address in a window. */
export const MAX_FAILED = 20;

/** Most addresses that are counted apart in a window. All further ones are counted as if they were one. */
export const MAX_ADDRESSES = 10_000;

export class FailedAttempts {
  readonly #now: () => number;
  readonly #counts = new Map<string, number>();
  #windowEnd = 0;

  /** @param now a clock in milliseconds that never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Counts a failed attempt; returns after how many seconds the next is looked at, if this was one too many. */
  add(address: string): number | undefined {
    const now = this.#now();
    if (now >= this.#windowEnd) {
      this.#counts.clear();
      this.#windowEnd = now + WINDOW_MS;
    }
    const key = this.#counts.has(address) || this.#counts.size < MAX_ADDRESSES ? address : "";
    const count = (this.#counts.get(key) ?? 0) + 1;
    this.#counts.set(key, count);
    return count > MAX_FAILED ? Math.ceil((this.#windowEnd - now) / 1_000) : undefined;
  }
}

/**
 * Lets the calls of clients go before deliveries, as both share one thread: while clients call this process, deliveries
 * start one after the other with a pause between them. What waits is in the journal, and follows once there are no calls.
 */

/** Clients call until there was no call for as long, in milliseconds. */
const CALM_MS = 250;

/** The pause between the starts of two deliveries of any webhooks while clients call, in milliseconds. */
const PAUSE_MS = 25;

export class Pace {
  readonly #calledAt: () => number;
  #lastStart = -Infinity;

  /** @param calledAt when a client last called, by `performance.now` */
  constructor(calledAt: () => number) {
    this.#calledAt = calledAt;
  }

  /** Resolves when the next delivery may start. */
  async turn(): Promise<void> {
    const now = performance.now();
    if (now - this.#calledAt() >= CALM_MS) return;
    const start = this.#lastStart = Math.max(now, this.#lastStart + PAUSE_MS);
    if (start > now) await new Promise((resolve) => setTimeout(resolve, start - now));
  }
}

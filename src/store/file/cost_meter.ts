/** Measures what a transaction costs: the time of each of its steps, one after the other. */

import type { TransactionCost } from "../../app/ports.ts";

type Step = "lockWaitMs" | "lockedMs" | "syncMs";

export class CostMeter {
  /** What was written. */
  sizeBytes = 0;
  readonly #times = { lockWaitMs: 0, lockedMs: 0, syncMs: 0 };
  #step: Step | undefined;
  #startedAt = 0;

  /** Begins a step; the one before has ended. */
  begin(step: Step): void {
    const now = performance.now();
    if (this.#step !== undefined) this.#times[this.#step] = now - this.#startedAt;
    this.#step = step;
    this.#startedAt = now;
  }

  /** Ends the last step. */
  end(): TransactionCost {
    if (this.#step !== undefined) this.#times[this.#step] = performance.now() - this.#startedAt;
    this.#step = undefined;
    return { ...this.#times, sizeBytes: this.sizeBytes };
  }
}

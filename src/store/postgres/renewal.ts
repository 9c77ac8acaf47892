/** Rows that a process keeps alive by renewing them: what is not renewed for `LIFE_MS` belongs to a process that died. */

import type { Log } from "../../app/ports.ts";

/** How long a row lives that nobody renews, and the pause between two renewals, in milliseconds. */
export const LIFE_MS = 60_000;
export const RENEW_MS = 5_000;

/** SQL of the moment before which a row must have been renewed to be dead. */
export const DEAD_BEFORE = `clock_timestamp() - interval '${LIFE_MS} milliseconds'`;

export interface RenewalOptions {
  readonly log: Log;
  /** Stops it, too. */
  readonly signal: AbortSignal;
  readonly renew: () => Promise<unknown>;
}

/** Renews rows at intervals until it is stopped; a failure is logged once, and tried again. */
export class Renewal {
  readonly #options: RenewalOptions;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #renewing: Promise<void> = Promise.resolve();
  #isStopped = false;
  #complaint = "";

  constructor(options: RenewalOptions) {
    this.#options = options;
    options.signal.addEventListener("abort", this.#end, { once: true });
    this.#later();
  }

  readonly #end = (): void => {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  };

  /** Resolves once no renewal is under way any more. */
  async stop(): Promise<void> {
    this.#options.signal.removeEventListener("abort", this.#end);
    this.#end();
    await this.#renewing;
  }

  #later(): void {
    if (this.#isStopped || this.#options.signal.aborted) return;
    this.#timer = setTimeout(() => this.#renewing = this.#once(), RENEW_MS);
  }

  async #once(): Promise<void> {
    try {
      await this.#options.renew();
      this.#complaint = "";
    } catch (error) {
      const complaint = `Cannot tell PostgreSQL that this process lives: ${error}`;
      if (complaint !== this.#complaint) this.#options.log.warn(complaint);
      this.#complaint = complaint;
    }
    this.#later();
  }
}

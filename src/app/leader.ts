/**
 * Competes with other processes for the lead under a name, and does the work of the one that leads. When that process
 * dies, another one takes over after `COMPETE_MS` at most. A process whose work fails gives up the lead: the next leader goes
 * on. One that was away for so long that another has taken over ends its work, and competes again.
 */

import { pause } from "./abortable.ts";
import type { Deliveries, Log } from "./ports.ts";

/** Pause between two tries to get the lead, in milliseconds. */
const COMPETE_MS = 1_000;

export interface LeaderOptions {
  readonly deliveries: Deliveries;
  readonly name: string;
  readonly log: Log;
  /**
   * Called each time this process gets the lead, which it keeps until this has ended. Must end soon after the signal, which
   * comes when the leader is closed, or has lost the lead.
   */
  readonly work: (signal: AbortSignal) => Promise<void>;
}

export class Leader {
  readonly #options: LeaderOptions;
  readonly #closing = new AbortController();
  readonly #competing: Promise<void>;
  /** The error of the last try, so that it is logged only once. */
  #complaint = "";

  /** Begins to compete at once. */
  constructor(options: LeaderOptions) {
    this.#options = options;
    this.#competing = this.#compete();
  }

  /** Ends the work under way and gives up the lead; resolves once another process can have it. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#competing;
  }

  async #compete(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      try {
        await this.#leadOnce(signal);
        this.#complaint = "";
      } catch (error) {
        this.#complain(error);
      }
      await pause(COMPETE_MS, signal);
    }
  }

  async #leadOnce(signal: AbortSignal): Promise<void> {
    const { deliveries, name, work } = this.#options;
    const lead = await deliveries.lead(name);
    if (lead === undefined) return;
    try {
      if (!signal.aborted) await work(AbortSignal.any([signal, lead.lost]));
    } finally {
      await lead[Symbol.asyncDispose]();
    }
  }

  #complain(error: unknown): void {
    const { name, log } = this.#options;
    const complaint = `Delivery of ${name} has stopped, and is tried again every ${COMPETE_MS} ms: ${error}`;
    if (complaint !== this.#complaint) log.warn(complaint);
    this.#complaint = complaint;
  }
}

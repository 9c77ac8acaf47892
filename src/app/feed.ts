/**
 * Notifies subscribers of new records soon after any process has written them. It watches the journal only while there
 * are subscribers. A watch is only a hint, which can be late or missing, so the feed also polls.
 */

import type { Engine } from "./engine.ts";
import type { RecordsListener } from "./listeners.ts";
import type { Log } from "./ports.ts";

/** Least time between two reads that hints cause, in milliseconds. */
const GATHER_MS = 10;

/** Longest time between two reads, in milliseconds. */
const POLL_MS = 1_000;

export class Feed {
  readonly #engine: Engine;
  readonly #log: Log;
  #subscribers = 0;
  #watching: AbortController | undefined;

  constructor(engine: Engine, log: Log) {
    this.#engine = engine;
    this.#log = log;
  }

  /** Calls `listener` with new records, each once, in order; returns the unsubscribe function. */
  subscribe(listener: RecordsListener): () => void {
    const unsubscribe = this.#engine.subscribe(listener);
    if (this.#subscribers++ === 0) this.#start();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      unsubscribe();
      if (--this.#subscribers === 0) this.close();
    };
  }

  /** Stops watching. */
  close(): void {
    this.#watching?.abort();
    this.#watching = undefined;
  }

  #start(): void {
    const { signal } = this.#watching = new AbortController();
    let gathering: ReturnType<typeof setTimeout> | undefined;
    let readAt = -Infinity;
    const read = () => {
      readAt = performance.now();
      this.#engine.catchUp().catch((error) => {
        if (!signal.aborted) this.#log.warn(`Cannot follow the journal: ${error}`);
      });
    };
    const poll = setInterval(read, POLL_MS);
    signal.addEventListener("abort", () => {
      clearInterval(poll);
      clearTimeout(gathering);
    });
    const readSoon = () => {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        read();
      }, Math.max(0, readAt + GATHER_MS - performance.now()));
    };
    this.#watch(signal, readSoon);
  }

  async #watch(signal: AbortSignal, hint: () => void): Promise<void> {
    try {
      for await (const _ of this.#engine.watch(signal)) {
        // A last hint may arrive after the watch has ended.
        if (!signal.aborted) hint();
      }
    } catch (error) {
      if (!signal.aborted) this.#log.warn(`Cannot watch the journal, changes show after ${POLL_MS} ms: ${error}`);
    }
  }
}

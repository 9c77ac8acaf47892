/**
 * Tells subscribers of new records soon after they are written, by whichever process. It watches the journal only
 * while somebody subscribes. A watch is a hint: it can be late or missing, so the feed also looks at intervals.
 */

import type { Engine } from "./engine.ts";
import type { RecordsListener } from "./listeners.ts";
import type { Log } from "./ports.ts";

/** Least time between two looks that hints cause, in milliseconds. */
const GATHER_MS = 10;

/** Longest time without a look, in milliseconds. */
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

  /** Calls `listener` with new records, in order and each once; returns how to end that. */
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
    let lookedAt = -Infinity;
    const look = () => {
      lookedAt = performance.now();
      this.#engine.read(() => {}).catch((error) => {
        if (!signal.aborted) this.#log.warn(`Cannot follow the journal: ${error}`);
      });
    };
    const poll = setInterval(look, POLL_MS);
    signal.addEventListener("abort", () => {
      clearInterval(poll);
      clearTimeout(gathering);
    });
    const lookSoon = () => {
      gathering ??= setTimeout(() => {
        gathering = undefined;
        look();
      }, Math.max(0, lookedAt + GATHER_MS - performance.now()));
    };
    this.#watch(signal, lookSoon);
  }

  async #watch(signal: AbortSignal, hint: () => void): Promise<void> {
    try {
      for await (const _ of this.#engine.watch(signal)) {
        // What was under way when the watch ended arrives all the same.
        if (!signal.aborted) hint();
      }
    } catch (error) {
      if (!signal.aborted) this.#log.warn(`Cannot watch the journal, changes show after ${POLL_MS} ms: ${error}`);
    }
  }
}

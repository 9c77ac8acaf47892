/** Long work beside calls, which may have the write lock: it is done in slices. */

import { nextTurn } from "../file/turn.ts";

/** How long to work before yielding to the event loop, in milliseconds. */
const SLICE_MS = 5;

/** Yields to the event loop from time to time. */
export class Slice {
  #startedAt = performance.now();

  async pause(): Promise<void> {
    if (performance.now() - this.#startedAt < SLICE_MS) return;
    await nextTurn();
    this.#startedAt = performance.now();
  }
}

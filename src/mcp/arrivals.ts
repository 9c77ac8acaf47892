/**
 * Lets calls that arrive together share a transaction. The SDK needs several microtasks per message before it calls the
 * handler; without this wait, the first call would start its transaction alone.
 */

export class Arrivals {
  #delivered: Promise<void> | undefined;

  /** Resolves when all messages of this turn of the event loop have reached their handlers. */
  delivered(): Promise<void> {
    this.#delivered ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#delivered = undefined;
    });
    return this.#delivered;
  }
}

/**
 * Lets calls that arrive together share a transaction. The SDK takes several steps for each message before it looks at
 * the next one: without this, the first call would be under way, alone, before the second one is known.
 */

export class Arrivals {
  #turn: Promise<void> | undefined;

  /** Resolves, for all who ask in one turn of the event loop, when its messages have reached their handlers. */
  together(): Promise<void> {
    this.#turn ??= new Promise<void>((resolve) => setImmediate(resolve)).then(() => {
      this.#turn = undefined;
    });
    return this.#turn;
  }
}

/** Wakes all who watch a journal in this process. A wake-up while a watcher is busy is kept, several become one. */
export class Watchers {
  readonly #wakes = new Set<() => void>();

  get size(): number {
    return this.#wakes.size;
  }

  wakeAll(): void {
    for (const wake of this.#wakes) wake();
  }

  /**
   * Yields after each wake-up, until the signal is aborted.
   *
   * @param onBegin called once the watcher counts
   */
  async *watch(signal: AbortSignal, onBegin: () => void = () => {}): AsyncIterable<void> {
    let changed = Promise.withResolvers<void>();
    const wake = () => changed.resolve();
    this.#wakes.add(wake);
    signal.addEventListener("abort", wake, { once: true });
    try {
      if (!signal.aborted) onBegin();
      while (!signal.aborted) {
        await changed.promise;
        changed = Promise.withResolvers<void>();
        if (!signal.aborted) yield;
      }
    } finally {
      this.#wakes.delete(wake);
      signal.removeEventListener("abort", wake);
    }
  }
}

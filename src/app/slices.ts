/** Long computations beside calls: in slices, between which the thread does what else is waiting. */

export interface SliceOptions {
  /** Ends the computation when it is aborted. */
  readonly signal: AbortSignal;
  /** How long a slice takes, in milliseconds; a computation should yield more often than that. */
  readonly sliceMs: number;
}

/**
 * Runs a computation that yields where it can pause, and resolves to what it returns. It must not read anything that calls
 * change.
 *
 * @throws the reason of `signal` once that is aborted
 */
export async function inSlices<T>(computation: Generator<void, T>, { signal, sliceMs }: SliceOptions): Promise<T> {
  while (true) {
    signal.throwIfAborted();
    const until = performance.now() + sliceMs;
    do {
      const { done, value } = computation.next();
      if (done === true) return value;
    } while (performance.now() < until);
    // A timer, as what waits includes input and output.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

/** Long computations beside calls: in slices, between which the process does what else is waiting. */

/** How long a slice takes, in milliseconds; a computation yields more often than that. */
const SLICE_MS = 2;

/**
 * Runs a computation that yields where it can pause, and resolves to what it returns. It must not read anything that calls
 * change.
 *
 * @throws the reason of `signal` once that is aborted
 */
export async function inSlices<T>(computation: Generator<void, T>, signal: AbortSignal): Promise<T> {
  while (true) {
    signal.throwIfAborted();
    const until = performance.now() + SLICE_MS;
    do {
      const { done, value } = computation.next();
      if (done === true) return value;
    } while (performance.now() < until);
    // A timer, as what waits includes input and output.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
}

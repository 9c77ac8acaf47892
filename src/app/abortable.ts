/** Waiting and reacting that an abort signal ends at once. */

/** Waits until the time has passed or the signal comes. */
export async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, ms);
  using _stopping = onAbort(signal, over.resolve);
  await over.promise;
  clearTimeout(timer);
}

/** Calls a function at the signal, or at once if it has come, until it is disposed of. */
export function onAbort(signal: AbortSignal, action: () => void): Disposable {
  signal.addEventListener("abort", action);
  if (signal.aborted) action();
  return { [Symbol.dispose]: () => signal.removeEventListener("abort", action) };
}

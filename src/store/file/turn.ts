/** Yields to the event loop during long work. */

/** Resolves in a later turn of the event loop, after the work that is queued now. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

/** Letting the event loop turn in the midst of long work. */

/** Resolves once everything else that is waiting has had its turn. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

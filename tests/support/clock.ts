/** A clock for tests: every reading is later than the one before. */

/** Returns a clock whose first reading is `start` and whose next readings are `stepMs` apart. */
export function steppingClock(start = 1_000, stepMs = 1): () => number {
  let next = start - stepMs;
  return () => next += stepMs;
}

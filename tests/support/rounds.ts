/** Bounds loops that wait for an answer of the program: a test then fails instead of looping for ever. */

/** Yields 0, 1, 2 and so on; throws, naming `what`, if the loop has not ended after `most` rounds. */
export function* rounds(what: string, most: number): Iterable<number> {
  for (let round = 0; round < most; round++) yield round;
  throw new Error(`${what} goes on after ${most} rounds`);
}

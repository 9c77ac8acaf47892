/** Loops that end when the program says so: with a bound, a program that never says it fails a test, not hangs it. */

/** Yields 0, 1, 2 and so on for a loop that breaks off; fails, naming `what`, if it has not after `most` rounds. */
export function* rounds(what: string, most: number): Iterable<number> {
  for (let round = 0; round < most; round++) yield round;
  throw new Error(`${what} goes on after ${most} rounds`);
}

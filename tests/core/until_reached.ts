/** Makes tests of random histories sure to have met what they are about. */

import { assert } from "@std/assert";

/** Most rounds of random histories: what comes up in one of two rounds is missed once in a million times. */
const MAX_ROUNDS = 20;

export interface Reaching {
  /** Whether the histories so far have met enough of what the test is about. */
  readonly isReached: () => boolean;
  /** What there is too little of. */
  readonly told: () => string;
}

/** Checks random histories, and more of them while chance has brought too little of what the test is about. */
export function untilReached(check: () => void, { isReached, told }: Reaching): void {
  check();
  for (let round = 1; round < MAX_ROUNDS && !isReached(); round++) check();
  assert(isReached(), told());
}

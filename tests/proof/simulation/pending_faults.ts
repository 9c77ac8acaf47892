/** The faults of a schedule that have not happened yet. */

import { type Fault, fits } from "./faults.ts";
import type { Operation } from "./messages.ts";

/** A counted operation of a schedule. */
export interface Place {
  readonly name: Operation["name"];
  /** The number of its process. */
  readonly process: number;
  /** How often the disk or what was said had changed before it. */
  readonly before: number;
  /** The same after it. */
  after: number;
}

export class PendingFaults {
  readonly #faults: Fault[];
  /** Each counted operation so far. */
  readonly operations: Place[] = [];

  constructor(faults: readonly Fault[]) {
    this.#faults = [...faults];
  }

  /** Counts an operation, and returns what goes wrong with it, if anything. */
  next(place: Place): Fault | undefined {
    const { name } = place;
    const number = this.operations.push(place);
    const index = this.#faults.findIndex((fault) => fault.at <= number && fits(fault, name));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0];
  }

  /** Nothing more goes wrong. */
  clear(): void {
    this.#faults.length = 0;
  }
}

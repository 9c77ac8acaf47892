/** The faults of a schedule that have not happened yet. */

import { type Fault, fits } from "./faults.ts";
import type { Operation } from "./messages.ts";

export class PendingFaults {
  readonly #faults: Fault[];
  /** The name of each counted operation so far. */
  readonly operations: Operation["name"][] = [];

  constructor(faults: readonly Fault[]) {
    this.#faults = [...faults];
  }

  /** Counts an operation, and returns what goes wrong with it, if anything. */
  next(name: Operation["name"]): Fault | undefined {
    const number = this.operations.push(name);
    const index = this.#faults.findIndex((fault) => fault.at <= number && fits(fault, name));
    return index < 0 ? undefined : this.#faults.splice(index, 1)[0];
  }

  /** Nothing more goes wrong. */
  clear(): void {
    this.#faults.length = 0;
  }
}

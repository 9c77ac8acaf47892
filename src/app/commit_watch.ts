/** Watches one transaction of the engine for an observer. An error of the observer is logged, and harms no call. */

import type { Batch } from "./batch.ts";
import type { Commit, Observer } from "./observer.ts";
import { type Log, type TransactionCost, Unavailable } from "./ports.ts";

const NO_COST: TransactionCost = { lockWaitMs: 0, lockedMs: 0, syncMs: 0, sizeBytes: 0 };

export class CommitWatch {
  readonly #onCommit: NonNullable<Observer["onCommit"]>;
  readonly #log: Log;
  readonly #startedAt = performance.now();
  #cost = NO_COST;

  constructor(onCommit: NonNullable<Observer["onCommit"]>, log: Log) {
    this.#onCommit = onCommit;
    this.#log = log;
  }

  /** The last step of the transaction. */
  readonly measure = (cost: TransactionCost): void => {
    this.#cost = cost;
  };

  /** The transaction is over. */
  end(batch: Batch, failure?: Commit["failure"]): void {
    const written = batch.outcomes.flatMap(({ job: { caller }, written }) => {
      return written === undefined ? [] : [{ caller, record: written.record }];
    });
    const durationMs = performance.now() - this.#startedAt;
    try {
      this.#onCommit({ written, durationMs, cost: this.#cost, ...(failure !== undefined && { failure }) });
    } catch (error) {
      this.#log.error(`Unexpected, in telemetry: ${error instanceof Error ? error.stack : error}`);
    }
  }
}

/** The name of a transaction's error for telemetry. */
export function failureName(error: unknown): NonNullable<Commit["failure"]> {
  return error instanceof Unavailable ? error.code : "unexpected";
}

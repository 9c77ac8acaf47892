/** The calls that share one transaction of the journal, with their outcomes. If it fails, each call gets its own error. */

import type { Draft, JournalRecord } from "../core/messages/events.ts";
import type { Outcome } from "./job.ts";
import { AppendFailed, CommitUnknown, Unavailable } from "./ports.ts";

/** Longest time in milliseconds for which a transaction takes up further calls: others wait for its lock. */
const MAX_BATCH_MS = 20;

/** A transaction whose records come to this many bytes takes up no further calls. */
export const MAX_BATCH_BYTES = 1024 * 1024;

export class Batch {
  /** Of the jobs that were taken up, in order. */
  readonly outcomes: Outcome[] = [];
  /** What was handed to the journal. */
  readonly records: JournalRecord[] = [];
  /** Whether all was handed over: from here on an error may leave records in the journal. */
  isDecided = false;
  readonly #maxBytes: number;
  #at = 0;
  #seq = 0;
  #append: (draft: Draft) => number = () => 0;
  #refusalOf: (draft: Draft) => AppendFailed | undefined = () => undefined;
  #sizeBytes = 0;
  #startedAt = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param seq of the record before the first of these */
  begin(at: number, seq: number, { append, refusalOf }: Pick<Batch, "refusalOf"> & {
    readonly append: (draft: Draft) => number;
  }): void {
    this.#at = at;
    this.#seq = seq;
    this.#append = append;
    this.#refusalOf = refusalOf;
    this.#startedAt = performance.now();
  }

  /** Milliseconds since the Unix epoch. */
  get at(): number {
    return this.#at;
  }

  /** Whether further calls have to wait for the next transaction. At least one is taken up. */
  get isFull(): boolean {
    if (this.outcomes.length === 0) return false;
    return this.#sizeBytes >= this.#maxBytes || performance.now() - this.#startedAt > MAX_BATCH_MS;
  }

  /** Why the journal has no room for a draft, to be asked before it is applied. */
  refusalOf(draft: Draft): AppendFailed | undefined {
    return this.#refusalOf(draft);
  }

  append(draft: Draft): void {
    this.#sizeBytes = this.#append(draft);
    this.records.push({ ...draft, seq: this.#seq + this.records.length + 1, at: this.#at });
  }

  /** The outcomes of the jobs after the transaction has failed with an error. */
  outcomesAfter(error: unknown): readonly Outcome[] {
    if (error instanceof AppendFailed) return this.#keepFirst(error);
    if (this.records.length === 0) return this.outcomes.map((outcome) => rejected(outcome, error));
    const unknown = error instanceof CommitUnknown
      ? error
      : new CommitUnknown(this.records.length, `The journal failed: ${error}`, { cause: error });
    const unchanged = new Unavailable("storage_failed", `${unknown.why}. Nothing was changed by this call`, {
      cause: error,
    });
    let unsure = unknown.appended;
    return this.outcomes.map((outcome) => rejected(outcome, outcome.appends && unsure-- > 0 ? unknown : unchanged));
  }

  /** The first jobs, up to the last whose record made it, stand; the others have not happened. */
  #keepFirst(failure: AppendFailed): readonly Outcome[] {
    let kept = failure.appended;
    let isLost = false;
    return this.outcomes.map((outcome) => {
      if (outcome.appends && kept-- <= 0) isLost = true;
      return isLost ? rejected(outcome, failure) : outcome;
    });
  }
}

function rejected(outcome: Outcome, error: unknown): Outcome {
  return { ...outcome, deliver: () => outcome.job.reject(error) };
}

/** The calls that share one transaction of the journal, and their outcomes. If it fails, each call gets its own error. */

import type { Draft, JournalRecord } from "../core/messages/events.ts";
import type { Outcome } from "./job.ts";
import { AppendFailed, CommitUnknown, Unavailable } from "./ports.ts";

/** How long a transaction accepts further calls, in milliseconds: other processes wait for its lock. */
const MAX_BATCH_MS = 20;

/** A transaction accepts no further calls once its records have this many bytes. */
export const MAX_BATCH_BYTES = 1024 * 1024;

export class Batch {
  /** One for each accepted job, in order. */
  readonly outcomes: Outcome[] = [];
  /** The records handed to the journal. */
  readonly records: JournalRecord[] = [];
  /** Whether all records are handed over: from then on an error may leave records in the journal. */
  isDecided = false;
  readonly #maxBytes: number;
  #seq = 0;
  #append: (draft: Draft) => number = () => 0;
  #noRoomFor: (draft: Draft) => AppendFailed | undefined = () => undefined;
  #sizeBytes = 0;
  #startedAt = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** @param seq the seq of the record before the batch */
  begin(seq: number, { append, noRoomFor }: Pick<Batch, "noRoomFor"> & {
    readonly append: (draft: Draft) => number;
  }): void {
    this.#seq = seq;
    this.#append = append;
    this.#noRoomFor = noRoomFor;
    this.#startedAt = performance.now();
  }

  /** Whether further calls must wait for the next transaction. Never true before the first call. */
  get isFull(): boolean {
    if (this.outcomes.length === 0) return false;
    return this.#sizeBytes >= this.#maxBytes || performance.now() - this.#startedAt > MAX_BATCH_MS;
  }

  /** Why the journal has no room for a draft; undefined if it has. Call it before applying the draft. */
  noRoomFor(draft: Draft): AppendFailed | undefined {
    return this.#noRoomFor(draft);
  }

  /** Seq of the next record. */
  get nextSeq(): number {
    return this.#seq + this.records.length + 1;
  }

  append(record: JournalRecord): void {
    const { seq: _, ...draft } = record;
    this.#sizeBytes = this.#append(draft);
    this.records.push(record);
  }

  /** The outcomes of the jobs after the transaction failed with an error, if no look at the journal can tell more. */
  outcomesAfter(error: unknown): readonly Outcome[] {
    if (error instanceof AppendFailed) return this.#keepFirst(error);
    if (this.records.length === 0) return this.outcomes.map((outcome) => rejected(outcome, error));
    const unknown = this.unknownAfter(error);
    const unchanged = nothingChanged(unknown);
    let uncertain = unknown.appended;
    return this.outcomes.map((outcome) => {
      return rejected(outcome, outcome.written !== undefined && uncertain-- > 0 ? unknown : unchanged);
    });
  }

  /** An error of the transaction after which some of its records may be in the journal. */
  unknownAfter(error: unknown): CommitUnknown {
    if (error instanceof CommitUnknown) return error;
    return new CommitUnknown(this.records.length, `The journal failed: ${error}`, { cause: error });
  }

  /** Keeps the jobs up to the last one whose record was appended; rejects the others, which changed nothing. */
  #keepFirst(failure: AppendFailed): readonly Outcome[] {
    let kept = failure.appended;
    let isLost = false;
    return this.outcomes.map((outcome) => {
      if (outcome.written !== undefined && kept-- <= 0) isLost = true;
      return isLost ? rejected(outcome, failure) : outcome;
    });
  }
}

/** The error of a call that is known to have changed nothing, after a commit with an unknown outcome. */
export function nothingChanged(unknown: CommitUnknown): Unavailable {
  const { cause = unknown } = unknown;
  return new Unavailable("storage_failed", `${unknown.why}. Nothing was changed by this call`, { cause });
}

/** The outcome with an error in place of its answer. */
export function rejected(outcome: Outcome, error: unknown): Outcome {
  return { ...outcome, deliver: () => outcome.job.reject(error) };
}

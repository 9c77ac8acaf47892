/** Delivers each record to every listener once, in order. A listener that throws harms neither the others nor the caller. */

import type { JournalRecord } from "../core/messages/events.ts";

/** Called with records of any process once they are durable and folded. Errors that it throws are logged. */
export type RecordsListener = (records: readonly JournalRecord[]) => void;

export class Listeners {
  readonly #listeners = new Set<RecordsListener>();
  readonly #onError: (error: unknown) => void;
  #undelivered: JournalRecord[] = [];
  #notedSeq = 0;

  /** @param onError called with an error that a listener throws, which is a bug of that listener */
  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** Adds a listener; returns the function that removes it. */
  add(listener: RecordsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Seq of the last noted record. Records count as noted even while there is no listener. */
  get notedSeq(): number {
    return this.#notedSeq;
  }

  /** Keeps a record until `deliver`. A record up to `notedSeq` is ignored. */
  note(record: JournalRecord): void {
    if (record.seq <= this.#notedSeq) return;
    this.#notedSeq = record.seq;
    if (!this.isEmpty) this.#undelivered.push(record);
  }

  /** Treats all records up to `seq` as noted. */
  skipTo(seq: number): void {
    this.#notedSeq = Math.max(this.#notedSeq, seq);
  }

  /** Drops records after `seq` that the reloaded journal no longer has. */
  dropAfter(seq: number): void {
    this.#notedSeq = Math.min(this.#notedSeq, seq);
    this.#undelivered = this.#undelivered.filter((record) => record.seq <= seq);
  }

  /** Delivers the noted records to every listener. */
  deliver(): void {
    const records = this.#undelivered;
    if (records.length === 0) return;
    this.#undelivered = [];
    for (const listener of this.#listeners) {
      try {
        listener(records);
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

/** Who is told of records, and of which they have not been told yet: each record once, in order. */

import type { JournalRecord } from "../core/events.ts";

/** Told of records once they are durable and folded, whichever process wrote them. Must not throw. */
export type RecordsListener = (records: readonly JournalRecord[]) => void;

export class Listeners {
  readonly #listeners = new Set<RecordsListener>();
  #untold: JournalRecord[] = [];
  #notedSeq = 0;

  /** Returns how to end it. */
  add(listener: RecordsListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  get isEmpty(): boolean {
    return this.#listeners.size === 0;
  }

  /** Seq of the last record that was noted, or that nobody was there to be told of. */
  get notedSeq(): number {
    return this.#notedSeq;
  }

  /** Keeps a record until it is time to tell of it. One that was noted before is not noted again. */
  note(record: JournalRecord): void {
    if (record.seq <= this.#notedSeq) return;
    this.#notedSeq = record.seq;
    if (!this.isEmpty) this.#untold.push(record);
  }

  /** Takes all records up to this one for noted. */
  skipTo(seq: number): void {
    this.#notedSeq = Math.max(this.#notedSeq, seq);
  }

  /** Forgets the records after this one: they have turned out not to be there. */
  forgetAfter(seq: number): void {
    this.#notedSeq = Math.min(this.#notedSeq, seq);
    this.#untold = this.#untold.filter((record) => record.seq <= seq);
  }

  /** Tells all listeners of what was noted. */
  tell(): void {
    const records = this.#untold;
    if (records.length === 0) return;
    this.#untold = [];
    for (const listener of this.#listeners) listener(records);
  }
}

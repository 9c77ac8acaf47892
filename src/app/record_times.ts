/** The time of each record of a journal, so that the last record at or before a time is found without reading. */

import type { JournalRecord } from "../core/messages/events.ts";

/** Records for which there is room at first; doubled when it is used up. 8 bytes each. */
const FIRST_ROOM = 4_096;

export class RecordTimes {
  /** Never descending: that of the record `seq` is at `seq - 1`. */
  #times = new Float64Array(FIRST_ROOM);
  #count = 0;

  /** The seq of the last record. */
  get last(): number {
    return this.#count;
  }

  /** Adds the next record. One that is earlier than the one before it counts as of the same time. */
  add(record: JournalRecord): void {
    for (const event of record.events) if (event.type === "clock.corrected") this.#correct(event.to);
    if (this.#count === this.#times.length) {
      const larger = new Float64Array(2 * this.#count);
      larger.set(this.#times);
      this.#times = larger;
    }
    this.#times[this.#count] = Math.max(record.at, this.#times[this.#count - 1] ?? 0);
    this.#count++;
  }

  /** The time of a record that was added, in milliseconds since the Unix epoch. */
  at(seq: number): number {
    return this.#times[seq - 1] ?? NaN;
  }

  /** The seq of the last record at or before a time in milliseconds since the Unix epoch; 0 if there is none. O(log n). */
  lastAt(time: number): number {
    let low = 0;
    let high = this.#count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! <= time) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** A clock that was ahead is corrected: what it wrote later than `to` counts as written at `to`. */
  #correct(to: number): void {
    for (let index = this.#count - 1; index >= 0 && this.#times[index]! > to; index--) this.#times[index] = to;
  }
}

/**
 * The newest redactions that were read from the journal. Their record comes before the lines of earlier records are
 * rewritten, so what is read of these meanwhile is redacted here.
 */

import type { EventOf, JournalRecord } from "../core/messages/events.ts";
import { redactEvents, type Redaction } from "../core/messages/redact.ts";

/** Most redactions that are kept. */
const MAX_REDACTIONS = 100;

/** A redaction without the list of its records, which can be long. */
interface ReadRedaction extends Redaction {
  readonly seq: number;
}

export class Redactions {
  #read: readonly ReadRedaction[] = [];

  /** Keeps the redactions of a record; returns them. */
  note({ seq, events }: JournalRecord): readonly EventOf<"task.redacted">[] {
    const found = events.filter((event) => event.type === "task.redacted");
    if (found.length === 0) return found;
    const read = found.map(({ id, fields, conditions = [] }) => ({ seq, id, fields, conditions }));
    this.#read = [...this.#read, ...read].slice(-MAX_REDACTIONS);
    return found;
  }

  /** The record without the texts of later redactions; the same object if it has none of them. */
  of(record: JournalRecord): JournalRecord {
    return this.#read.reduce((left, redaction) => {
      if (redaction.seq <= record.seq) return left;
      const events = redactEvents(left.events, redaction);
      return events === left.events ? left : { ...left, events };
    }, record);
  }

  /** Forgets all, as the journal is another one now. */
  clear(): void {
    this.#read = [];
  }
}

/** Whether one of some records is a redaction. */
export function hasRedaction(records: readonly JournalRecord[]): boolean {
  return records.some(({ events }) => events.some(({ type }) => type === "task.redacted"));
}

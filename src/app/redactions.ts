/**
 * The newest redactions that were read from the journal or are about to be appended. Their record comes before the lines of
 * earlier records are rewritten, so what is read of these meanwhile is redacted here.
 */

import type { EventOf, JournalRecord } from "../core/messages/events.ts";
import { redactEvents, type Redaction, tasksWithTexts } from "../core/messages/redact.ts";

/** Most redactions that are kept. */
const MAX_REDACTIONS = 100;

/** A redaction without the list of its records, which can be long. */
interface NotedRedaction extends Redaction {
  readonly seq: number;
}

export class Redactions {
  /** The newest at the end. */
  #noted: readonly NotedRedaction[] = [];
  /** The same by task. */
  #ofTask: ReadonlyMap<string, readonly NotedRedaction[]> = new Map();

  /** Keeps the redactions of a record; returns them. */
  note({ seq, events }: JournalRecord): readonly EventOf<"task.redacted">[] {
    const found = events.filter((event) => event.type === "task.redacted");
    if (found.length === 0) return found;
    const noted = found.map(({ id, fields, conditions = [] }) => ({ seq, id, fields, conditions }));
    this.#noted = [...this.#noted, ...noted].slice(-MAX_REDACTIONS);
    this.#ofTask = Map.groupBy(this.#noted, ({ id }) => id);
    return found;
  }

  /** The record without the texts of later redactions; the same object if it has none of them. O(tasks of the record). */
  of(record: JournalRecord): JournalRecord {
    if (this.#ofTask.size === 0) return record;
    const events = [...tasksWithTexts(record.events)]
      .flatMap((id) => this.#ofTask.get(id) ?? [])
      .filter(({ seq }) => seq > record.seq)
      .reduce(redactEvents, record.events);
    return events === record.events ? record : { ...record, events };
  }

  /** Forgets all, as the journal is another one now. */
  clear(): void {
    this.#noted = [];
    this.#ofTask = new Map();
  }
}

/** Whether one of some records is a redaction. */
export function hasRedaction(records: readonly JournalRecord[]): boolean {
  return records.some(({ events }) => events.some(({ type }) => type === "task.redacted"));
}

/**
 * What several streams of the same caller and filter are told of the same records, selected once: all pages of a team follow
 * the same events. It is kept only until the next records come, so that nobody is told by rights of an earlier moment.
 */

import type { JournalRecord } from "../../core/messages/events.ts";
import type { HistoryFilter } from "../../core/messages/history.ts";
import type { Notification } from "../../core/messages/notifications.ts";
import { type Caller, keyOfCaller } from "../../core/model/access.ts";

export interface Selected {
  readonly records: readonly JournalRecord[];
  readonly filter: HistoryFilter;
  readonly source: string;
}

/** Selects the notifications that a caller may see. */
export type Select = (selected: Selected, caller: Caller) => Promise<readonly Notification[]>;

export class Selections {
  readonly #select: Select;
  readonly #made = new Map<string, Promise<readonly Notification[]>>();

  constructor(select: Select) {
    this.#select = select;
  }

  /** Called when further records have come. */
  forget(): void {
    this.#made.clear();
  }

  /** The same objects for the same question, as long as no further records have come. */
  of(selected: Selected, caller: Caller): Promise<readonly Notification[]> {
    const { records, filter, source } = selected;
    const range = [records[0]?.seq, records.at(-1)?.seq, records.length];
    const key = JSON.stringify([keyOfCaller(caller), filter, source, range]);
    const made = this.#made.get(key) ?? this.#select(selected, caller);
    this.#made.set(key, made);
    return made;
  }
}

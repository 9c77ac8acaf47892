/** Reads the journal of a data directory without the program. */

import type { Event, JournalRecord } from "../../src/core/messages/events.ts";

/** All records in the journal of a data directory, in order. */
export async function readRecords(directory: string): Promise<JournalRecord[]> {
  const names = Array.from(Deno.readDirSync(`${directory}/journal`), ({ name }) => name).sort();
  const texts = await Promise.all(names.map((name) => Deno.readTextFile(`${directory}/journal/${name}`)));
  return texts.flatMap((text) => text.split("\n").slice(0, -1)).map((line) => JSON.parse(line));
}

/** All events of one type, in order. */
export function eventsOf<T extends Event["type"]>(
  records: readonly JournalRecord[],
  type: T,
): Extract<Event, { type: T }>[] {
  return records.flatMap(({ events }) => events).filter((event): event is Extract<Event, { type: T }> =>
    event.type === type
  );
}

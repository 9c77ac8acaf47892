/**
 * Reads records of older formats: adds what says what they meant. One pure function a step; a record passes all steps from
 * its own format on.
 */

import type { JournalRecord } from "./events.ts";

/** A record of format 1 or 2 as one of format 3: it announced no task that became ready. */
export function upcast2to3(record: JournalRecord): JournalRecord {
  return { ...record, isSilent: true };
}

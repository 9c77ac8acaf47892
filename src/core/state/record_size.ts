/** Measures the events of a record. Too large ones are refused before any is applied. */

import type { Event } from "../messages/events.ts";
import { MAX_BULK_BYTES, MAX_EVENTS_BYTES, MAX_RECORD_TASKS } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";

/**
 * How many tasks and instances may change as a consequence in the same record as `events`, so that it stays below
 * `MAX_RECORD_BYTES`: `MAX_RECORD_TASKS` of them, with the longest ids, take less than 2 MiB.
 *
 * @throws Refusal `limit_exceeded` if the events alone are too large
 */
export function roomBeside(events: readonly Event[]): number {
  if (upperBoundBytes(events) <= MAX_BULK_BYTES) return MAX_RECORD_TASKS;
  const bytes = jsonBytes(events);
  if (bytes <= MAX_BULK_BYTES) return MAX_RECORD_TASKS;
  if (bytes <= MAX_EVENTS_BYTES) return 0;
  throw new Refusal(
    "limit_exceeded",
    `Cannot carry out this call as it takes ${bytes} bytes in the journal: at most ${MAX_EVENTS_BYTES} are allowed; ` +
      "use several calls, or shorter texts",
    { limit: MAX_EVENTS_BYTES, bytes },
  );
}

/** An upper bound of the bytes of a value's JSON. Does not make the JSON, as every record is measured. Nesting is bounded. */
function upperBoundBytes(value: unknown): number {
  // An escaped character takes at most six bytes, and a number fewer than 25.
  if (typeof value === "string") return 6 * value.length + 3;
  if (typeof value !== "object" || value === null) return 25;
  let bytes = 2;
  if (Array.isArray(value)) { for (const each of value) bytes += upperBoundBytes(each) + 1; }
  else for (const [key, each] of Object.entries(value)) bytes += 6 * key.length + 4 + upperBoundBytes(each);
  return bytes;
}

/** Bytes of UTF-8 of a value's JSON; if they are certainly at most `limit`, a lower bound. */
export function jsonBytes(value: unknown, limit = 0): number {
  const json = JSON.stringify(value);
  // No character of UTF-16 takes more than three bytes of UTF-8.
  return json.length * 3 <= limit ? json.length : new TextEncoder().encode(json).length;
}

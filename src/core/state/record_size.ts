/** Measures the events of a record. Too large ones are refused before any is applied. */

import type { Event, GroupTasks } from "../messages/events.ts";
import { MAX_EVENTS_BYTES, MAX_ID_CHARACTERS, MAX_RECORD_TASKS } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";

/**
 * Most bytes that a record takes for one task or instance that changes as a consequence: its id and that of its group, in
 * the event, in the announcement and in `groups`, and the dependency that it waits for.
 */
const MAX_CONSEQUENCE_BYTES = 4 * 1024;

/** Up to so many bytes, an upper bound counts as the size of events: measuring costs more than the room that it finds. */
const SMALL_BYTES = MAX_EVENTS_BYTES - MAX_RECORD_TASKS * MAX_CONSEQUENCE_BYTES;

/** The room that a record has for consequences. */
export interface Room {
  /** How many tasks and instances may change. */
  readonly tasks: number;
  readonly bytes: number;
}

/**
 * The room beside `events`.
 *
 * @param groups of the tasks of these events, which the record names, too
 * @throws Refusal `limit_exceeded` if the events and groups alone are too large
 */
export function roomBeside(events: readonly Event[], groups: readonly GroupTasks[] = []): Room {
  const part = { events, groups };
  const atMost = upperBoundBytes(part);
  const bytes = atMost <= SMALL_BYTES ? atMost : jsonBytes(part);
  if (bytes <= MAX_EVENTS_BYTES) return { tasks: MAX_RECORD_TASKS, bytes: MAX_EVENTS_BYTES - bytes };
  throw new Refusal(
    "limit_exceeded",
    `Cannot carry out this call as it takes ${bytes} bytes in the journal: at most ${MAX_EVENTS_BYTES} are allowed; ` +
      "use several calls, or shorter texts",
    { limit: MAX_EVENTS_BYTES, bytes },
  );
}

/** How many consequences fit into a room, whatever the ids of their tasks and instances are. */
export function limitOf({ tasks, bytes }: Room): number {
  return Math.max(0, Math.min(tasks, Math.floor(bytes / MAX_CONSEQUENCE_BYTES)));
}

/** The room that is left after consequences that change `count` tasks and instances. */
export function roomAfter({ tasks, bytes }: Room, consequences: readonly Event[], count: number): Room {
  if (count === 0) return { tasks, bytes };
  // Up to three times, as ids stand in the announcement and in `groups`, too; beside names of groups.
  const taken = Math.min(3 * jsonBytes(consequences) + count * MAX_GROUP_BYTES, count * MAX_CONSEQUENCE_BYTES);
  return { tasks: tasks - count, bytes: bytes - taken };
}

/** Most bytes of the name of a group, with what surrounds it: four bytes of UTF-8 a character. */
const MAX_GROUP_BYTES = 4 * MAX_ID_CHARACTERS + 32;

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

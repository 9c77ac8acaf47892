/** Shortens texts and lists for messages, and writes times. */

import { MAX_NAMED, MAX_TIME_MS } from "./limits.ts";

/** Milliseconds since the Unix epoch as ISO 8601 in UTC. A time after the last date is shown as the last date. */
export function isoTime(at: number): string {
  return new Date(Math.min(at, MAX_TIME_MS)).toISOString();
}

/** The first `characters` UTF-16 units of a text, or one fewer where that would cut a surrogate pair. */
export function head(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const last = text.charCodeAt(characters - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? characters - 1 : characters);
}

/** A text of at most `characters` UTF-16 units. A longer one is cut and ends with an ellipsis. */
export function shortened(text: string, characters: number): string {
  return text.length <= characters ? text : head(text, characters - 1) + "…";
}

/** A number of things, like "1 record" or "2 records". */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** The first `limit` items. */
export function take<T>(items: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === limit) break;
    taken.push(item);
  }
  return taken;
}

/** The first `MAX_NAMED` ids, and how many more there are of `total`. */
export function nameSome(ids: readonly string[], total: number = ids.length): string {
  const named = ids.slice(0, MAX_NAMED);
  return named.join(", ") + (total > named.length ? ` and ${total - named.length} more` : "");
}

/** A duration in its largest unit, with one decimal: "3.2 h". */
export function inWords(durationMs: number): string {
  const [unit, lengthMs] = DURATION_UNITS.find(([, lengthMs]) => durationMs >= lengthMs) ?? ["ms", 1];
  return `${Math.round(10 * durationMs / lengthMs) / 10} ${unit}`;
}

/** Units of time and their lengths in milliseconds, the longest first. */
const DURATION_UNITS: readonly (readonly [string, number])[] = [["d", 86_400_000], ["h", 3_600_000], ["min", 60_000], [
  "s",
  1_000,
]];

/** Bounds what agents read: pages by their bytes, and texts and lists in them, with where all of it is. */

import { head } from "../core/model/text.ts";

/** Most characters that `clip` leaves of a text. */
const MAX_CLIPPED_CHARACTERS = 200;

/** Most bytes of JSON on a page, in UTF-8; the first entry is always on it, whatever its size. */
export const MAX_PAGE_BYTES = 64 * 1024;

/** Bytes of the comma or bracket after an entry. */
const SEPARATOR_BYTES = 1;

/** Most items of a list inside a notification. */
const MAX_LISTED = 20;

/** A JSON object. */
export type Json = Readonly<Record<string, unknown>>;

/** The oldest or the newest entries that fit on a page of `maxBytes`; `isCut` if some do not. */
export function fit(
  entries: readonly Json[],
  keep: "oldest" | "newest",
  maxBytes: number = MAX_PAGE_BYTES,
): { shown: readonly Json[]; isCut: boolean } {
  const ordered = keep === "oldest" ? entries : entries.toReversed();
  let bytes = 0;
  const end = ordered.findIndex((entry, index) => {
    bytes += bytesOf(entry) + SEPARATOR_BYTES;
    return index > 0 && bytes > maxBytes;
  });
  if (end < 0) return { shown: entries, isCut: false };
  const shown = ordered.slice(0, end);
  return { shown: keep === "oldest" ? shown : shown.toReversed(), isCut: true };
}

/** The size of a value's JSON in UTF-8. */
export function bytesOf(value: unknown): number {
  return new TextEncoder().encode(JSON.stringify(value)).length;
}

/** The first `MAX_CLIPPED_CHARACTERS` of a text, with its length and where the whole text is. */
export function clip(text: string, whereAll: string): string {
  const start = head(text, MAX_CLIPPED_CHARACTERS);
  return start.length === text.length ? text : `${start}… (${text.length} characters, ${whereAll})`;
}

/** A value of JSON with its texts and lists cut. */
export function clipDeep(value: unknown): unknown {
  if (typeof value === "string") return clip(value, "the journal has all");
  if (Array.isArray(value)) {
    const items = value.slice(0, MAX_LISTED).map(clipDeep);
    return value.length > MAX_LISTED ? [...items, `… and ${value.length - MAX_LISTED} more`] : items;
  }
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, clipDeep(item)]));
}

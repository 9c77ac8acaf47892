/** Cutting texts. */

import { MAX_NAMED } from "./limits.ts";

/** The beginning of a text, never ending within a character. */
export function head(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const last = text.charCodeAt(characters - 1);
  return text.slice(0, last >= 0xd800 && last < 0xdc00 ? characters - 1 : characters);
}

/** A text of at most so many characters; where it is cut, the last of these is an ellipsis. */
export function shortened(text: string, characters: number): string {
  return text.length <= characters ? text : head(text, characters - 1) + "…";
}

/** The first few of what may be many. */
export function take<T>(items: Iterable<T>, limit: number): T[] {
  const taken: T[] = [];
  for (const item of items) {
    if (taken.length === limit) break;
    taken.push(item);
  }
  return taken;
}

/** The first names of a list, and how many more there are. */
export function nameSome(ids: readonly string[], total: number = ids.length): string {
  const named = ids.slice(0, MAX_NAMED);
  return named.join(", ") + (total > named.length ? ` and ${total - named.length} more` : "");
}

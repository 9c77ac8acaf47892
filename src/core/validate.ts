/**
 * Checks of single values: ids and texts. They refuse, never repair: what is stored is what was said.
 */

import { MAX_ID_CHARACTERS } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Unicode's control characters and line separators: they break lines of logs, tables and graphs. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Refuses a task or instance id that is empty, too long, padded with white space or holds control characters. */
export function checkId(id: string, what: "Task id" | "Instance id"): void {
  if (id === "") throw new Refusal("invalid_value", `${what} is empty: give at least one character`);
  // A code point is at most two UTF-16 units: only ids in between need counting.
  if (id.length > MAX_ID_CHARACTERS && (id.length > 2 * MAX_ID_CHARACTERS || [...id].length > MAX_ID_CHARACTERS)) {
    throw new Refusal(
      "limit_exceeded",
      `${what} is too long: at most ${MAX_ID_CHARACTERS} characters are allowed, it has ${[...id].length}`,
      { limit: MAX_ID_CHARACTERS },
    );
  }
  if (CONTROL.test(id) || !id.isWellFormed()) {
    throw new Refusal(
      "invalid_value",
      `${what} ${JSON.stringify(id)} has a control character: use visible characters only`,
    );
  }
  if (id.trim() !== id) {
    throw new Refusal("invalid_value", `${what} ${JSON.stringify(id)} starts or ends with white space: remove it`);
  }
}

/** Refuses a text over `limit` bytes of UTF-8, or one with a NUL character, which not every store can keep. */
export function checkText(text: string, what: string, limit: number): void {
  const bytes = utf8Bytes(text, limit);
  if (bytes > limit) {
    throw new Refusal(
      "limit_exceeded",
      `${what} is too long: at most ${limit} bytes of UTF-8 are allowed, it has ${bytes}; ` +
        "put long material into a file and give its path",
      { limit, bytes },
    );
  }
  if (text.includes("\0")) throw new Refusal("invalid_value", `${what} holds a NUL character: remove it`);
}

/** An unchecked id as it may stand in a message: short, and without anything that could break the line. */
export function printable(id: string): string {
  const short = id.length > MAX_ID_CHARACTERS ? id.slice(0, MAX_ID_CHARACTERS) + "…" : id;
  return CONTROL.test(short) || short.trim() !== short || short === "" ? JSON.stringify(short) : short;
}

/** Bytes of UTF-8, or a lower bound of at most `limit` where the text is plainly shorter. */
function utf8Bytes(text: string, limit: number): number {
  return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}

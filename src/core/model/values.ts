/**
 * Checks of single values: ids and texts. A malformed value is refused, never repaired: it is stored as it was given.
 */

import type { ReadonlyIdMap } from "./id_map.ts";
import { MAX_ID_CHARACTERS } from "./limits.ts";
import { Refusal } from "./refusal.ts";

/** Unicode's control characters and line separators: they break lines of logs, tables and graphs. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;

/** Invisible characters, and those that reverse the order of letters: with these, different ids can look the same. */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\ufff9-\ufffb]/u;

const UNPRINTABLES = /[\p{Cc}\u2028\u2029\p{Default_Ignorable_Code_Point}\p{Bidi_Control}\ufff9-\ufffb]/gu;

/** The kinds of ids, as messages name them. */
export type IdKind =
  | "Task id"
  | "Instance id"
  | "Session id"
  | "Group id"
  | "Template name"
  | "Parameter name"
  | "Role"
  | "Capability"
  | "Lock"
  | "Token name"
  | "Webhook name"
  | "Handler name"
  | "Audience"
  | "Request id";

/** Refuses an id that is empty, too long, padded with white space or has invisible characters. */
export function checkId(id: string, what: IdKind): void {
  if (id === "") throw new Refusal("invalid_value", `${what} is empty: give at least one character`);
  if (isTooLong(id)) {
    throw new Refusal("limit_exceeded", `${what} is too long: at most ${MAX_ID_CHARACTERS} characters are allowed`, {
      limit: MAX_ID_CHARACTERS,
    });
  }
  if (CONTROL.test(id) || !id.isWellFormed()) {
    throw new Refusal("invalid_value", `${what} ${printable(id)} has a control character: use visible characters only`);
  }
  if (id.trim() !== id) {
    throw new Refusal("invalid_value", `${what} ${printable(id)} starts or ends with white space: remove it`);
  }
  const invisible = invisibleIn(id);
  if (invisible !== undefined) {
    throw new Refusal(
      "invalid_value",
      `${what} ${printable(id)} has an invisible character, ${codePointOf(invisible)}: remove it`,
    );
  }
}

/**
 * Refuses what `checkId` refuses, and an id that looks like another one in `known`: people would confuse the two.
 */
export function checkNewId(id: string, what: IdKind, known: Pick<ReadonlyIdMap<unknown>, "twinOf">): void {
  checkId(id, what);
  const twin = known.twinOf(id);
  if (twin === undefined) return;
  throw new Refusal(
    "already_exists",
    `${what} ${id} exists already in another spelling, ${twin} (${escaped(twin)}), as they differ only by Unicode ` +
      `normalization: use that one, or an id that looks different`,
    { id, existing: twin },
  );
}

/**
 * Refuses an id that no URL can have in its path, where `.` and `..` stand for directories: REST and the dashboard could not
 * name it. For ids that are given anew only: data of earlier versions, and so plans that are imported, may have these two.
 */
export function checkInPath(id: string, what: IdKind): void {
  if (id !== "." && id !== "..") return;
  throw new Refusal(
    "invalid_value",
    `${what} ${id} cannot be in the path of a URL: give another one, with a letter or digit`,
  );
}

/** The end of a "not found" message that names an existing id which looks the same; empty if there is none. */
export function twinHint(twin: string | undefined): string {
  if (twin === undefined) return "";
  return `; there is ${twin} (${escaped(twin)}), which differs only by Unicode normalization: use that spelling`;
}

/**
 * The first invisible character outside emoji. They are allowed in these, as they make a visible difference there:
 * "👩‍💻" would be two emoji without its joiner.
 */
function invisibleIn(id: string): string | undefined {
  if (!INVISIBLE.test(id)) return undefined;
  // Made only here: this expression takes 25 ms to build, at each start if it stood at the top.
  return INVISIBLE.exec(id.replaceAll(/\p{RGI_Emoji}/gv, ""))?.[0];
}

function codePointOf(character: string): string {
  return `U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;
}

/** A text with every character that is not printable ASCII escaped. */
function escaped(text: string): string {
  return text.replaceAll(/[^ -~]/gu, escapeOf);
}

/** A character as JSON's escapes of its UTF-16 units. */
function escapeOf(character: string): string {
  return character.split("").map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`).join("");
}

/** Refuses a text over `limit` bytes of UTF-8, or with NUL or lone surrogates, which not every store can keep. */
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
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new Refusal("invalid_value", `${what} holds a NUL character or half a surrogate pair: remove it`);
  }
}

/** Whether JSON keeps all numbers in a value as they are: none of them is NaN, infinite or -0. */
export function hasJsonNumbers(value: unknown): boolean {
  if (typeof value === "number") return Number.isFinite(value) && !Object.is(value, -0);
  return typeof value !== "object" || value === null || Object.values(value).every(hasJsonNumbers);
}

/** A number for a message; `-0` keeps its sign. */
export function printableNumber(value: number): string {
  return Object.is(value, -0) ? "-0" : String(value);
}

/** An unchecked id for a message: shortened, and as an escaped JSON string if any of its characters is not visible. */
export function printable(id: string): string {
  const isLong = isTooLong(id);
  if (
    !isLong && id !== "" && id.trim() === id && !CONTROL.test(id) && id.isWellFormed() && invisibleIn(id) === undefined
  ) {
    return id;
  }
  const shown = isLong ? [...id.slice(0, 2 * MAX_ID_CHARACTERS)].slice(0, MAX_ID_CHARACTERS).join("") + "…" : id;
  return JSON.stringify(shown).replaceAll(UNPRINTABLES, escapeOf);
}

/** Whether an id has too many code points. Each has one or two UTF-16 units, so few ids need counting. */
function isTooLong(id: string): boolean {
  if (id.length <= MAX_ID_CHARACTERS) return false;
  return id.length > 2 * MAX_ID_CHARACTERS || [...id].length > MAX_ID_CHARACTERS;
}

/** Bytes of UTF-8; if they are certainly at most `limit`, a lower bound. */
export function utf8Bytes(text: string, limit = 0): number {
  return text.length * 3 <= limit ? text.length : new TextEncoder().encode(text).length;
}

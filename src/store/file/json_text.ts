/**
 * Reads a JSON file that a person or another program wrote. Refuses, by name, what JSON.parse would silently accept: an
 * encoding other than UTF-8, and the same key twice in one object, where only the last one would count.
 */

/** Largest file, in bytes: about the longest string that JavaScript allows. */
export const MAX_FILE_BYTES = 500_000_000;

/** Deepest nesting, so that code that walks through a value is bounded. */
export const MAX_FILE_NESTING = 500;

/** Byte order marks, and first bytes without one, of other encodings of JSON (RFC 4627, section 3). */
const ENCODINGS: readonly { readonly name: string; readonly begins: readonly (number | undefined)[] }[] = [
  { name: "UTF-32", begins: [0xff, 0xfe, 0, 0] },
  { name: "UTF-32", begins: [0, 0, 0xfe, 0xff] },
  { name: "UTF-32", begins: [undefined, 0, 0, 0] },
  { name: "UTF-32", begins: [0, 0, 0, undefined] },
  { name: "UTF-16", begins: [0xff, 0xfe] },
  { name: "UTF-16", begins: [0xfe, 0xff] },
  { name: "UTF-16", begins: [undefined, 0] },
  { name: "UTF-16", begins: [0, undefined] },
];

/**
 * The value of a JSON file in UTF-8, with or without a byte order mark.
 *
 * @throws SyntaxError with a message that says what is wrong, and where
 */
export function parseJsonFile(bytes: Uint8Array): unknown {
  const text = decodeFile(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    // It may quote lines of the text.
    const why = String(cause instanceof Error ? cause.message : cause).replaceAll(/\s+/g, " ");
    throw new SyntaxError(`It is not JSON: ${why}`, { cause });
  }
  refuseDuplicateKeys(text);
  return value;
}

/** The text of a file in UTF-8, with or without a byte order mark. Throws a `SyntaxError` if it is in another encoding. */
export function decodeFile(bytes: Uint8Array): string {
  if (bytes.length > MAX_FILE_BYTES) {
    throw new SyntaxError(`It has ${bytes.length} bytes: at most ${MAX_FILE_BYTES} can be read, split it`);
  }
  const other = ENCODINGS.find(({ begins }) =>
    bytes.length >= begins.length && begins.every((byte, index) => byte === undefined || byte === bytes[index])
  );
  if (other !== undefined) throw new SyntaxError(`It is in ${other.name}: save it as UTF-8`);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    const line = bytes.subarray(0, validBytes(bytes)).reduce(
      (lines, byte) => byte === LINE_FEED ? lines + 1 : lines,
      1,
    );
    throw new SyntaxError(
      `It is not UTF-8 at line ${line}, but perhaps in Latin-1 or Windows-1252: save it as UTF-8`,
      { cause },
    );
  }
}

const LINE_FEED = 10;

/** Number of bytes before the first invalid one, or up to one character less. Binary search. */
function validBytes(bytes: Uint8Array): number {
  let valid = 0;
  for (let end = bytes.length + 1; end - valid > 1;) {
    const middle = (valid + end) >> 1;
    if (beginsValid(bytes.subarray(0, middle))) valid = middle;
    else end = middle;
  }
  return valid;
}

function beginsValid(bytes: Uint8Array): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

/** An object or array around the current place. */
interface Level {
  /** The keys so far; undefined for an array. */
  readonly keys: Set<string> | undefined;
  /** The key or the 1-based element number of the current value. */
  at: string | number;
}

/**
 * Throws if a text has the same key twice in one object, or is nested too deeply. The text must be valid JSON, so finding
 * strings and brackets is enough. Other parsers recurse, lose the key `__proto__`, or build a tree of the whole text.
 */
function refuseDuplicateKeys(text: string): void {
  const levels: Level[] = [];
  // In an object, a string at the start or after a comma is a key.
  let isKey = false;
  for (let at = 0; at < text.length; at++) {
    const level = levels.at(-1);
    switch (text[at]) {
      case '"': {
        const end = endOfString(text, at);
        if (isKey && level?.keys !== undefined) {
          // A JSON string.
          const key = JSON.parse(text.slice(at, end)) as string;
          level.at = key;
          if (level.keys.has(key)) throw twice(levels);
          level.keys.add(key);
        }
        isKey = false;
        at = end - 1;
        break;
      }
      case "{":
      case "[":
        if (levels.length === MAX_FILE_NESTING) {
          throw new SyntaxError(`It is nested more than ${MAX_FILE_NESTING} deep: ${pathOf(levels.slice(0, 1))}`);
        }
        isKey = text[at] === "{";
        levels.push({ keys: isKey ? new Set() : undefined, at: 1 });
        break;
      case "}":
      case "]":
        levels.pop();
        isKey = false;
        break;
      case ",":
        isKey = level?.keys !== undefined;
        if (typeof level?.at === "number") level.at++;
    }
  }
}

/** The index after the closing quote of the string that starts at `start`. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (text[at] !== '"') at += text[at] === "\\" ? 2 : 1;
  return at + 1;
}

function twice(levels: readonly Level[]): SyntaxError {
  return new SyntaxError(`It has a key twice: ${pathOf(levels)}; remove one of them, or only the last would count`);
}

/** Keys and 1-based element numbers, joined by dots; keys with special characters as JSON. */
function pathOf(levels: readonly Level[]): string {
  const path = levels.map(({ at }) => /^[\w-]+$/.test(String(at)) ? String(at) : JSON.stringify(at)).join(".");
  return path.length > MAX_PATH_CHARACTERS ? path.slice(0, MAX_PATH_CHARACTERS) + "…" : path;
}

/** Longest path in a message. */
const MAX_PATH_CHARACTERS = 400;

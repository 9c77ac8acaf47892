/**
 * Results as the conditions of dependents read them: JSON as it is, or the JSON in a Markdown fence, as language models
 * often write it, also among prose. Any other result is one text.
 */

/** A JSON value. */
export type JsonValue =
  | string
  | number
  | boolean
  | null
  | readonly JsonValue[]
  | { readonly [key: string]: JsonValue };

/**
 * The value that conditions read in place of a result that is not JSON itself: that of its only fenced block of JSON, or
 * the text of the fenced block that is all of it. Undefined if there is none, or if it cannot be told which block is meant.
 */
export function fencedValue(result: string): JsonValue | undefined {
  if (!FENCE.test(result) || parse(result) !== undefined) return undefined;
  const { blocks, hasProse } = blocksOf(result);
  const values = blocks.map(parse).filter((value) => value !== undefined);
  if (values.length > 0) return values.length === 1 ? values[0] : undefined;
  return blocks.length === 1 && !hasProse ? blocks[0] : undefined;
}

/** The value that conditions read: `value` of a task if it has one, else its result as JSON or as text. */
export function valueOf({ result = "", value }: { readonly result?: string; readonly value?: JsonValue }): JsonValue {
  if (value !== undefined) return value;
  const parsed = parse(result);
  return parsed === undefined ? result : parsed;
}

/** Whether a value is JSON of which a JSON Pointer can name a part. */
export function hasParts(value: JsonValue): boolean {
  return typeof value === "object" && value !== null;
}

const FENCE = /^ {0,3}(`{3,}|~{3,})(.*)$/m;

/** The contents of the fenced code blocks of a Markdown text (CommonMark 0.31, section 4.5). O(characters). */
function blocksOf(text: string): { readonly blocks: readonly string[]; readonly hasProse: boolean } {
  const blocks: string[] = [];
  let hasProse = false;
  let fence: string | undefined;
  let lines: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [, mark = "", rest = ""] = FENCE.exec(line) ?? [];
    if (fence === undefined) {
      if (mark !== "") [fence, lines] = [mark, []];
      else if (line.trim() !== "") hasProse = true;
    } else if (mark.startsWith(fence) && rest.trim() === "") {
      blocks.push(lines.join("\n"));
      fence = undefined;
    } else lines.push(line);
  }
  // A block that is not closed reaches to the end.
  if (fence !== undefined) blocks.push(lines.join("\n"));
  return { blocks, hasProse };
}

/** The JSON value of a text; undefined if it is not JSON. */
function parse(text: string): JsonValue | undefined {
  try {
    // JSON.parse returns nothing but JSON values.
    return JSON.parse(text) as JsonValue;
  } catch {
    // Most results are texts.
    return undefined;
  }
}

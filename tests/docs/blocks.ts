/** Reads what stands in the fenced blocks of a Markdown text. Pure. */

/** One fenced block. */
export interface Block {
  /** The word behind the fence, such as `json`; empty if there is none. */
  readonly language: string;
  readonly text: string;
  /** The line of its opening fence, counted from 1. */
  readonly line: number;
}

/** The fenced blocks of a text, in their order. */
export function blocksOf(markdown: string): readonly Block[] {
  return Array.from(
    markdown.matchAll(/^```(\w*)\n([\s\S]*?)^```$/gm),
    ({ 1: language = "", 2: text = "", index }) => ({
      language,
      text,
      line: markdown.slice(0, index).split("\n").length,
    }),
  );
}

/** The commands of a shell block: lines that end in a backslash are joined, comments and empty lines are left out. */
export function commandsOf(text: string): readonly string[] {
  return text.replaceAll(/\\\n\s*/g, "").split("\n")
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

/**
 * The values of a text that has several JSON values, one behind the other.
 *
 * @throws SyntaxError if one of them is not JSON
 */
export function valuesOf(text: string): readonly unknown[] {
  const values: unknown[] = [];
  let depth = 0;
  let start = 0;
  // A string is one step, so that braces in it do not count.
  for (const { 0: part, index } of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}[\]]/g)) {
    if (part === "{" || part === "[") depth++;
    if (part === "}" || part === "]") depth--;
    if (depth > 0 || part.startsWith('"')) continue;
    values.push(JSON.parse(text.slice(start, index + 1)));
    start = index + 1;
  }
  if (text.slice(start).trim() !== "") throw new SyntaxError(`Not JSON: ${text.slice(start).trim()}`);
  return values;
}

/**
 * Whether an answer is as a document shows it. There, `…` in a text stands for any characters, a value `"…"` for any
 * value, an entry `"…"` of a list for further entries, and a field `"…"` for further fields.
 */
export function isAsShown(shown: unknown, real: unknown): boolean {
  if (shown === "…") return true;
  if (typeof shown === "string") return typeof real === "string" && patternOf(shown).test(real);
  if (Array.isArray(shown)) return Array.isArray(real) && isListAsShown(shown, real);
  if (typeof shown !== "object" || shown === null) return shown === real;
  if (typeof real !== "object" || real === null || Array.isArray(real)) return false;
  const { "…": more, ...fields } = shown as Record<string, unknown>;
  const others = Object.keys(real).filter((key) => !Object.hasOwn(fields, key));
  return (more !== undefined || others.length === 0) &&
    Object.entries(fields).every(([key, value]) =>
      Object.hasOwn(real, key) && isAsShown(value, (real as Record<string, unknown>)[key])
    );
}

function isListAsShown(shown: readonly unknown[], real: readonly unknown[]): boolean {
  const isOpen = shown.at(-1) === "…";
  const entries = isOpen ? shown.slice(0, -1) : shown;
  return (isOpen ? real.length >= entries.length : real.length === entries.length) &&
    entries.every((entry, index) => isAsShown(entry, real[index]));
}

function patternOf(shown: string): RegExp {
  return new RegExp(`^${shown.split("…").map((part) => RegExp.escape(part)).join("[^]*")}$`);
}

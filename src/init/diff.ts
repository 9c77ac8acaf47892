/** Shows what changes in a file, for a person. All changes of init are in one place, so one block with its surroundings says all. */

/** How many unchanged lines are shown before and after the change. */
const CONTEXT_LINES = 2;

/** Longest line that is shown whole. Of a longer one, the part around its first change is shown. */
const MAX_LINE_CHARACTERS = 200;

/** How much of a longer line is shown before its first change. */
const CONTEXT_CHARACTERS = 40;

/** The lines: `+` what comes, `-` what goes, and a few that stay, after the number of the first one. */
export function diffOf(before: string, after: string): readonly string[] {
  const [old, now] = [linesOf(before), linesOf(after)];
  const shorter = Math.min(old.length, now.length);
  let start = 0;
  while (start < shorter && old[start] === now[start]) start++;
  let same = 0;
  while (same < shorter - start && old.at(-1 - same) === now.at(-1 - same)) same++;
  const from = Math.max(0, start - CONTEXT_LINES);
  const end = old.length - same;
  const skipped = Math.max(0, samePrefix(old[start] ?? "", now[start] ?? "") - CONTEXT_CHARACTERS);
  return [
    `@@ line ${from + 1} @@`,
    ...old.slice(from, start).map((line) => shown(" ", line)),
    ...old.slice(start, end).map((line, at) => shown("-", line, at === 0 ? skipped : 0)),
    ...now.slice(start, now.length - same).map((line, at) => shown("+", line, at === 0 ? skipped : 0)),
    ...old.slice(end, end + CONTEXT_LINES).map((line) => shown(" ", line)),
  ];
}

/** Line and column of a place in a text, from 1. */
export function placeIn(text: string, offset: number): { readonly line: number; readonly column: number } {
  const lines = text.slice(0, offset).split("\n");
  return { line: lines.length, column: (lines.at(-1) ?? "").length + 1 };
}

function linesOf(text: string): readonly string[] {
  const lines = text.split("\n");
  return lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

function samePrefix(one: string, other: string): number {
  let length = 0;
  while (length < one.length && one[length] === other[length]) length++;
  return length;
}

function shown(sign: string, line: string, skipped = 0): string {
  const text = line.replace(/\r$/, "").replaceAll("\t", "    ");
  if (text.length <= MAX_LINE_CHARACTERS) return sign + text;
  const part = text.slice(skipped, skipped + MAX_LINE_CHARACTERS);
  return `${sign}${skipped > 0 ? "…" : ""}${part}${skipped + part.length < text.length ? "…" : ""}`;
}

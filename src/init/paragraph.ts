/** The paragraph that tells agents where their tasks come from, between markers in a file of instructions. */

import { ConfigFault, endOfLine } from "./config_format.ts";

const BEGIN = "<!-- mcp-orchestrator: begin (written by init; init --remove takes it out) -->";
const END = "<!-- mcp-orchestrator: end -->";

/** The markers as they are found, whatever the words of the first one are. */
const MARKERS = /<!-- mcp-orchestrator: (begin|end)[^\n]*?-->/g;

/** @param server the name of the server in the clients' configuration */
export function paragraphOf(server: string): string {
  return `## Tasks

The tasks of this repository are in a plan that several agents share, in the MCP server \`${server}\`.

- After a start or a compaction, call \`get_next_task\`. If its answer lists tasks in \`holding\`, they are yours: finish them first.
- Work on one task at a time. Complete it with \`complete_task\` and a result that helps those who go on, then call \`get_next_task\` again.
- Work that you find on the way becomes a task of its own: \`create_task\`.
- When you are stuck, write down what you know with \`add_note\`, then hand the task back with \`release_task\` and the reason, or end it with \`fail_task\` if nobody can do it. Do not keep it.
- If no task is ready, the answer says why and what would help. \`get_next_task\` with \`wait_ms\` waits for one.`;
}

/** The text with the paragraph: at its end, or in the place of the one that it has. */
export function setParagraph(text: string, paragraph: string): string {
  const eol = endOfLine(text);
  const block = [BEGIN, ...paragraph.split("\n"), END].join(eol);
  const place = placeOf(text);
  if (place !== undefined) return text.slice(0, place.start) + block + text.slice(place.end);
  const gap = text.trim() === "" ? "" : text.endsWith("\n") ? eol : eol + eol;
  return text + gap + block + eol;
}

/** The text without the paragraph, and without the empty line before it. */
export function removeParagraph(text: string): string {
  const place = placeOf(text);
  if (place === undefined) return text;
  const before = text.slice(0, place.start).replace(/(^|\n)[ \t]*\r?\n$/, "$1");
  return before + text.slice(place.end).replace(/^[ \t]*\r?\n/, "");
}

export function hasParagraph(text: string): boolean {
  return placeOf(text) !== undefined;
}

function placeOf(text: string): { readonly start: number; readonly end: number } | undefined {
  const [begin, end, more] = text.matchAll(MARKERS);
  if (begin === undefined) return undefined;
  if (begin[1] !== "begin" || end?.[1] !== "end" || more !== undefined) {
    const { index } = more ?? end ?? begin;
    throw new ConfigFault(index, "the markers of mcp-orchestrator are not one begin and one end: remove them by hand");
  }
  return { start: begin.index, end: end.index + end[0].length };
}

/** Reads a long text of a task in pieces, so that no text is larger than an agent's context has room for. */

import type { TaskView } from "../core/model/task.ts";
import { isoTime } from "../core/model/text.ts";
import type { Json } from "./page.ts";
import { MAX_WHOLE_CHARACTERS } from "./present_task.ts";

/** Most characters of a piece: the default is what a whole task shows of a text. */
export const MAX_PIECE_CHARACTERS = 50_000;

/** The texts of a task that can be read in pieces. */
const TEXTS = {
  description: ({ description }: TaskView) => description,
  result: ({ result = "" }: TaskView) => result,
  error: ({ error = "" }: TaskView) => error,
  progress: ({ progress }: TaskView) => progress?.message ?? "",
  notes: notesOf,
  attempts: attemptsOf,
} as const;

export type Part = keyof typeof TEXTS;

/** The names of the parts. */
// `Object.keys` returns string[], but these are exactly the literal's keys.
export const PARTS = Object.keys(TEXTS) as [Part, ...Part[]];

export interface PieceOptions {
  /** The first character of the piece, in UTF-16 units. Default: 0. */
  readonly offset?: number;
  /** Most characters of the piece. Default: `MAX_WHOLE_CHARACTERS`. */
  readonly limit?: number;
}

/**
 * A piece of a part of a task, the length of the whole part, and the offset of the next piece, if there is one. `version`
 * counts the changes of a task, and `attempt` its claims: if one differs, two pieces may be of different texts. A surrogate pair is never cut: a piece may begin one unit earlier, and end one unit earlier or, if it were empty, later.
 */
export function presentPiece(task: TaskView, part: Part, options: PieceOptions = {}): Json {
  const { offset = 0, limit = MAX_WHOLE_CHARACTERS } = options;
  const text = TEXTS[part](task);
  const start = Math.min(isInPair(text, offset) ? offset - 1 : offset, text.length);
  const last = Math.min(start + limit, text.length);
  const end = !isInPair(text, last) ? last : last - 1 > start ? last - 1 : last + 1;
  return {
    id: task.id,
    version: task.version ?? 1,
    attempt: task.attempt,
    part,
    text: text.slice(start, end),
    offset: start,
    total: text.length,
    ...(end < text.length && { next_offset: end }),
  };
}

/** Whether a text would be cut within a surrogate pair. */
function isInPair(text: string, at: number): boolean {
  return isBetween(text.charCodeAt(at - 1), 0xd800, 0xdc00) && isBetween(text.charCodeAt(at), 0xdc00, 0xe000);
}

function isBetween(unit: number, first: number, end: number): boolean {
  return unit >= first && unit < end;
}

/** The attempts before the current one, the oldest first, with their whole messages. */
function attemptsOf({ pastAttempts = [] }: TaskView): string {
  return pastAttempts
    .map(({ attempt, instance, outcome, startedAt, endedAt, message = "" }) =>
      `Attempt ${attempt} of ${instance}, ${isoTime(startedAt)} to ${isoTime(endedAt)}, ${outcome}: ${message}`
    )
    .join("\n\n");
}

/** The notes that the task keeps, the oldest first. */
function notesOf({ notes = [] }: TaskView): string {
  return notes.map(({ author, at, text }) => `${author}, ${isoTime(at)}: ${text}`).join("\n\n");
}

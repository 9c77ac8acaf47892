/** Reads a task for the form: whole, however long its description is. */

import { ApiError, get, pathOf } from "../../api/client.ts";
import type { Task, TextPiece } from "../../api/types.ts";
import { draftOf, type TaskDraft } from "./task_draft.ts";

/** A task as it is on the server. */
export interface Base {
  readonly draft: TaskDraft;
  readonly version: number;
  readonly status: Task["status"];
  readonly holder: string | undefined;
}

/** `GET /tasks/{id}` cuts longer texts, so that they are read in pieces. In characters. */
const MAX_WHOLE_CHARACTERS = 16_000;
const PIECE_CHARACTERS = 50_000;

/** Most pieces of a description, and most times it is read again as it changes meanwhile. */
const MAX_PIECES = 200;
const MAX_TRIES = 5;

/** @throws ApiError */
export async function readBase(id: string): Promise<Base> {
  for (let tries = 1;; tries++) {
    const task = await get<Task>(pathOf("tasks", id));
    const { version, status, assignedTo } = task;
    const text = task.description.length <= MAX_WHOLE_CHARACTERS
      ? task.description
      : await readDescription(id, version);
    if (text !== undefined) {
      return { draft: draftOf({ ...task, description: text }), version, status, holder: assignedTo };
    }
    if (tries === MAX_TRIES) throw new ApiError(`Task ${id} changes too often to be read: try again`, { status: 0 });
  }
}

/** The whole description; undefined if the task has another version meanwhile. */
async function readDescription(id: string, version: number): Promise<string | undefined> {
  let text = "";
  for (let piece = 0; piece < MAX_PIECES; piece++) {
    const query = { part: "description", offset: text.length, limit: PIECE_CHARACTERS };
    const answer = await get<TextPiece>(pathOf("tasks", id), { query });
    if (answer.version !== version) return undefined;
    text += answer.text;
    if (answer.next_offset === undefined) return text;
  }
  throw new ApiError(`The description of ${id} is longer than ${MAX_PIECES * PIECE_CHARACTERS} characters`, {
    status: 0,
  });
}

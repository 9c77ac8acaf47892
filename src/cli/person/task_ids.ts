/** Lists ids of tasks, within bounds: for completion, and for what a misspelt id may mean. */

import * as z from "zod";
import type { ToolCaller } from "../../app/operation.ts";
import { allMeantBy } from "../../core/model/resembling.ts";

/** Tasks of a page, and most pages that are read: a longer plan is not looked through to its end. */
const PAGE = 1_000;
const MAX_PAGES = 100;

/** Longest text that is searched for. */
const MAX_TEXT_CHARACTERS = 200;

/** Most ids that a message suggests. */
const MAX_SUGGESTED = 3;

/** Fewest characters of an id that may be a part of the one that is meant. */
const MIN_PART_CHARACTERS = 3;

const idsSchema = z.array(z.object({ id: z.string() }));

const cursorSchema = z.string().optional();

export interface IdFilter {
  /** Only tasks in one of these states; none: in any. */
  readonly status?: readonly string[];
  /** Only tasks that have this text, in their ids or elsewhere. Too long a text is passed over. */
  readonly text?: string;
}

/** The ids of the tasks that match, in the order of creation; at most `PAGE * MAX_PAGES`. */
export function taskIds(call: ToolCaller, { status = [], text = "" }: IdFilter = {}): AsyncIterable<string> {
  const asked = {
    fields: ["id"],
    limit: PAGE,
    ...(status.length > 0 && { status }),
    ...(text !== "" && text.length <= MAX_TEXT_CHARACTERS && { text }),
  };
  return pages(async (cursor) => {
    const { tasks, next_cursor } = await call("get_task_status", { ...asked, ...cursor });
    return { listed: tasks, next: next_cursor };
  });
}

/** The ids of the groups, in the order of creation; at most `MAX_PAGES` pages. */
export function groupIds(call: ToolCaller): AsyncIterable<string> {
  return pages(async (cursor) => {
    const { groups, next_cursor } = await call("get_groups", cursor);
    return { listed: groups, next: next_cursor };
  });
}

/** A page as a tool answers it. */
interface Page {
  readonly listed: unknown;
  readonly next: unknown;
}

async function* pages(read: (cursor: { readonly cursor?: string }) => Promise<Page>): AsyncIterable<string> {
  let cursor = {};
  for (let count = 0; count < MAX_PAGES; count++) {
    const { listed, next } = await read(cursor);
    for (const { id } of idsSchema.parse(listed)) yield id;
    const following = cursorSchema.parse(next);
    if (following === undefined) return;
    cursor = { cursor: following };
  }
}

/** The ids of existing tasks that an unknown one may mean, the most likely first. */
export async function nearestIds(call: ToolCaller, unknown: string): Promise<readonly string[]> {
  const ids = await Array.fromAsync(taskIds(call));
  const part = unknown.toLowerCase();
  const containing = part.length < MIN_PART_CHARACTERS ? [] : ids.filter((id) => id.toLowerCase().includes(part));
  return [...new Set([...allMeantBy(unknown, ids), ...containing])].slice(0, MAX_SUGGESTED);
}

/**
 * Cursors: each says where the next page of a list of tasks begins. To a caller that sees everything, it is the `order` of
 * the last task: that works also after tasks were deleted. For a caller with audiences, such numbers would have gaps where
 * hidden tasks are, so its cursors name the first task of the next page.
 */

import { type KnownCaller, seesEverything } from "../model/access.ts";
import { Refusal } from "../model/refusal.ts";
import type { Task } from "../model/task.ts";
import { printable } from "../model/values.ts";
import type { ReadonlyState } from "../state/state.ts";

/** Whose cursors they are. */
export type CursorOwner = Pick<KnownCaller, "role" | "audiences">;

/** The cursor between two tasks. */
export function cursorBetween(
  last: Pick<Task, "order">,
  next: Pick<Task, "id" | "createdAt">,
  owner: CursorOwner,
): string {
  // By its time, a task is told from a later one of the same id.
  return seesEverything(owner) ? String(last.order) : `${next.createdAt.toString(36)}:${next.id}`;
}

/**
 * The `order` after which the page of a cursor begins; 0 without one.
 *
 * @throws Refusal if the cursor is none of this caller's, or its task is no longer there
 */
export function startOf(state: ReadonlyState, cursor: string | undefined, owner: CursorOwner): number {
  if (cursor === undefined) return 0;
  if (/^\d{1,15}$/.test(cursor) && seesEverything(owner)) return Number(cursor);
  const [, createdAt, id] = /^([0-9a-z]{1,11}):([^]+)$/.exec(cursor) ?? [];
  if (createdAt === undefined || id === undefined) {
    throw new Refusal("invalid_value", "Cursor is not valid: use next_cursor of the previous page, or omit it");
  }
  const task = state.tasks.get(id)?.task;
  if (task?.createdAt.toString(36) === createdAt) return task.order - 1;
  throw new Refusal(
    "invalid_value",
    `Cursor is not valid any more, as task ${printable(id)} is no longer there: omit it to begin again`,
    { id: printable(id) },
  );
}

/** Puts half-typed changes onto a task that somebody else has changed meanwhile. */

import type { DraftField, TaskDraft } from "./task_draft.ts";

export interface Rebased {
  readonly draft: TaskDraft;
  /** What the others changed and the user did not: the draft has it now. */
  readonly taken: readonly DraftField[];
  /** What both changed, to different things: the draft keeps what the user typed. */
  readonly conflicts: readonly DraftField[];
}

/**
 * Merges field by field.
 *
 * @param base the task when the user began to type
 * @param theirs the task as it is now
 * @param mine what the user has typed
 */
export function rebase(base: TaskDraft, theirs: TaskDraft, mine: TaskDraft): Rebased {
  const changed = (Object.keys(base) as DraftField[]).filter((field) => !isSame(base[field], theirs[field]));
  const conflicts = changed.filter((field) => {
    return !isSame(base[field], mine[field]) && !isSame(theirs[field], mine[field]);
  });
  const taken = changed.filter((field) => isSame(base[field], mine[field]));
  const fresh = Object.fromEntries(taken.map((field) => [field, theirs[field]]));
  return { draft: { ...mine, ...fresh }, taken, conflicts };
}

/** Whether nothing differs. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

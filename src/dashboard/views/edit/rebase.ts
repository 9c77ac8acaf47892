/** Puts half-typed changes onto a task that somebody else has changed meanwhile. */

import type { DraftField, TaskDraft } from "./task_draft.ts";

export interface Rebased {
  readonly draft: TaskDraft;
  /** What the others changed and the user did not: the draft has it now. */
  readonly taken: readonly DraftField[];
  /** What both changed, to different things: the draft keeps what the user typed. */
  readonly conflicts: readonly DraftField[];
}

/** What the user has typed, with what an earlier merge has found. */
type Typed = Pick<Rebased, "draft"> & Partial<Rebased>;

/**
 * Merges field by field.
 *
 * @param base the task as it was until now
 * @param theirs the task as it is now
 */
export function rebase(base: TaskDraft, theirs: TaskDraft, { draft: mine, ...earlier }: Typed): Rebased {
  const changed = (Object.keys(base) as DraftField[]).filter((field) => !isSame(base[field], theirs[field]));
  const taken = changed.filter((field) => isSame(base[field], mine[field]));
  const draft = { ...mine, ...Object.fromEntries(taken.map((field) => [field, theirs[field]])) };
  const disputed = [...earlier.conflicts ?? [], ...changed.filter((field) => !taken.includes(field))];
  return {
    draft,
    taken: [...new Set([...earlier.taken ?? [], ...taken])],
    conflicts: [...new Set(disputed)].filter((field) => !isSame(theirs[field], draft[field])),
  };
}

/** Whether nothing differs. */
export function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

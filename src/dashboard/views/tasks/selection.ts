/** The tasks that are selected for an action on all of them, the same on board and table. */

import { signal } from "@preact/signals";
import { rangeOf } from "./range.ts";

export const selection = signal<ReadonlySet<string>>(new Set());

/** The task from which a range is selected. */
let anchor: string | undefined;

/** Selects a task, or no longer. */
export function toggleSelected(id: string): void {
  anchor = id;
  const ids = new Set(selection.value);
  if (!ids.delete(id)) ids.add(id);
  selection.value = ids;
}

/** Selects all from the task chosen last to `id`, in the order that is shown. */
export function selectRange(id: string, idsShown: () => readonly string[]): void {
  const range = rangeOf(idsShown(), anchor ?? id, id);
  selection.value = new Set([...selection.value, ...range]);
}

export function selectAll(ids: Iterable<string>): void {
  selection.value = new Set(ids);
}

export function clearSelection(): void {
  anchor = undefined;
  selection.value = new Set();
}

/** Searches the texts of tasks, with bounded work a page. */

import type { SearchOptions, SearchPage } from "../messages/queries.ts";
import { MAX_SEARCHED_CHARACTERS } from "../model/limits.ts";
import type { Task, TaskView } from "../model/task.ts";
import { tasksMatching } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { cursorBetween, type CursorOwner, startOf } from "./cursor.ts";
import { cursorsOf, viewOf } from "./tasks.ts";

/**
 * A page of the tasks that match and have a text. It ends after `limit` tasks or `MAX_SEARCHED_CHARACTERS`, so that no
 * search blocks the process for long. O(tasks before the page + texts on it).
 */
export function searchTasks(
  state: ReadonlyState,
  { filter, limit, cursor, text }: SearchOptions,
  owner: CursorOwner,
): SearchPage {
  const wanted = text.toLowerCase();
  const tasks: TaskView[] = [];
  let characters = 0;
  const after = startOf(state, cursor, owner);
  let order = after;
  for (const node of tasksMatching(state, filter)) {
    const { task } = node;
    if (task.order <= after) continue;
    if (tasks.length === limit || characters >= MAX_SEARCHED_CHARACTERS) {
      return { tasks, cursors: cursorsOf(tasks, owner), next: cursorBetween({ order }, task, owner) };
    }
    const texts = textsOf(task);
    for (const each of texts) characters += each.length;
    if (texts.some((each) => each.toLowerCase().includes(wanted))) tasks.push(viewOf(state, node));
    order = task.order;
  }
  return { tasks, cursors: cursorsOf(tasks, owner) };
}

/** The texts of a task that a search reads. */
function textsOf(
  { id, description, result = "", error = "", reason = "", refs = {}, notes = [] }: Task,
): readonly string[] {
  return [id, description, result, error, reason, ...Object.entries(refs).flat(), ...notes.map(({ text }) => text)];
}

/**
 * How far the import of a `tasks.json` got that is older than the journal: its tasks are then the first that the journal
 * imported, in the same order. So a start can complete an import that a crash interrupted.
 */

import { importParts } from "../../core/rules/import_parts.ts";
import type { Task } from "../../core/model/task.ts";
import { Refusal } from "../../core/model/refusal.ts";
import type { Disk } from "./disk.ts";
import { walkJournal } from "./segment_files.ts";
import { TASKS_FILE } from "./state_file.ts";
import { parseTasks } from "./tasks_file.ts";

/**
 * The tasks of `tasks.json` that are not in the journal yet, in the order of the import; undefined if the journal does
 * not begin with an import of that file.
 *
 * @param now in milliseconds since the Unix epoch
 */
export function remainingImport(disk: Disk, directory: string, now: number): readonly Task[] | undefined {
  using imported = importedFirst(disk, directory);
  let next = imported.next();
  if (next.done === true) return undefined;
  const parts = partsOfFile(disk, `${directory}/${TASKS_FILE}`, now);
  if (parts === undefined) return undefined;
  const tasks = parts.flat();
  for (const [index, { id }] of tasks.entries()) {
    // A file of one part is one record: imported whole or not at all.
    if (next.done === true) return parts.length > 1 ? tasks.slice(index) : undefined;
    if (next.value !== id) return undefined;
    next = imported.next();
  }
  return next.done === true ? [] : undefined;
}

function partsOfFile(disk: Disk, path: string, now: number): readonly (readonly Task[])[] | undefined {
  const bytes = disk.readFile(path);
  try {
    return bytes && importParts(parseTasks(bytes, now).tasks);
  } catch (error) {
    // A file that cannot be read is not the one that was imported.
    if (error instanceof SyntaxError || error instanceof Refusal) return undefined;
    throw error;
  }
}

/** The ids of tasks that a journal imported, in order, if it begins with an import. */
function* importedFirst(disk: Disk, directory: string): Generator<string, void> {
  let isFirst = true;
  for (const { records } of walkJournal(disk, directory)) {
    for (const { command, events } of records) {
      if (isFirst && command !== "import_tasks") return;
      isFirst = false;
      for (const event of events) {
        if (event.type === "tasks.imported") { for (const { id } of event.tasks) yield id; }
      }
    }
  }
}

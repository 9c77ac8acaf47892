/**
 * Imports any number of tasks, in parts of one record each. To complete an interrupted import, repeat it: tasks that are
 * there already, with the same content, are skipped.
 */

import { checkImport } from "../core/rules/import.ts";
import { normalize } from "../core/model/dependency.ts";
import { importParts } from "../core/rules/import_parts.ts";
import type { Task } from "../core/model/task.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import type { Engine } from "./engine.ts";

/** Counts of an import so far. */
export interface ImportProgress {
  imported: number;
  /** Tasks that were there already. */
  present: number;
}

/**
 * Checks all tasks, then imports them. Counts in `progress`, so that a caller knows how far a failed import got.
 *
 * @throws Refusal before the first part if a task cannot be imported
 */
export async function importTasks(engine: Engine, tasks: readonly Task[], progress: ImportProgress): Promise<void> {
  const missing = await engine.read((state) => {
    const missing = tasks.filter((task) => !isPresent(state, task));
    checkImport(state, missing);
    return missing;
  });
  progress.present = tasks.length - missing.length;
  for (const part of importParts(missing)) {
    const { imported } = await engine.execute({ type: "import_tasks", tasks: part }, "import");
    progress.imported += imported;
  }
}

/** Whether a task with the same id, description and dependencies exists, whatever its status. */
function isPresent(state: ReadonlyState, { id, description, dependencies }: Task): boolean {
  const present = state.tasks.get(id)?.task;
  return present !== undefined && present.description === description &&
    JSON.stringify(present.dependencies) === JSON.stringify(normalize(dependencies));
}

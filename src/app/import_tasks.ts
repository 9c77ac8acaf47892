/**
 * Imports of any size: in parts, each a record of its own. An import that was interrupted is completed by repeating it:
 * what is there already, as it would be imported, is passed over.
 */

import { checkImport } from "../core/rules/import.ts";
import { normalize } from "../core/model/dependency.ts";
import { importParts } from "../core/rules/import_parts.ts";
import type { Task } from "../core/model/task.ts";
import type { ReadonlyState } from "../core/state/state.ts";
import type { Engine } from "./engine.ts";

/** What has come of an import so far. */
export interface ImportProgress {
  imported: number;
  /** Tasks that were there already. */
  present: number;
}

/**
 * Imports tasks, after a check of them all: what can be refused is refused before the first part. Counts in `progress`,
 * which so tells how far an import got that failed.
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

/** Whether there is a task with the same id that says the same; what has become of it does not matter. */
function isPresent(state: ReadonlyState, { id, description, dependencies }: Task): boolean {
  const present = state.tasks.get(id)?.task;
  return present !== undefined && present.description === description &&
    JSON.stringify(present.dependencies) === JSON.stringify(normalize(dependencies));
}

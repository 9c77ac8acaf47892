/**
 * Imports any number of tasks, in parts of one record each. To complete an interrupted import, repeat it: tasks that are
 * there already, with the same content, are skipped.
 */

import { localOperator } from "../core/model/access.ts";
import { importParts } from "../core/rules/import_parts.ts";
import type { Task } from "../core/model/task.ts";
import type { Engine } from "./engine.ts";

/** The caller of imports. */
const IMPORTER = localOperator("import");

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
  const missing = await engine.query({ type: "missing_tasks", tasks }, IMPORTER);
  await engine.execute({ type: "import_tasks", tasks: missing, isCheck: true }, IMPORTER);
  progress.present = tasks.length - missing.length;
  for (const part of importParts(missing)) {
    const { imported } = await engine.execute({ type: "import_tasks", tasks: part }, IMPORTER);
    progress.imported += imported;
  }
}

/** Imports a tasks file that is older than the journal, or the rest of it if an import was interrupted. */

import type { AnswerOf, CommandOf } from "../core/messages/commands.ts";
import type { QueryOf, ResultOf } from "../core/messages/queries.ts";
import { type Caller, localOperator } from "../core/model/access.ts";
import { Refusal } from "../core/model/refusal.ts";
import type { Task } from "../core/model/task.ts";
import { importParts } from "../core/rules/import_parts.ts";
import { type Log, Unavailable } from "./ports.ts";

/** The caller of imports. */
const IMPORTER = localOperator("import");

/** Most tries of an import while other processes create or import tasks. */
const MAX_TAKE_OVERS = 10;

/** A tasks file that is older than the journal. Only a store of files has one. */
export interface LegacyTasks {
  /**
   * Tasks of a file that a user put there; after an interrupted import, only those that are not in the journal yet.
   */
  legacy(): Promise<readonly Task[]>;

  /** Moves that file out of the way, once its tasks are in the journal. */
  retireLegacy(): Promise<void>;
}

/** The part of an engine that an import needs. */
interface Importer {
  query(query: QueryOf<"next_order">, caller: Caller): Promise<ResultOf<"next_order">>;
  execute(command: CommandOf<"import_tasks">, caller: Caller): Promise<AnswerOf<"import_tasks">>;
}

/**
 * Imports the tasks file, and moves it away once all of its tasks are durable.
 *
 * @throws Unavailable `storage_failed` if it cannot be imported, `busy` if others keep creating tasks
 */
export async function takeOver(engine: Importer, file: LegacyTasks, log: Log): Promise<void> {
  for (let tries = 1;; tries++) {
    // Read before the file: so tasks that another process creates after that are noticed.
    const firstOrder = await engine.query({ type: "next_order" }, IMPORTER);
    const tasks = await file.legacy();
    if (tasks.length === 0) return;
    if (await importAll(engine, tasks, firstOrder)) {
      log.info(`Imported ${tasks.length} tasks from a tasks file without a journal`);
      return await file.retireLegacy();
    }
    if (tries === MAX_TAKE_OVERS) {
      throw new Unavailable("busy", "Other processes create tasks while the tasks file is imported: try again");
    }
  }
}

/** Resolves to true if this process imported all tasks, and no other process created one meanwhile. */
async function importAll(engine: Importer, tasks: readonly Task[], firstOrder: number): Promise<boolean> {
  try {
    const check = await engine.execute({ type: "import_tasks", tasks, firstOrder, isCheck: true }, IMPORTER);
    if (check.imported === 0) return false;
    let order = firstOrder;
    for (const part of importParts(tasks)) {
      const { imported } = await engine.execute({ type: "import_tasks", tasks: part, firstOrder: order }, IMPORTER);
      if (imported === 0) return false;
      order += imported;
    }
    return true;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Unavailable(
      "storage_failed",
      `Cannot import the tasks file without a journal: ${cause.message}. Nothing was changed; correct the file or ` +
        "move it away",
      { cause },
    );
  }
}

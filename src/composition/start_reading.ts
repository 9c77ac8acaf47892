/** Starts the engine on a data directory that is only read: nothing in it is made, changed or moved. */

import { Engine } from "../app/engine.ts";
import { importPlan, newProgress } from "../app/import_plan.ts";
import type { Log } from "../app/ports.ts";
import { planOfTasks } from "../core/model/portable_plan.ts";
import { realDisk } from "../store/file/disk.ts";
import { openForReading } from "../store/file/reading.ts";

export interface ReadingApp extends AsyncDisposable {
  readonly engine: Engine;
}

export interface ReadingAppOptions {
  readonly log: Log;
  /** Whether tasks of a file without a journal, which a server would import, are shown, too. */
  readonly showsLegacy: boolean;
}

export async function startReading(directory: string, { log, showsLegacy }: ReadingAppOptions): Promise<ReadingApp> {
  const store = await openForReading({ directory, disk: realDisk, now: Date.now, log });
  try {
    const engine = await Engine.start({ ...store, log });
    if (store.legacy.length > 0 && showsLegacy) {
      await importPlan(engine, planOfTasks(store.legacy), newProgress());
      log.info(`${directory} has tasks and no journal: this shows tasks.json`);
    }
    return { engine, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

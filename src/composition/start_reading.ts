/** Starts the engine on a plan that is only read: nothing in its store is made, changed or moved. */

import { Engine } from "../app/engine.ts";
import { importPlan, newProgress } from "../app/import_plan.ts";
import type { Deliveries, Log } from "../app/ports.ts";
import type { DatabaseLocation, StoredLocation } from "../cli/location.ts";
import { DeliveryFiles } from "../store/file/delivery_files.ts";
import { planOfTasks } from "../core/model/portable_plan.ts";
import { realDisk } from "../store/file/disk.ts";
import { openForReading } from "../store/file/reading.ts";

export interface ReadingApp extends AsyncDisposable {
  readonly engine: Engine;
  readonly deliveries: Deliveries;
}

export interface ReadingAppOptions {
  readonly log: Log;
  /** Whether tasks of a file without a journal, which a server would import, are shown, too. */
  readonly showsLegacy: boolean;
}

export async function startReading(location: StoredLocation, options: ReadingAppOptions): Promise<ReadingApp> {
  return location.store === "file"
    ? await startOnFiles(location.directory, options)
    : await startOnDatabase(location, options);
}

async function startOnDatabase(location: DatabaseLocation, { log }: ReadingAppOptions): Promise<ReadingApp> {
  const store = location.open({ log, isReadOnly: true });
  try {
    const engine = await Engine.start({ ...store, log });
    return { engine, deliveries: store.deliveries, [Symbol.asyncDispose]: () => store.close() };
  } catch (error) {
    await store.close();
    throw error;
  }
}

async function startOnFiles(directory: string, { log, showsLegacy }: ReadingAppOptions): Promise<ReadingApp> {
  const store = await openForReading({ directory, disk: realDisk, now: Date.now, log });
  try {
    const engine = await Engine.start({ ...store, log });
    if (store.legacy.length > 0 && showsLegacy) {
      await importPlan(engine, planOfTasks(store.legacy), newProgress());
      log.info(`${directory} has tasks and no journal: this shows tasks.json`);
    }
    const deliveries = new DeliveryFiles({ directory, disk: realDisk });
    return { engine, deliveries, [Symbol.asyncDispose]: () => store[Symbol.asyncDispose]() };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** Starts what every command that reads or changes the plan needs: a store, the engine on it, and its checkpoints. */

import { Archiver } from "../app/archiver.ts";
import { Checkpointer } from "../app/checkpointer.ts";
import { Engine } from "../app/engine.ts";
import type { Observer } from "../app/observer.ts";
import { type Deliveries, type Log, type Sessions, Unavailable } from "../app/ports.ts";
import { Questions } from "../app/questions.ts";
import { takeOver } from "../app/take_over.ts";
import type { FileLocation, Location } from "../cli/location.ts";
import type { TaskDefaults } from "../core/messages/commands.ts";
import { CheckpointFiles } from "../store/file/checkpoint_files.ts";
import { diskOfProject, kindAt, realDisk } from "../store/file/disk.ts";
import { DeliveryFiles } from "../store/file/delivery_files.ts";
import { FileJournal } from "../store/file/file_journal.ts";
import { warnSoonIfRemote } from "../store/file/file_system.ts";
import { SessionFiles } from "../store/file/session_files.ts";
import { MemoryDeliveries } from "../store/memory/memory_deliveries.ts";
import { MemoryJournal, noCheckpoints } from "../store/memory/memory_journal.ts";
import { MemorySessions } from "../store/memory/memory_sessions.ts";
import { type ProgramModule, startAnswering } from "./answering.ts";

/**
 * How long a task without `timeout_ms` is kept for a holder without a session by default, after each of its calls, in
 * milliseconds: 2 hours.
 */
export const DEFAULT_LEASE_MS = 2 * 60 * 60 * 1_000;

export interface AppOptions {
  readonly log: Log;
  readonly defaults?: TaskDefaults;
  /** The lease of a task without `timeoutMs` that a client without a session claims, in milliseconds. Default: none. */
  readonly leaseMs?: number;
  /** How long ago tasks ended that are archived by themselves, in milliseconds. Default: none is. */
  readonly archiveAfterMs?: number | undefined;
  /** Told of each transaction. Default: nothing is measured. */
  readonly observer?: Observer;
  /** From which a worker can be started. Default: none is. */
  readonly program?: ProgramModule;
}

export interface App extends AsyncDisposable {
  readonly engine: Engine;
  readonly sessions: Sessions;
  readonly deliveries: Deliveries;
  /** The size of the journal; undefined if it is not in files. */
  readonly journalBytes: () => number | undefined;
  readonly questions: Questions;
}

/** Starts the engine on its store, and the checkpointer. If that fails, the store is closed: a service tries it again. */
export async function startApp(
  location: Location,
  { log, defaults = {}, leaseMs, archiveAfterMs, observer = {}, program }: AppOptions,
): Promise<App> {
  await using stack = new AsyncDisposableStack();
  const store = stack.adopt(openStore(location, log), (store) => store.close());
  const { journal, checkpoints, sessions, deliveries, legacy } = store;
  const engine = await Engine.start({ journal, checkpoints, log, defaults, leaseMs, onCommit: observer.onCommit });
  if (legacy !== undefined) await takeOver(engine, legacy, log);
  const checkpointer = new Checkpointer({ engine, checkpoints, log });
  stack.defer(() => checkpointer.close());
  stack.defer(() => engine.close());
  if (archiveAfterMs !== undefined) stack.use(new Archiver({ engine, log, afterMs: archiveAfterMs }));
  const questions = stack.use(
    new Questions({ engine, answering: startAnswering({ journal, checkpoints, location, program, log }) }),
  );
  const held = stack.move();
  return {
    engine,
    sessions,
    deliveries,
    journalBytes: store.journalBytes,
    questions,
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

function openStore(location: Location, log: Log) {
  switch (location.store) {
    case "memory":
      return openMemory();
    case "file":
      return openFiles(location, log);
    case "database":
      return { ...location.open({ log, isReadOnly: false }), legacy: undefined, journalBytes: () => undefined };
    default:
      return location satisfies never;
  }
}

function openMemory() {
  return {
    journal: new MemoryJournal(Date.now),
    checkpoints: noCheckpoints,
    sessions: new MemorySessions(),
    deliveries: new MemoryDeliveries(),
    legacy: undefined,
    journalBytes: () => undefined,
    close: () => Promise.resolve(),
  };
}

/**
 * Refuses a directory that is not there any more: what finds the plan makes it, so it was moved since, like a project that is
 * renamed. A journal that is opened there would make it again, with a plan of its own.
 */
function refuseMoved(directory: string): void {
  if (kindAt(directory) === "directory") return;
  throw new Unavailable(
    "storage_failed",
    `${directory} was moved or removed while this program started. Nothing was changed: start it again`,
  );
}

function openFiles({ directory, project }: FileLocation, log: Log) {
  refuseMoved(directory);
  const disk = project === undefined ? realDisk : diskOfProject(directory);
  const options = { directory, disk, now: Date.now, log };
  const journal = new FileJournal(options);
  const look = warnSoonIfRemote(directory, log);
  const checkpoints = new CheckpointFiles(options);
  return {
    journal,
    checkpoints,
    sessions: new SessionFiles(options),
    deliveries: new DeliveryFiles(options),
    legacy: checkpoints,
    journalBytes: () => journal.sizeBytes,
    async close() {
      look[Symbol.dispose]();
      checkpoints.close();
      await journal.close();
    },
  };
}

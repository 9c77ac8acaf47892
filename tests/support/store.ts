/** The store of one server process. Tests open several on one directory, or on one memory disk. */

import type { ReadonlyState } from "../../src/core/state/state.ts";
import { restore } from "../../src/core/state/snapshot.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { Engine } from "../../src/app/engine.ts";
import { takeOver } from "../../src/app/take_over.ts";
import type { Chunk, Journal, Position } from "../../src/app/ports.ts";
import type { Draft, JournalRecord } from "../../src/core/messages/events.ts";
import { type Snapshot, snapshotOf } from "../core/snapshot.ts";
import type { Task } from "../../src/core/model/task.ts";
import { CheckpointFiles } from "../../src/store/file/checkpoint_files.ts";
import { type Disk, realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { create, newTask } from "../core/given.ts";
import { steppingClock } from "./clock.ts";
import { frozen } from "./frozen.ts";
import { RecordingLog } from "./log.ts";

export interface StoreOptions {
  readonly directory: string;
  /** Default: the real disk. */
  readonly disk?: Disk;
  readonly segmentBytes?: number;
  readonly chunkBytes?: number;
  readonly lockWaitMs?: number;
  /** Milliseconds since the Unix epoch. Default: a stepping clock. */
  readonly now?: () => number;
}

export interface Store extends AsyncDisposable {
  readonly journal: FileJournal;
  readonly checkpoints: CheckpointFiles;
  readonly log: RecordingLog;
}

/** Opens a data directory. */
export function openStore(options: StoreOptions): Store {
  const shared = { disk: realDisk, now: steppingClock(), ...options, log: new RecordingLog() };
  const journal = new FileJournal(shared);
  const checkpoints = new CheckpointFiles(shared);
  return {
    journal,
    checkpoints,
    log: shared.log,
    async [Symbol.asyncDispose]() {
      checkpoints.close();
      await journal.close();
    },
  };
}

export interface RunningStore extends Store {
  readonly engine: Engine;
}

/** Opens a data directory and starts an engine on it. */
export async function startStore(options: StoreOptions): Promise<RunningStore> {
  const store = openStore(options);
  try {
    const engine = await Engine.start({ ...options, ...store });
    await takeOver(engine, store.checkpoints, store.log);
    return {
      ...store,
      engine,
      async [Symbol.asyncDispose]() {
        await engine.close();
        await store[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await store[Symbol.asyncDispose]();
    throw error;
  }
}

/** The state of an engine for a checkpoint, frozen: if the engine changes it later, that throws. */
export async function takeCheckpoint(engine: Engine): ReturnType<Engine["checkpoint"]> {
  return frozen(await engine.checkpoint());
}

/** Writes a checkpoint of the engine's state. */
export async function checkpoint({ engine, checkpoints }: RunningStore): Promise<void> {
  const { snapshot, position } = await takeCheckpoint(engine);
  await checkpoints.save(snapshot, position);
}

/** Creates one task. */
export async function createTask(engine: Engine, id: string): Promise<Task> {
  const [task] = await engine.execute(create(newTask(id)), localOperator("test"));
  if (task === undefined) throw new Error("create_tasks answered nothing");
  return task;
}

/** Ids of all tasks of the engine, in the order of creation. */
export async function taskIds(engine: Engine): Promise<string[]> {
  const { tasks } = await engine.query({ type: "export_tasks" }, localOperator("test"));
  return tasks.map(({ id }) => id);
}

/** The engine's state without its derived part. */
export function wholeState(engine: Engine): Promise<Snapshot> {
  return readState(engine, snapshotOf);
}

/** Reads a copy of all that an engine knows, as tests look into the state and the program cannot. */
export async function readState<T>(engine: Engine, view: (state: ReadonlyState) => T): Promise<T> {
  await engine.catchUp();
  const { snapshot } = await engine.checkpoint();
  return view(restore(snapshot));
}

/** A draft without its time. */
export type Undated = Omit<Draft, "at">;

/** A draft that creates a task, which is ready. */
export function drafted(id: string, description = `do ${id}`): Undated {
  const tasks = [{ ...newTask(id), description }];
  return {
    actor: "test",
    command: "create_tasks",
    events: [{ type: "tasks.created", tasks }, { type: "tasks.ready", tasks: [id] }],
  };
}

/** Appends drafts in one transaction, at its time; resolves to the records that it passed to `follow`, and its end. */
export async function append(
  journal: Journal,
  drafts: readonly Undated[],
  after: Position = journal.origin,
): Promise<{ readonly tail: Chunk; readonly position: Position }> {
  let tail: Chunk = { records: [], position: after };
  const position = await journal.transact(after, {
    follow: ({ records, position }) => tail = { records: [...tail.records, ...records], position },
    decide: (at, append) => drafts.forEach((draft) => append({ at, ...draft })),
  });
  return { tail, position };
}

/** All records after a seq, as an engine finds them. */
export async function recordsOf(engine: Pick<Engine, "search">, after = 0): Promise<JournalRecord[]> {
  const lists = await Array.fromAsync(engine.search({ after, before: Infinity, keys: [], isNewestFirst: false }));
  return lists.flat();
}

/** All records after a position. */
export async function recordsAfter(journal: Journal, after: Position = journal.origin): Promise<JournalRecord[]> {
  const chunks = await Array.fromAsync(journal.read(after));
  return chunks.flatMap(({ records }) => records);
}

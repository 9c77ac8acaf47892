/**
 * The checkpoint in a data directory: `tasks.json`, which people may read, and `state.json`, which says what it
 * stands for. It is a cache of the journal: whatever is wrong with it, the journal has the truth. A `tasks.json`
 * that this program did not write is never overwritten, only set aside.
 */

import { type Checkpoints, type Log, type Position, Unavailable } from "../../app/ports.ts";
import type { Task } from "../../core/model/task.ts";
import type { Snapshot } from "../../core/state/snapshot.ts";
import { hasRecordAt, isJournalEmpty, judgeCheckpoint, type Standing } from "./checkpoint_standing.ts";
import { RESTART } from "./codec.ts";
import { type Disk, readChunks } from "./disk.ts";
import { writeDurably } from "./durable_file.ts";
import { type HashStream, sha256Stream } from "./hash.ts";
import { leftToImport } from "./legacy_import.ts";
import { keepImported, setAside } from "./set_aside.ts";
import {
  CHECKPOINT_VERSION,
  type CheckpointState,
  formatStateFile,
  isUnchanged,
  readStateFile,
  STATE_FILE,
  TASKS_FILE,
  UNFINISHED,
} from "./state_file.ts";
import { formatTasks, parseOwnTasks, parseTasks } from "./tasks_file.ts";
import { WriteLock } from "./write_lock.ts";

/** Digests of earlier `tasks.json` files that are known again, should a crash have left one in place. */
const MAX_PREVIOUS = 8;

export interface CheckpointFilesOptions {
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** Whether nothing may be set aside. Default: false. */
  readonly isReadOnly?: boolean;
}

/** A checkpoint as the engine takes it. */
interface Checkpoint {
  readonly snapshot: Snapshot;
  readonly position: Position;
}

export class CheckpointFiles implements Checkpoints {
  readonly #directory: string;
  readonly #tasksPath: string;
  readonly #statePath: string;
  readonly #disk: Disk;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #isReadOnly: boolean;
  /** Held by the one process that replaces or sets aside these files; commands never wait for it. */
  readonly #lock: WriteLock;
  #hasToldOfNewer = false;

  constructor({ directory, disk, now, log, isReadOnly = false }: CheckpointFilesOptions) {
    this.#directory = directory;
    this.#tasksPath = `${directory}/${TASKS_FILE}`;
    this.#statePath = `${directory}/${STATE_FILE}`;
    this.#disk = disk;
    this.#now = now;
    this.#log = log;
    this.#isReadOnly = isReadOnly;
    this.#lock = new WriteLock(disk, `${directory}/checkpoint.lock`);
  }

  /**
   * @throws Unavailable `journal_damaged` if the journal lacks records for which the checkpoint stands
   * @throws Unavailable `newer_version` if only a newer version can tell whether it does
   */
  async load(): Promise<Checkpoint | undefined> {
    const standing = this.#judge();
    const checkpoint = this.#read(standing);
    if (checkpoint !== undefined || standing.type === "left" || this.#isReadOnly) return checkpoint;
    try {
      return await this.#locked(() => this.#readOrSetAside());
    } catch (error) {
      // Another process is writing a large one: meanwhile the journal will do.
      if (error instanceof Unavailable && error.code === "busy") return undefined;
      throw error;
    }
  }

  async legacy(): Promise<readonly Task[]> {
    if (!isJournalEmpty(this.#disk, this.#directory)) return this.#isReadOnly ? [] : this.#leftToImport() ?? [];
    const bytes = this.#disk.readFile(this.#tasksPath);
    const tasks = bytes === undefined ? [] : this.#parseLegacy(bytes);
    if (readStateFile(this.#disk, this.#directory).type === "none" || this.#isReadOnly) return tasks;
    await this.#locked(() => {
      if (isJournalEmpty(this.#disk, this.#directory)) {
        this.#setAside(this.#statePath, "stands for a journal that is not here");
      }
    });
    return tasks;
  }

  async retireLegacy(): Promise<void> {
    await this.#locked(() => {
      const file = readStateFile(this.#disk, this.#directory);
      if (this.#isOwnTasksFile(file.type === "known" ? file.state : undefined)) return;
      keepImported(this.#disk, this.#tasksPath, this.#now());
    });
  }

  /** @throws Unavailable `journal_damaged` if the journal does not have the position any more; nothing was changed */
  async save(snapshot: Snapshot, position: Position): Promise<void> {
    await this.#lock.acquire();
    try {
      const file = readStateFile(this.#disk, this.#directory);
      if (file.type === "newer") return this.#tellOfNewer(file.version);
      if (!hasRecordAt(this.#disk, this.#directory, position)) throw lost(this.#directory, position.seq);
      const isOfThisJournal = file.type === "known" && hasRecordAt(this.#disk, this.#directory, file.state.position);
      const current = isOfThisJournal ? file.state : undefined;
      // Until all of it is imported, the tasks file is the only copy of what is left.
      if (current === undefined && this.#isImporting()) return;
      if (current !== undefined && current.position.seq >= position.seq) return;
      const { tasks: all, ...rest } = snapshot;
      const tasks = await this.#writeTasks(all);
      const previous = current === undefined ? [] : [current.tasks.sha256, ...current.previous].slice(0, MAX_PREVIOUS);
      const text = formatStateFile({ position, ...rest, tasks, previous });
      await writeDurably(this.#disk, this.#statePath + UNFINISHED, encoded([text]));
      if (current === undefined && file.type !== "none") this.#setBothAside("is damaged or belongs to another journal");
      else this.#setAsideUnlessOwn(current);
      // In this order: a crash in between leaves a tasks.json whose digest is among the previous ones.
      this.#disk.rename(this.#statePath + UNFINISHED, this.#statePath);
      this.#disk.rename(this.#tasksPath + UNFINISHED, this.#tasksPath);
      this.#disk.syncDirectory(this.#directory);
    } finally {
      this.#lock.release();
    }
  }

  close(): void {
    this.#lock.close();
  }

  #judge(): Exclude<Standing, { type: "newer" }> {
    const standing = judgeCheckpoint(this.#disk, this.#directory);
    if (standing.type !== "newer") return standing;
    this.#tellOfNewer(standing.version);
    return { type: "left" };
  }

  /** The checkpoint, if both files are whole, belong together and to the journal. */
  #read(standing: Standing): Checkpoint | undefined {
    // An older version knew less of each task than the journal does.
    if (standing.type !== "held" || standing.state.version !== CHECKPOINT_VERSION) return undefined;
    const { position, nextOrder, recordedAt = 0, groups = [], instances = [], templates = [] } = standing.state;
    const tasks = this.#readTasks(standing.state.tasks.sha256);
    return tasks && { snapshot: { tasks, groups, instances, templates, nextOrder, recordedAt }, position };
  }

  /** The tasks of a `tasks.json` with this digest. One pass, as another process may replace the file at any time. */
  #readTasks(digest: string): readonly Task[] | undefined {
    const hash = sha256Stream();
    try {
      const tasks = parseOwnTasks(hashing(readChunks(this.#disk, this.#tasksPath), hash));
      return hash.digest() === digest ? tasks : undefined;
    } catch (error) {
      // Not in the form that this program writes.
      if (error instanceof SyntaxError || error instanceof TypeError) return undefined;
      throw error;
    }
  }

  /** Under the lock, where no other process can be half-way through replacing the files. */
  #readOrSetAside(): Checkpoint | undefined {
    const standing = this.#judge();
    const checkpoint = this.#read(standing);
    if (checkpoint !== undefined || standing.type === "left") return checkpoint;
    if (standing.type === "useless") this.#setBothAside(standing.why);
    else this.#setAsideUnlessOwn(standing.type === "held" ? standing.state : undefined);
    return undefined;
  }

  /** Whether `tasks.json` is a file of the user that is imported just now, or was until the process died. */
  #isImporting(): boolean {
    return (this.#leftToImport()?.length ?? 0) > 0;
  }

  /** What is left to import of `tasks.json`; undefined if no import of it has begun. */
  #leftToImport(): readonly Task[] | undefined {
    if (readStateFile(this.#disk, this.#directory).type !== "none") return undefined;
    return leftToImport(this.#disk, this.#directory, this.#now());
  }

  /** Says it once, not at each checkpoint. */
  #tellOfNewer(version: number): void {
    if (this.#hasToldOfNewer) return;
    this.#hasToldOfNewer = true;
    this.#log.warn(
      `A newer version of this program wrote ${this.#statePath} (version ${version}): this process leaves it and ` +
        `${TASKS_FILE} alone, writes no checkpoint and reads the whole journal at its start. ${RESTART}`,
    );
  }

  /** Whether `tasks.json` is missing, or one that this program wrote. */
  #isOwnTasksFile(state: CheckpointState | undefined): boolean {
    const identity = this.#disk.identity(this.#tasksPath);
    if (identity === undefined) return true;
    if (state === undefined) return false;
    if (isUnchanged(identity, state)) return true;
    return [state.tasks.sha256, ...state.previous].includes(this.#tasksDigest());
  }

  #tasksDigest(): string {
    const hash = sha256Stream();
    for (const chunk of readChunks(this.#disk, this.#tasksPath)) hash.update(chunk);
    return hash.digest();
  }

  #parseLegacy(bytes: Uint8Array): readonly Task[] {
    try {
      const { tasks, warning } = parseTasks(bytes, this.#now());
      if (warning !== undefined) this.#log.warn(`${this.#tasksPath}: ${warning}`);
      return tasks;
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : cause;
      throw new Unavailable(
        "storage_failed",
        `Cannot import ${this.#tasksPath}: ${why}. Nothing was changed; correct the file or move it away`,
        { cause },
      );
    }
  }

  async #writeTasks(tasks: readonly Task[]): Promise<CheckpointState["tasks"]> {
    const hash = sha256Stream();
    const bytes = hashing(encoded(formatTasks(tasks)), hash);
    const { inode, sizeBytes, modifiedMs } = await writeDurably(this.#disk, this.#tasksPath + UNFINISHED, bytes);
    return { sha256: hash.digest(), inode, sizeBytes, modifiedMs };
  }

  #setBothAside(why: string): void {
    for (const path of [this.#statePath, this.#tasksPath]) this.#setAside(path, why);
  }

  /** Sets a `tasks.json` aside that is not one of those that a state knows. */
  #setAsideUnlessOwn(state: CheckpointState | undefined): void {
    if (this.#isOwnTasksFile(state)) return;
    const left = this.#leftToImport();
    if (left !== undefined) {
      // All of it is in the journal, or will be once the import is completed.
      if (left.length === 0) keepImported(this.#disk, this.#tasksPath, this.#now());
      return;
    }
    this.#setAside(
      this.#tasksPath,
      `was changed by hand, is damaged, or was copied at another time than ${STATE_FILE}`,
    );
  }

  #setAside(path: string, why: string): void {
    const aside = setAside(this.#disk, path, this.#now());
    if (aside === undefined) return;
    const removed = aside.removed.length > 0 ? `; the oldest copy was removed: ${aside.removed.join(", ")}` : "";
    this.#log.warn(`${path} ${why}: it was set aside as ${aside.path}, the journal has the truth${removed}`);
  }

  async #locked<T>(action: () => T): Promise<T> {
    await this.#lock.acquire();
    try {
      return action();
    } finally {
      this.#lock.release();
    }
  }
}

function* hashing(chunks: Iterable<Uint8Array>, hash: HashStream): Iterable<Uint8Array> {
  for (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}

function* encoded(slices: Iterable<string>): Iterable<Uint8Array> {
  for (const slice of slices) yield new TextEncoder().encode(slice);
}

function lost(directory: string, seq: number): Unavailable {
  return new Unavailable(
    "journal_damaged",
    `${directory}/journal does not have record ${seq} any more: it was removed, replaced or cut. The checkpoint there ` +
      "was left as it is",
  );
}

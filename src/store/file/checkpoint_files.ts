/**
 * The checkpoint in a data directory: `tasks.json`, which people may read, and `state.json`, which has the journal
 * position of both. It is a cache: where it is wrong, the journal decides. A `tasks.json` that this program did not write
 * is never overwritten, only set aside.
 */

import { type Checkpoints, type Log, type Position, Unavailable } from "../../app/ports.ts";
import type { Task } from "../../core/model/task.ts";
import { READABLE_SNAPSHOTS, type Snapshot } from "../../core/state/snapshot.ts";
import { hasRecordAt, isJournalEmpty, judgeCheckpoint, type Standing } from "./checkpoint_standing.ts";
import { RESTART } from "./codec.ts";
import type { Disk } from "./disk.ts";
import { encoded, writeDurably } from "./durable_file.ts";
import { type FilePosition, fromPosition, toPosition } from "./file_position.ts";
import { remainingImport } from "./legacy_import.ts";
import { isOlderTasksFile, isOwnTasksFile, readOwnTasks, writeOwnTasks } from "./own_tasks_file.ts";
import { keepImported, setAside } from "./set_aside.ts";
import { withFailures } from "./system_errors.ts";
import {
  type CheckpointState,
  formatStateFile,
  readStateFile,
  STATE_FILE,
  TASKS_FILE,
  UNFINISHED,
} from "./state_file.ts";
import { readStateHead } from "./state_head.ts";
import { parseTasks } from "./tasks_file.ts";
import { WriteLock } from "./write_lock.ts";

/** How many digests of earlier `tasks.json` files `state.json` keeps: a crash may have left one of them in place. */
const MAX_PREVIOUS = 8;

export interface CheckpointFilesOptions {
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** If true, nothing is set aside. Default: false. */
  readonly isReadOnly?: boolean;
}

/** A whole checkpoint. */
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
  /** Held while these files are replaced or set aside. Commands never wait for it. */
  readonly #lock: WriteLock;
  #hasWarnedOfNewer = false;

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
  load(): Promise<Checkpoint | undefined> {
    return withFailures(this.#directory, () => this.#load());
  }

  async #load(): Promise<Checkpoint | undefined> {
    const standing = this.#judge();
    const checkpoint = this.#read(standing);
    if (checkpoint !== undefined || standing.type === "untouched" || this.#isReadOnly) return checkpoint;
    try {
      return await this.#locked(() => this.#readOrSetAside());
    } catch (error) {
      // Another process is writing a checkpoint: the state is read from the journal instead.
      if (error instanceof Unavailable && error.code === "busy") return undefined;
      throw error;
    }
  }

  /**
   * The tasks of a `tasks.json` that is older than the journal and that a user put there; after an interrupted import,
   * only those that are not in the journal yet.
   */
  legacy(): Promise<readonly Task[]> {
    return withFailures(this.#directory, () => this.#legacy());
  }

  async #legacy(): Promise<readonly Task[]> {
    if (!isJournalEmpty(this.#disk, this.#directory)) return this.#isReadOnly ? [] : this.#remainingImport() ?? [];
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

  /** Moves that file out of the way, once its tasks are in the journal. */
  retireLegacy(): Promise<void> {
    const retire = () => {
      const file = readStateFile(this.#disk, this.#directory);
      const state = file.type === "known" ? file.state : undefined;
      if (isOwnTasksFile(this.#disk, this.#tasksPath, state)) return;
      keepImported(this.#disk, this.#tasksPath, this.#now());
    };
    return withFailures(this.#directory, () => this.#locked(retire));
  }

  /** @throws Unavailable `journal_damaged` if the journal does not have the position any more; nothing was changed */
  save(snapshot: Snapshot, position: Position): Promise<void> {
    return withFailures(this.#directory, () => this.#save(snapshot, fromPosition(position)));
  }

  async #save(snapshot: Snapshot, position: FilePosition): Promise<void> {
    await this.#lock.acquire();
    try {
      const file = await readStateHead(this.#disk, this.#directory);
      if (file.type === "newer") return this.#warnOfNewer(file.version);
      if (!hasRecordAt(this.#disk, this.#directory, position)) throw positionLost(this.#directory, position.seq);
      const isOfThisJournal = file.type === "known" && hasRecordAt(this.#disk, this.#directory, file.state.position);
      const current = isOfThisJournal ? file.state : undefined;
      // Until the import is complete, the tasks file is the only copy of the remaining tasks.
      if (current === undefined && this.#isImporting()) return;
      if (current !== undefined && !isOutdated(current, position) && !this.#isUnfinished(current, position)) return;
      // The position has its `seq`.
      const { tasks: all, seq: _, ...rest } = snapshot;
      const tasks = await writeOwnTasks(this.#disk, this.#tasksPath, all);
      const previous = current === undefined ? [] : [current.tasks.sha256, ...current.previous].slice(0, MAX_PREVIOUS);
      const slices = formatStateFile({ position, tasks, previous, ...rest });
      await writeDurably(this.#disk, this.#statePath + UNFINISHED, encoded(slices));
      if (current === undefined && file.type !== "none") this.#setBothAside("is damaged or belongs to another journal");
      else this.#setAsideUnlessOwn(current);
      // This order matters: a crash in between leaves a tasks.json whose digest is among the previous ones.
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

  /** Whether a checkpoint of this position lacks its `tasks.json`, in whose place an older one still is. */
  #isUnfinished(current: CheckpointState, { seq }: FilePosition): boolean {
    return current.position.seq === seq && isOlderTasksFile(this.#disk, this.#tasksPath, current);
  }

  #judge(): Exclude<Standing, { type: "newer" }> {
    const standing = judgeCheckpoint(this.#disk, this.#directory);
    if (standing.type !== "newer") return standing;
    this.#warnOfNewer(standing.version);
    return { type: "untouched" };
  }

  /** The checkpoint, if both files are whole and belong to each other and to the journal. */
  #read(standing: Standing): Checkpoint | undefined {
    if (standing.type !== "held" || !READABLE_SNAPSHOTS.includes(standing.state.version)) return undefined;
    const { position, nextOrder, recordedAt = 0, groups = [], instances = [], templates = [] } = standing.state;
    const { tokens = [], webhooks = [], requests = [], cancelled = [], unannounced = [] } = standing.state;
    const { hasArchive = false, statistics = [], pause } = standing.state;
    const { removed = { attempts: [], floor: 0 }, pastAudiences = { groups: [], floor: 0 } } = standing.state;
    const tasks = readOwnTasks(this.#disk, this.#tasksPath, standing.state.tasks.sha256);
    const lists = {
      groups,
      instances,
      templates,
      tokens,
      webhooks,
      requests,
      removed,
      pastAudiences,
      cancelled,
      unannounced,
    };
    return tasks &&
      {
        snapshot: {
          tasks,
          ...lists,
          hasArchive,
          statistics,
          nextOrder,
          seq: position.seq,
          recordedAt,
          ...(pause !== undefined && { pause }),
        },
        position: toPosition(position),
      };
  }

  /** Reads again under the lock, so that no other process is half-way through replacing the files. */
  #readOrSetAside(): Checkpoint | undefined {
    const standing = this.#judge();
    const checkpoint = this.#read(standing);
    if (checkpoint !== undefined || standing.type === "untouched") return checkpoint;
    if (standing.type === "useless") this.#setBothAside(standing.why);
    else this.#setAsideUnlessOwn(standing.type === "held" ? standing.state : undefined);
    return undefined;
  }

  /** Whether `tasks.json` is a file of the user whose import is under way or was interrupted. */
  #isImporting(): boolean {
    return (this.#remainingImport()?.length ?? 0) > 0;
  }

  /** The tasks of `tasks.json` that are not imported yet; undefined if no import of it has begun. */
  #remainingImport(): readonly Task[] | undefined {
    if (readStateFile(this.#disk, this.#directory).type !== "none") return undefined;
    return remainingImport(this.#disk, this.#directory, this.#now());
  }

  /** Warns once, not at each checkpoint. */
  #warnOfNewer(version: number): void {
    if (this.#hasWarnedOfNewer) return;
    this.#hasWarnedOfNewer = true;
    this.#log.warn(
      `A newer version of this program wrote ${this.#statePath} (version ${version}): this process leaves it and ` +
        `${TASKS_FILE} alone, writes no checkpoint and reads the whole journal at its start. ${RESTART}`,
    );
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

  #setBothAside(why: string): void {
    for (const path of [this.#statePath, this.#tasksPath]) this.#setAside(path, why);
  }

  /** Sets `tasks.json` aside, unless this program wrote it. */
  #setAsideUnlessOwn(state: CheckpointState | undefined): void {
    if (isOwnTasksFile(this.#disk, this.#tasksPath, state)) return;
    const remaining = this.#remainingImport();
    if (remaining !== undefined) {
      // All of its tasks are in the journal, or will be once the import is complete.
      if (remaining.length === 0) keepImported(this.#disk, this.#tasksPath, this.#now());
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

/** Whether a checkpoint is to be replaced by one at `position`: it has fewer records, or is of a version that is not read. */
function isOutdated({ version, position: { seq } }: CheckpointState, position: FilePosition): boolean {
  return seq < position.seq || (seq === position.seq && !READABLE_SNAPSHOTS.includes(version));
}

function positionLost(directory: string, seq: number): Unavailable {
  return new Unavailable(
    "journal_damaged",
    `${directory}/journal does not have record ${seq} any more: it was removed, replaced or cut. The checkpoint there ` +
      "was left as it is",
  );
}

/**
 * The checkpoint in a data directory: `tasks.json`, which people may read, and `state.json`, which says what it
 * stands for. It is a cache of the journal: whatever is wrong with it, the journal has the truth. A `tasks.json`
 * that this program did not write is never overwritten, only set aside.
 */

import { z } from "zod";
import { type Checkpoints, type Log, type Position, Unavailable } from "../app/ports.ts";
import type { Task } from "../core/model.ts";
import type { Snapshot } from "../core/snapshot.ts";
import { type Disk, type FileIdentity, readChunks, writeAll } from "./disk.ts";
import { type HashStream, sha256, sha256Stream } from "./hash.ts";
import { findPosition, LINE_FEED, ORIGIN, segmentName } from "./segments.ts";
import { formatTasks, parseOwnTasks, parseTasks } from "./tasks_file.ts";
import { nextTurn } from "./turn.ts";
import { WriteLock } from "./write_lock.ts";

/** Version of `state.json`. */
const CHECKPOINT_VERSION = 2;

/** Digests of earlier `tasks.json` files that are known again, should a crash have left one in place. */
const MAX_PREVIOUS = 8;

const bodySchema = z.object({
  version: z.union([z.literal(1), z.literal(CHECKPOINT_VERSION)]),
  /** The journal position that both files stand for. */
  position: z.object({ seq: z.number(), hash: z.string(), segment: z.number(), offset: z.number() }),
  nextOrder: z.number(),
  /** Absent in version 1, which is only good for knowing its `tasks.json` again. The digest vouches for the form. */
  recordedAt: z.number().optional(),
  groups: z.custom<Snapshot["groups"]>().optional(),
  instances: z.custom<Snapshot["instances"]>().optional(),
  templates: z.custom<Snapshot["templates"]>().optional(),
  /** The `tasks.json` that belongs to this. */
  tasks: z.object({ sha256: z.string(), inode: z.number(), sizeBytes: z.number(), modifiedMs: z.number() }),
  /** SHA-256 of the ones before, newest first. */
  previous: z.array(z.string()),
});

/** `sha256` is over the rest, as JSON without white space. */
const stateSchema = bodySchema.extend({ sha256: z.string() });

type CheckpointState = z.infer<typeof bodySchema>;

export interface CheckpointFilesOptions {
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
}

export class CheckpointFiles implements Checkpoints {
  readonly #directory: string;
  readonly #journalDirectory: string;
  readonly #tasksPath: string;
  readonly #statePath: string;
  readonly #disk: Disk;
  readonly #now: () => number;
  readonly #log: Log;
  /** Held by the one process that replaces or sets aside these files; commands never wait for it. */
  readonly #lock: WriteLock;

  constructor({ directory, disk, now, log }: CheckpointFilesOptions) {
    this.#directory = directory;
    this.#journalDirectory = `${directory}/journal`;
    this.#tasksPath = `${directory}/tasks.json`;
    this.#statePath = `${directory}/state.json`;
    this.#disk = disk;
    this.#now = now;
    this.#log = log;
    this.#lock = new WriteLock(disk, `${directory}/checkpoint.lock`);
  }

  async load(): Promise<{ readonly snapshot: Snapshot; readonly position: Position } | undefined> {
    if (this.#isJournalEmpty()) return undefined;
    const checkpoint = this.#read();
    if (checkpoint !== undefined) return checkpoint;
    try {
      return await this.#locked(() => this.#readOrSetAside());
    } catch (error) {
      // Another process is writing a large one: meanwhile the journal will do.
      if (error instanceof Unavailable && error.code === "busy") return undefined;
      throw error;
    }
  }

  async legacy(): Promise<readonly Task[]> {
    if (!this.#isJournalEmpty()) return [];
    const bytes = this.#disk.readFile(this.#tasksPath);
    if (bytes === undefined) return [];
    const tasks = this.#parseLegacy(bytes);
    await this.#locked(() => {
      if (this.#isJournalEmpty()) this.#setAside(this.#statePath, "stands for a journal that is gone");
    });
    return tasks;
  }

  async retireLegacy(): Promise<void> {
    await this.#locked(() => {
      if (!this.#isOwnTasksFile(this.#readState())) this.#move(this.#tasksPath, "imported");
    });
  }

  async save(snapshot: Snapshot, position: Position): Promise<void> {
    await this.#lock.acquire();
    try {
      const current = this.#readState();
      if (current !== undefined && current.position.seq >= position.seq && this.#isOfThisJournal(current)) return;
      const tasks = await this.#writeTasks(snapshot.tasks);
      const state = bodySchema.parse({
        version: CHECKPOINT_VERSION,
        position,
        nextOrder: snapshot.nextOrder,
        recordedAt: snapshot.recordedAt,
        groups: snapshot.groups,
        instances: snapshot.instances,
        templates: snapshot.templates,
        tasks,
        previous: current === undefined ? [] : [current.tasks.sha256, ...current.previous].slice(0, MAX_PREVIOUS),
      });
      const signed = { ...state, sha256: digestOf(state) };
      await this.#write(`${this.#statePath}.tmp`, [JSON.stringify(signed, undefined, 2) + "\n"]);
      if (!this.#isOwnTasksFile(current)) this.#setAside(this.#tasksPath, "was changed by hand");
      // In this order: a crash in between leaves a tasks.json whose digest is among the previous ones.
      this.#disk.rename(`${this.#statePath}.tmp`, this.#statePath);
      this.#disk.rename(`${this.#tasksPath}.tmp`, this.#tasksPath);
      this.#disk.syncDirectory(this.#directory);
    } finally {
      this.#lock.release();
    }
  }

  close(): void {
    this.#lock.close();
  }

  /** The checkpoint, if both files are whole, belong together and to the journal. */
  #read(): { readonly snapshot: Snapshot; readonly position: Position } | undefined {
    const state = this.#readState();
    if (state === undefined || !this.#journalHolds(state.position)) return undefined;
    // An older version knew less of each task than the journal does.
    if (state.version !== CHECKPOINT_VERSION) return undefined;
    const tasks = this.#readTasks(state.tasks.sha256);
    if (tasks === undefined) return undefined;
    const { nextOrder, recordedAt = 0, groups = [], instances = [], templates = [] } = state;
    return { snapshot: { tasks, groups, instances, templates, nextOrder, recordedAt }, position: state.position };
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
  #readOrSetAside(): { readonly snapshot: Snapshot; readonly position: Position } | undefined {
    const checkpoint = this.#read();
    if (checkpoint !== undefined) return checkpoint;
    const state = this.#readState();
    if (!this.#isOwnTasksFile(state)) this.#setAside(this.#tasksPath, "was changed by hand or is damaged");
    if (state === undefined || !this.#journalHolds(state.position)) {
      this.#setAside(this.#statePath, "is damaged or belongs to another journal");
    }
    return undefined;
  }

  /**
   * Whether the journal has exactly this position.
   *
   * @throws Unavailable `journal_damaged` if the journal ends before it: a checkpoint only ever stands for durable
   * records, so acknowledged ones are missing
   */
  #journalHolds(position: Position): boolean {
    const { found, seq } = findPosition(this.#disk, this.#journalDirectory, position);
    if (found !== "missing") return found === "held";
    throw new Unavailable(
      "journal_damaged",
      `The journal is damaged: ${this.#journalDirectory} can be read up to record ${seq}, but ${this.#statePath} was ` +
        `written when it had ${position.seq}. Nothing was changed; the verify command shows the damage, the repair ` +
        "command goes on with what is left after keeping a copy",
    );
  }

  #isOfThisJournal({ position }: CheckpointState): boolean {
    return findPosition(this.#disk, this.#journalDirectory, position).found === "held";
  }

  /** Whether `tasks.json` is missing, or one that this program wrote. */
  #isOwnTasksFile(state: CheckpointState | undefined): boolean {
    const identity = this.#disk.identity(this.#tasksPath);
    if (identity === undefined) return true;
    if (state === undefined) return false;
    if (isSameFile(identity, state.tasks)) return true;
    return [state.tasks.sha256, ...state.previous].includes(this.#tasksDigest());
  }

  #tasksDigest(): string {
    const hash = sha256Stream();
    for (const chunk of readChunks(this.#disk, this.#tasksPath)) hash.update(chunk);
    return hash.digest();
  }

  /** Whether the journal has no record yet, or an unfinished one. */
  #isJournalEmpty(): boolean {
    for (const bytes of readChunks(this.#disk, `${this.#journalDirectory}/${segmentName(ORIGIN.segment)}`)) {
      if (bytes.includes(LINE_FEED)) return false;
    }
    return true;
  }

  #readState(): CheckpointState | undefined {
    const bytes = this.#disk.readFile(this.#statePath);
    if (bytes === undefined) return undefined;
    try {
      const { sha256, ...state } = stateSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
      if (sha256 !== digestOf(state)) throw new Error("its digest does not match");
      return state;
    } catch (error) {
      this.#log.warn(`Cannot use ${this.#statePath}, the state is made anew from the journal: ${error}`);
      return undefined;
    }
  }

  #parseLegacy(bytes: Uint8Array): readonly Task[] {
    try {
      return parseTasks(new TextDecoder("utf-8", { fatal: true }).decode(bytes), this.#now());
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
    const { inode, sizeBytes, modifiedMs } = await this.#write(`${this.#tasksPath}.tmp`, formatTasks(tasks), hash);
    return { sha256: hash.digest(), inode, sizeBytes, modifiedMs };
  }

  /** Writes a file durably, letting the event loop turn between slices. */
  async #write(path: string, slices: Iterable<string>, hash?: HashStream): Promise<FileIdentity> {
    const file = this.#disk.open(path, "replace");
    try {
      for (const slice of slices) {
        const bytes = new TextEncoder().encode(slice);
        hash?.update(bytes);
        writeAll(file, bytes);
        await nextTurn();
      }
      await file.sync();
      return file.identity();
    } catch (error) {
      // The room that a half-written file takes may be what the journal lacks.
      file.truncate(0);
      throw error;
    } finally {
      file.close();
    }
  }

  #setAside(path: string, why: string): void {
    const aside = this.#move(path, "set-aside");
    if (aside !== undefined) {
      this.#log.warn(`${path} ${why}: it was set aside as ${aside}, the journal has the truth`);
    }
  }

  /** Renames a file, if it is there, to a name that says why and when. */
  #move(path: string, why: string): string | undefined {
    if (this.#disk.identity(path) === undefined) return undefined;
    const moved = `${path}.${why}-${new Date(this.#now()).toISOString().replaceAll(/[:.]/g, "-")}`;
    this.#disk.rename(path, moved);
    return moved;
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

function digestOf(state: CheckpointState): string {
  return sha256(JSON.stringify(state));
}

function isSameFile(identity: FileIdentity, known: CheckpointState["tasks"]): boolean {
  return identity.inode === known.inode && identity.sizeBytes === known.sizeBytes &&
    identity.modifiedMs === known.modifiedMs;
}

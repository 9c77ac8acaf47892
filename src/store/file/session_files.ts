/**
 * The sessions of a data directory: each is a lock (flock) on the file `sessions/ID`, held by the server process of the
 * client. The kernel releases it when the process dies, however it dies; a stopped process keeps it. A file that nobody
 * locks belongs to a dead session, and whoever finds it removes it. Files are removed only while their lock is held, so
 * that no file of a session that has just begun is removed.
 */

import { type Log, type Sessions, Unavailable } from "../../app/ports.ts";
import { type Disk, type DiskFile, isAt } from "./disk.ts";

/** The folder of the session files in a data directory. */
export const SESSIONS = "sessions";

/** Most files of dead sessions that one start removes. */
const MAX_REMOVED = 1_000;

/**
 * Most tries to lock the file of a new session while other processes take it for that of a dead one, and the pause between
 * two, in milliseconds: such a process may be stopped for a while just then.
 */
const MAX_TRIES = 1_000;
const PAUSE_MS = 5;

/** Ids come from the journal, too: any other text is not the name of a session file. */
const SESSION_ID = /^[\w-]{1,100}$/;

export interface SessionFilesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly log: Log;
}

export class SessionFiles implements Sessions {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #log: Log;

  constructor({ directory, disk, log }: SessionFilesOptions) {
    this.#directory = `${directory}/${SESSIONS}`;
    this.#disk = disk;
    this.#log = log;
  }

  async open(id: string): Promise<AsyncDisposable> {
    const path = this.#pathOf(id);
    try {
      if (!SESSION_ID.test(id)) throw new Error("the id is not the name of a file");
      this.#disk.makeDirectory(this.#directory);
      this.#removeDead();
      const file = await this.#lock(path);
      return { [Symbol.asyncDispose]: () => new Promise((resolve) => resolve(this.#close(path, file))) };
    } catch (cause) {
      throw unavailable(`Cannot open the session ${path}`, cause);
    }
  }

  dead(ids: readonly string[]): Promise<readonly string[]> {
    return new Promise((resolve) => resolve(this.#dead(ids)));
  }

  /** Removes files of dead sessions. If that fails, they are only in the way of whoever lists the directory. */
  #removeDead(): void {
    try {
      this.#dead(this.#disk.list(this.#directory).slice(0, MAX_REMOVED));
    } catch (error) {
      this.#log.warn(error instanceof Error ? error.message : String(error));
    }
  }

  #close(path: string, file: DiskFile): void {
    try {
      if (isAt(this.#disk, path, file)) this.#disk.remove(path);
    } finally {
      file.close();
    }
  }

  #dead(ids: readonly string[]): readonly string[] {
    const dead: string[] = [];
    let failure: unknown;
    for (const id of ids) {
      try {
        if (this.#isDead(id)) dead.push(id);
      } catch (error) {
        failure ??= error;
      }
    }
    if (failure === undefined || dead.length > 0) return dead;
    throw unavailable(`Cannot find out which sessions in ${this.#directory} are dead`, failure);
  }

  #pathOf(id: string): string {
    return `${this.#directory}/${id}`;
  }

  /** Makes and locks a file. Another process that saw it before it was locked may have removed it: then again. */
  async #lock(path: string): Promise<DiskFile> {
    for (let tries = 0; tries < MAX_TRIES; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      const file = this.#disk.open(path, "append");
      let isLocked = false;
      try {
        isLocked = file.tryLock() && isAt(this.#disk, path, file);
      } finally {
        if (!isLocked) file.close();
      }
      if (isLocked) return file;
    }
    throw new Error("another process has locked its file");
  }

  /** Whether a session is dead. Removes its file. */
  #isDead(id: string): boolean {
    const path = this.#pathOf(id);
    if (!SESSION_ID.test(id) || this.#disk.identity(path) === undefined) return true;
    const file = openIfThere(this.#disk, path);
    if (file === undefined) return true;
    try {
      if (!file.tryLock()) return false;
      if (isAt(this.#disk, path, file)) this.#disk.remove(path);
      return true;
    } finally {
      file.close();
    }
  }
}

function openIfThere(disk: Disk, path: string): DiskFile | undefined {
  try {
    return disk.open(path, "read");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function unavailable(what: string, cause: unknown): Unavailable {
  return new Unavailable("storage_failed", `${what}: ${cause instanceof Error ? cause.message : cause}`, { cause });
}

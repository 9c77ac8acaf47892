/**
 * The sessions of a data directory: each is a lock (flock) on the file `sessions/ID`, held by the server process of the
 * client. The kernel releases it when the process dies, however it dies; a stopped process keeps it. Only the lock tells
 * whether a session lives; the file holds what its process tells about itself, for `doctor`. A file that nobody locks belongs to a dead session, and whoever finds it removes it. Files are removed only while their lock is held, so
 * that no file of a session that has just begun is removed.
 */

import * as z from "zod";
import { type Log, type OpenSession, type ProcessAbout, type Sessions, Unavailable } from "../../app/ports.ts";
import { lazy } from "../../core/model/lazy.ts";
import { type Disk, type DiskFile, isAt, writeAll } from "./disk.ts";
import { describeSystemError } from "./system_errors.ts";

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

/** The form of a session id. Ids also come from the journal; a text of another form never becomes a file name. */
const SESSION_ID = /^[\w-]{1,100}$/;

export interface SessionFilesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly log: Log;
}

export class SessionFiles implements Sessions {
  /** The data directory, and that of the sessions in it. */
  readonly #data: string;
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #log: Log;

  constructor({ directory, disk, log }: SessionFilesOptions) {
    this.#data = directory;
    this.#directory = `${directory}/${SESSIONS}`;
    this.#disk = disk;
    this.#log = log;
  }

  async open(id: string): Promise<OpenSession> {
    const path = this.#pathOf(id);
    try {
      if (!SESSION_ID.test(id)) throw new Error("the id is not the name of a file");
      // One that was moved since it was found, like a project that is renamed, is not made again: it would be another plan.
      if (this.#disk.identity(this.#data) === undefined) throw new Error(`${this.#data} was moved or removed`);
      this.#disk.makeDirectory(this.#directory);
      this.#removeDead();
      const file = await this.#lock(path);
      return {
        describe: (about) => new Promise((resolve) => resolve(replaceContent(file, about))),
        [Symbol.asyncDispose]: () => new Promise((resolve) => resolve(this.#close(path, file))),
      };
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

const aboutSchema = lazy((): z.ZodType<ProcessAbout> =>
  z.object({
    pid: z.int().positive(),
    version: z.string(),
    format: z.int().positive(),
    transport: z.enum(["stdio", "http"]),
    startedAt: z.number(),
    calledAt: z.number().exactOptional(),
    client: z.string().exactOptional(),
    isOpen: z.literal(true).exactOptional(),
  })
);

/** A session file, and what its process tells about itself. */
export interface FoundSession {
  readonly id: string;
  readonly isLive: boolean;
  /** Undefined if it tells nothing: its process is of an early version, is just starting, or could not write. */
  readonly about: ProcessAbout | undefined;
}

/**
 * The sessions in a data directory, at most `limit`. Changes nothing: files of dead sessions stay, and a lock that shows
 * that a session is dead is released at once; a process that begins a session just then tries again.
 */
export function findSessions(disk: Disk, directory: string, limit: number): readonly FoundSession[] {
  return disk.list(`${directory}/${SESSIONS}`).filter((id) => SESSION_ID.test(id)).slice(0, limit).flatMap((id) => {
    const file = openIfThere(disk, `${directory}/${SESSIONS}/${id}`);
    if (file === undefined) return [];
    try {
      return [{ id, about: readAbout(file), isLive: !file.tryLock() }];
    } finally {
      file.close();
    }
  });
}

/** Most bytes of what a process tells about itself. */
const MAX_ABOUT_BYTES = 4 * 1024;

function replaceContent(file: DiskFile, about: ProcessAbout): void {
  file.truncate(0);
  writeAll(file, new TextEncoder().encode(JSON.stringify(about) + "\n"));
}

/** Undefined if the file is empty, half written, or of a form that this version does not know. */
function readAbout(file: DiskFile): ProcessAbout | undefined {
  const buffer = new Uint8Array(MAX_ABOUT_BYTES);
  const text = new TextDecoder().decode(buffer.subarray(0, file.readAt(buffer, 0)));
  try {
    return aboutSchema().safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
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
  const why = describeSystemError(cause) ?? (cause instanceof Error ? cause.message : cause);
  return new Unavailable("storage_failed", `${what}: ${why}`, { cause });
}

/**
 * The write lock: an flock on a file that is never renamed and holds nothing, so that the kernel lets go of it
 * when its holder dies. It blocks the event loop for a few milliseconds at most, and never waits without bound.
 */

import { Unavailable } from "../../app/ports.ts";
import type { Disk, DiskFile } from "./disk.ts";

/** Longest wait for the lock, in milliseconds. A healthy holder keeps it for well under one. */
export const LOCK_WAIT_MS = 5_000;

/**
 * For how long, and between looks how long, a process stands still for the lock before it waits without blocking, in
 * milliseconds: a healthy holder lets go of it sooner than the system could wake a process that waits.
 */
const STAND_STILL_MS = 3;
const NAP_MS = 0.1;
const MAX_NAPS = STAND_STILL_MS / NAP_MS;

/** How often a lock file that was replaced meanwhile is opened anew before giving up. */
const MAX_REOPENS = 10;

export class WriteLock {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #waitMs: number;
  #file: DiskFile | undefined;
  #inode = 0;
  /** A lock asked for asynchronously that has not arrived or been taken up yet. */
  #asked: Promise<void> | undefined;
  #waiting = 0;
  /** Held by a caller of this process, who will resolve it: an flock keeps out other processes only. */
  #held: PromiseWithResolvers<void> | undefined;

  constructor(disk: Disk, path: string, waitMs = LOCK_WAIT_MS) {
    this.#disk = disk;
    this.#path = path;
    this.#waitMs = waitMs;
  }

  /**
   * Takes the lock.
   *
   * @throws Unavailable `busy` after the wait; a lock that arrives later is let go
   */
  async acquire(): Promise<void> {
    while (this.#held !== undefined) await this.#held.promise;
    this.#held = Promise.withResolvers<void>();
    try {
      await this.#acquireFile();
    } catch (error) {
      // Whatever else went wrong, the lock may have been had already.
      if (!(error instanceof Unavailable)) this.#closeFile();
      this.#letOthers();
      throw error;
    }
  }

  release(): void {
    try {
      this.#file?.unlock();
    } finally {
      this.#letOthers();
    }
  }

  /** Closes the file, which lets go of the lock. */
  close(): void {
    this.#closeFile();
    this.#letOthers();
  }

  #letOthers(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async #acquireFile(): Promise<void> {
    for (let reopens = 0; reopens < MAX_REOPENS; reopens++) {
      const file = this.#file ??= this.#openFile();
      if (this.#asked !== undefined || !takeSoon(file)) await this.#wait(file);
      // A lock file deleted by hand would leave two processes with a lock each.
      if (this.#disk.identity(this.#path)?.inode === this.#inode) return;
      this.#closeFile();
    }
    throw new Unavailable("busy", `Cannot lock ${this.#path} as it is replaced again and again`);
  }

  #openFile(): DiskFile {
    this.#disk.makeDirectory(this.#path.slice(0, this.#path.lastIndexOf("/")));
    const file = this.#disk.open(this.#path, "append");
    this.#inode = file.identity().inode;
    return file;
  }

  #closeFile(): void {
    this.#file?.close();
    this.#file = undefined;
    this.#asked = undefined;
  }

  async #wait(file: DiskFile): Promise<void> {
    const asked = this.#asked ??= this.#ask(file);
    // A failure after the wait is over has nobody left to be told; the next call asks anew.
    asked.catch(() => this.#asked = undefined);
    const timer = Promise.withResolvers<"late">();
    const timeout = setTimeout(() => timer.resolve("late"), this.#waitMs);
    this.#waiting++;
    try {
      if (await Promise.race([asked, timer.promise]) === "late") {
        throw new Unavailable(
          "busy",
          `Another process has held the write lock ${this.#path} for ${this.#waitMs} ms: it may be stopped or its ` +
            "disk stuck; nothing was changed, try again",
        );
      }
      this.#asked = undefined;
    } finally {
      this.#waiting--;
      clearTimeout(timeout);
    }
  }

  async #ask(file: DiskFile): Promise<void> {
    await file.lock();
    if (this.#waiting > 0 || this.#file !== file) return;
    this.#asked = undefined;
    file.unlock();
  }
}

/** Takes the lock if it is free or soon becomes so. */
function takeSoon(file: DiskFile): boolean {
  if (file.tryLock()) return true;
  const end = performance.now() + STAND_STILL_MS;
  // A nap may take longer than it should.
  for (let naps = 0; naps < MAX_NAPS && performance.now() < end; naps++) if (file.tryLock(NAP_MS)) return true;
  return false;
}

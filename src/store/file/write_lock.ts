/**
 * The write lock: an flock on an empty file that is never renamed or deleted. The kernel releases it when its holder dies.
 * Taking it blocks the event loop for a few milliseconds at most, and every wait is bounded.
 */

import { Unavailable } from "../../app/ports.ts";
import type { Disk, DiskFile } from "./disk.ts";

/** Longest wait for the lock, in milliseconds. A healthy holder keeps it for less than one. */
export const LOCK_WAIT_MS = 5_000;

/**
 * How long to poll before waiting asynchronously, and the pause between polls, in milliseconds. A healthy holder releases
 * the lock sooner than the system could wake a waiting process.
 */
const POLL_MS = 3;
const NAP_MS = 0.1;
const MAX_NAPS = POLL_MS / NAP_MS;

/** Most tries while the lock file keeps being replaced. */
const MAX_REOPENS = 10;

export class WriteLock {
  readonly #disk: Disk;
  readonly #path: string;
  readonly #waitMs: number;
  #file: DiskFile | undefined;
  #inode = 0;
  /** An asynchronous request for the lock that is not granted yet, or whose grant no caller has used. */
  #requested: Promise<void> | undefined;
  #waiting = 0;
  /** Set while a caller in this process holds the lock, resolved at its release. An flock excludes only other processes. */
  #held: PromiseWithResolvers<void> | undefined;

  constructor(disk: Disk, path: string, waitMs = LOCK_WAIT_MS) {
    this.#disk = disk;
    this.#path = path;
    this.#waitMs = waitMs;
  }

  /**
   * Takes the lock.
   *
   * @throws Unavailable `busy` after the wait; a lock that is granted later is released again
   */
  async acquire(): Promise<void> {
    while (this.#held !== undefined) await this.#held.promise;
    this.#held = Promise.withResolvers<void>();
    try {
      await this.#acquireFile();
    } catch (error) {
      // After any other error the lock may be held: closing the file releases it.
      if (!(error instanceof Unavailable)) this.#closeFile();
      this.#admitNext();
      throw error;
    }
  }

  release(): void {
    try {
      this.#file?.unlock();
    } finally {
      this.#admitNext();
    }
  }

  /** Closes the file, which releases the lock. */
  close(): void {
    this.#closeFile();
    this.#admitNext();
  }

  #admitNext(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  async #acquireFile(): Promise<void> {
    for (let reopens = 0; reopens < MAX_REOPENS; reopens++) {
      const file = this.#file ??= this.#openFile();
      if (this.#requested !== undefined || !pollLock(file)) await this.#wait(file);
      // If the lock file was deleted by hand, another process may hold a lock on a new file.
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
    this.#requested = undefined;
  }

  async #wait(file: DiskFile): Promise<void> {
    const requested = this.#requested ??= this.#request(file);
    // If it fails after the wait is over, no caller is left; the next call requests the lock again.
    requested.catch(() => this.#requested = undefined);
    const timer = Promise.withResolvers<"late">();
    const timeout = setTimeout(() => timer.resolve("late"), this.#waitMs);
    this.#waiting++;
    try {
      if (await Promise.race([requested, timer.promise]) === "late") {
        throw new Unavailable(
          "busy",
          `Another process has held the write lock ${this.#path} for ${this.#waitMs} ms: it may be stopped or its ` +
            "disk stuck; nothing was changed, try again",
        );
      }
      this.#requested = undefined;
    } finally {
      this.#waiting--;
      clearTimeout(timeout);
    }
  }

  async #request(file: DiskFile): Promise<void> {
    await file.lock();
    if (this.#waiting > 0 || this.#file !== file) return;
    this.#requested = undefined;
    file.unlock();
  }
}

/** Takes the lock if it becomes free within `POLL_MS`. */
function pollLock(file: DiskFile): boolean {
  if (file.tryLock()) return true;
  const end = performance.now() + POLL_MS;
  // A nap may take longer than it should.
  for (let naps = 0; naps < MAX_NAPS && performance.now() < end; naps++) if (file.tryLock(NAP_MS)) return true;
  return false;
}

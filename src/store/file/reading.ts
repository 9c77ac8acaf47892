/**
 * Opens a data directory to look at it: nothing in it is made, changed or moved, so it takes no right to write, neither
 * the file system's nor Deno's. Works on copies, on backups and on file systems that are mounted read-only.
 */

import type { Checkpoints, Journal, Log } from "../../app/ports.ts";
import type { Task } from "../../core/model/task.ts";
import { CheckpointFiles } from "./checkpoint_files.ts";
import type { Disk, DiskFile } from "./disk.ts";
import { FileJournal } from "./file_journal.ts";
import { MemoryJournal, noCheckpoints } from "../memory/memory_journal.ts";
import { WriteLock } from "./write_lock.ts";

export interface ReadingOptions {
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
}

/** A data directory that is only read: nothing can be appended or saved, but for what is in memory. */
export interface ReadOnlyStore extends AsyncDisposable {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  /** Tasks of a tasks file without a journal, which a server would import: the journal is one in memory then. */
  readonly legacy: readonly Task[];
}

/**
 * Opens a data directory for reading.
 *
 * @throws Unavailable `journal_damaged` or `storage_failed`, as opening it for writing does
 */
export async function openForReading(options: ReadingOptions): Promise<ReadOnlyStore> {
  const { directory } = options;
  const disk = readOnlyDisk(options.disk);
  const checkpoints = new CheckpointFiles({ ...options, disk, isReadOnly: true });
  const lockPath = `${directory}/lock`;
  const legacy = await checkpoints.legacy();
  // A copy without a lock file has no writer to wait for.
  const lock = disk.identity(lockPath) === undefined ? NO_LOCK : new WriteLock(disk, lockPath);
  const journal = legacy.length > 0 ? new MemoryJournal(options.now) : new FileJournal({ ...options, disk, lock });
  return {
    journal,
    checkpoints: legacy.length > 0 ? noCheckpoints : checkpoints,
    legacy,
    async [Symbol.asyncDispose]() {
      checkpoints.close();
      await journal.close();
    },
  };
}

const NO_LOCK = { acquire: () => Promise.resolve(), release: () => {}, close: () => {} };

/** A disk that opens every file for reading only, and makes and moves nothing. */
function readOnlyDisk(disk: Disk): Disk {
  return {
    open: (path) => readOnlyFile(disk.open(path, "read")),
    identity: (path) => disk.identity(path),
    readFile: (path) => disk.readFile(path),
    list: (directory) => disk.list(directory),
    makeDirectory: () => {},
    rename: (from) => refuse(`rename ${from}`),
    syncDirectory: (path) => syncIfPossible(() => disk.syncDirectory(path)),
    watch: (directory, signal) => disk.watch(directory, signal),
  };
}

function readOnlyFile(file: DiskFile): DiskFile {
  return {
    identity: () => file.identity(),
    readAt: (buffer, offset) => file.readAt(buffer, offset),
    write: () => refuse("write"),
    truncate: () => refuse("truncate a file"),
    syncData: () => syncIfPossible(() => file.syncData()),
    sync: () => file.sync(),
    tryLock: (delayMs) => file.tryLock(delayMs),
    lock: () => file.lock(),
    unlock: () => file.unlock(),
    close: () => file.close(),
  };
}

function refuse(action: string): never {
  throw new Error(`Cannot ${action}: the data directory was opened for reading only`);
}

/**
 * Syncs what others may have written just now, so that nothing is shown that a loss of power takes back. A file system
 * that is never written to (EINVAL, EROFS) has nothing to sync; Windows syncs only what is open for writing (EPERM,
 * EACCES).
 */
function syncIfPossible(sync: () => void): void {
  try {
    sync();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!["EINVAL", "EROFS", "EPERM", "EACCES"].includes(code)) throw error;
  }
}

/**
 * Opens a data directory for reading only. Nothing in it is made, changed or moved, so neither the file system nor Deno
 * must permit writing. Works on copies, backups and read-only mounts.
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

/** A data directory opened for reading. Nothing can be appended or saved, except to a journal in memory. */
export interface ReadOnlyStore extends AsyncDisposable {
  readonly journal: Journal;
  readonly checkpoints: Checkpoints;
  /** Tasks of a tasks file without a journal, which a server would import. Then `journal` is one in memory. */
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
  const journal = legacy.length > 0
    ? new MemoryJournal(options.now)
    : new FileJournal({ ...options, disk, lock, isReadOnly: true });
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
    remove: (path) => refuse(`remove ${path}`),
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
 * Syncs what other processes have just written, so that nothing is shown that a loss of power could undo. A read-only file
 * system (EINVAL, EROFS) has nothing to sync; Windows syncs only files that are open for writing (EPERM, EACCES).
 */
function syncIfPossible(sync: () => void): void {
  try {
    sync();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "";
    if (!["EINVAL", "EROFS", "EPERM", "EACCES"].includes(code)) throw error;
  }
}

/**
 * The file operations that the stores need, as a port: the real disk here, a faulty one in tests. The promises of a store
 * depend on the exact meaning of these operations, so nothing else in the program touches the data directory.
 */

/** Identifies one version of a file. */
export interface FileIdentity {
  readonly inode: number;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** `read`: must exist. `append`: made if missing; writes go to the end. `replace`: made if missing, else emptied. */
export type OpenMode = "read" | "append" | "replace";

export interface DiskFile {
  identity(): FileIdentity;
  /** Fills the buffer from an offset; returns the number of bytes read. */
  readAt(buffer: Uint8Array, offset: number): number;
  /** Writes once; returns the number of bytes written, which may be fewer. */
  write(bytes: Uint8Array): number;
  truncate(sizeBytes: number): void;
  /** Makes the content durable (fdatasync). */
  syncData(): void;
  /** Makes content and metadata durable (fsync), without blocking. */
  sync(): Promise<void>;
  /** Blocks for `delayMs` (default: 0), then takes the exclusive lock (flock) if it is free. */
  tryLock(delayMs?: number): boolean;
  /** Waits for the exclusive lock, without blocking. */
  lock(): Promise<void>;
  unlock(): void;
  close(): void;
}

export interface Disk {
  /** @throws Deno.errors.NotFound in mode `read` */
  open(path: string, mode: OpenMode): DiskFile;
  identity(path: string): FileIdentity | undefined;
  /** The whole content, or undefined if there is no such file. */
  readFile(path: string): Uint8Array | undefined;
  /** Names in a directory; empty if there is none. */
  list(directory: string): string[];
  makeDirectory(path: string): void;
  rename(from: string, to: string): void;
  /** Removes a file; nothing happens if there is none. */
  remove(path: string): void;
  /**
   * Makes the names in a directory durable.
   *
   * @throws NotOpened if the directory cannot be opened for that
   */
  syncDirectory(path: string): void;
  /** Yields when something in the directory changes; ends with the signal. */
  watch(directory: string, signal: AbortSignal): AsyncIterable<void>;
}

/** A file or directory could not be opened, for example for lack of descriptors. Unlike a failed sync, this loses nothing. */
export class NotOpened extends Error {
  override readonly name = "NotOpened";
  /** The system's code, such as `EMFILE`. */
  readonly code: unknown;

  constructor(path: string, cause: unknown) {
    super(`Cannot open ${path}: ${cause instanceof Error ? cause.message : cause}`, { cause });
    this.code = Object(cause).code;
  }
}

/** Replaces a small file, durably but not atomically. Blocks. */
export function writeFile(disk: Disk, path: string, bytes: Uint8Array): void {
  const file = disk.open(path, "replace");
  try {
    writeAll(file, bytes);
    file.syncData();
  } finally {
    file.close();
  }
}

/** Bytes read at once when a file is read whole. */
const READ_BYTES = 64 * 1024;

/** The content of a file in chunks, each valid only until the next one; nothing if there is no such file. */
export function* readChunks(disk: Disk, path: string): Iterable<Uint8Array> {
  if (disk.identity(path) === undefined) return;
  const file = disk.open(path, "read");
  try {
    const buffer = new Uint8Array(READ_BYTES);
    for (let offset = 0, count = file.readAt(buffer, 0); count > 0; count = file.readAt(buffer, offset)) {
      yield buffer.subarray(0, count);
      offset += count;
    }
  } finally {
    file.close();
  }
}

/** Writes all bytes, with as many writes as needed. */
export function writeAll(file: DiskFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) written += file.write(bytes.subarray(written));
}

/** Whether a path leads to this file, and not to another one or none. */
export function isAt(disk: Disk, path: string, file: DiskFile): boolean {
  return disk.identity(path)?.inode === file.identity().inode;
}

/** Modes of new files and directories: for this user only, or, in a directory that a group shares, for the group. */
const FILE_MODE = 0o600;
const SHARED_FILE_MODE = 0o660;
const DIRECTORY_MODE = 0o700;
const SHARED_DIRECTORY_MODE = 0o770;

/** Bits of a directory's mode: its group, or everybody, may write; new entries get its group; only owners may rename. */
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;
const SET_GROUP = 0o2000;
const STICKY = 0o1000;

/** The disk of this machine, through `Deno`. */
export const realDisk: Disk = {
  open(path, mode) {
    return new RealFile(mode === "read" ? Deno.openSync(path) : openOrMake(path, mode));
  },
  identity: (path) => unlessMissing(() => identityOf(Deno.statSync(path))),
  readFile: (path) => unlessMissing(() => Deno.readFileSync(path)),
  list: (directory) => unlessMissing(() => Array.from(Deno.readDirSync(directory), (entry) => entry.name)) ?? [],
  makeDirectory: (path) => makeDirectory(path, makePrivateDirectory),
  rename: (from, to) => Deno.renameSync(from, to),
  remove: (path) => void unlessMissing(() => Deno.removeSync(path)),
  syncDirectory(path) {
    // Windows can neither open nor needs to sync directories.
    if (Deno.build.os === "windows") return;
    const directory = openDirectory(path);
    try {
      directory.syncSync();
    } finally {
      directory.close();
    }
  },
  async *watch(directory, signal) {
    const watcher = Deno.watchFs(directory);
    const stop = () => watcher.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      if (signal.aborted) return;
      for await (const _event of watcher) yield;
    } finally {
      signal.removeEventListener("abort", stop);
      if (!signal.aborted) watcher.close();
    }
  },
};

/**
 * The disk for a data directory that is never made again, as it would be another plan: that of a project, which is renamed.
 * Where it is missing, `makeDirectory` throws `Deno.errors.NotFound`.
 */
export function diskOfProject(directory: string): Disk {
  return {
    ...realDisk,
    makeDirectory(path) {
      if (path === directory) Deno.statSync(path);
      // Makes only the last part of a path: the directory could be renamed after a check.
      else makeDirectory(path, makeLast);
    },
  };
}

function makeDirectory(path: string, make: (path: string) => void): void {
  if (unlessMissing(() => Deno.statSync(path)) !== undefined) return;
  // If the parent is missing as well, everything that is made is private.
  const sharedMode = sharedModeOf(parentOf(path));
  make(path);
  if (sharedMode !== undefined) Deno.chmodSync(path, SHARED_DIRECTORY_MODE | (sharedMode & SET_GROUP));
}

function makeLast(path: string): void {
  try {
    Deno.mkdirSync(path, { mode: DIRECTORY_MODE });
  } catch (error) {
    // Another process made it first.
    if (!(error instanceof Deno.errors.AlreadyExists) || kindAt(path) !== "directory") throw error;
  }
}

function openOrMake(path: string, mode: "append" | "replace"): Deno.FsFile {
  const options = mode === "append" ? { read: true, append: true } : { read: true, write: true, truncate: true };
  const found = unlessMissing(() => Deno.openSync(path, options));
  if (found !== undefined) return found;
  try {
    const made = Deno.openSync(path, { ...options, truncate: false, createNew: true, mode: FILE_MODE });
    // By chmod, because the umask would remove the group's rights from the mode above.
    if (sharedModeOf(parentOf(path)) !== undefined) Deno.chmodSync(path, SHARED_FILE_MODE);
    return made;
  } catch (error) {
    // Another process made it first.
    if (error instanceof Deno.errors.AlreadyExists) return Deno.openSync(path, options);
    throw error;
  }
}

/**
 * The mode of a directory that its group may write to; undefined for any other. Without permission to read the directory,
 * it counts as private.
 */
function sharedModeOf(directory: string): number | undefined {
  if (Deno.permissions.querySync({ name: "read", path: directory }).state !== "granted") return undefined;
  const mode = unlessMissing(() => Deno.statSync(directory))?.mode ?? 0;
  return (mode & GROUP_WRITES) !== 0 && (mode & STICKY) === 0 ? mode : undefined;
}

function parentOf(path: string): string {
  return path.slice(0, Math.max(1, path.lastIndexOf("/")));
}

/** Writes a file that only this user may read, in place of an older one. */
export function writePrivateFile(path: string, text: string): void {
  unlessMissing(() => Deno.removeSync(path));
  Deno.writeTextFileSync(path, text, { createNew: true, mode: FILE_MODE });
}

/** Makes a directory, and all above it that is missing, for this user only. */
export function makePrivateDirectory(path: string): void {
  Deno.mkdirSync(path, { recursive: true, mode: DIRECTORY_MODE });
}

/** The path with all symbolic links followed; undefined if nothing is there. */
export function realPath(path: string): string | undefined {
  return unlessMissing(() => Deno.realPathSync(path));
}

/** What is at a path, with symbolic links followed; undefined if nothing is, or a part of the path is a file. */
export function kindAt(path: string): "file" | "directory" | undefined {
  try {
    return Deno.statSync(path).isDirectory ? "directory" : "file";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) return undefined;
    throw error;
  }
}

/** Tells a directory from others, also after it was moved within its file system. */
export interface DirectoryIdentity {
  readonly inode: number;
  /** Milliseconds since the Unix epoch; absent where the file system does not tell. */
  readonly madeAt?: number;
}

/** The identity of a file or directory; undefined if nothing is there. */
export function directoryIdentity(path: string): DirectoryIdentity | undefined {
  const info = unlessMissing(() => Deno.statSync(path));
  if (info === undefined) return undefined;
  return { inode: info.ino ?? 0, ...(info.birthtime !== null && { madeAt: info.birthtime.getTime() }) };
}

/**
 * Tells a directory from every other on this machine, copies and snapshots included, until it is removed; undefined if
 * nothing is there, or the system does not tell enough.
 */
export function directoryPlace(path: string): string | undefined {
  const info = unlessMissing(() => Deno.statSync(path));
  if (info === undefined || (info.ino === null && info.birthtime === null)) return undefined;
  return [info.dev, info.ino ?? 0, info.birthtime?.getTime() ?? 0].join(":");
}

/** The mode bits of a file or directory; undefined if nothing is there, or the system has none. */
export function modeOf(path: string): number | undefined {
  return unlessMissing(() => Deno.statSync(path))?.mode ?? undefined;
}

/**
 * Whether others than the owner may write to a file, or replace what is in a directory: group and others have the right to
 * write. False where there are no such rights, as on Windows.
 */
export function isWritableByOthers(path: string): boolean {
  const { mode, isDirectory } = Deno.statSync(path);
  const others = ((mode ?? 0) & (GROUP_WRITES | OTHERS_WRITE)) !== 0;
  return others && !(isDirectory && ((mode ?? 0) & STICKY) !== 0);
}

/** The target of a symbolic link; undefined if the path is not a link. */
export function linkTarget(path: string): string | undefined {
  return unlessMissing(() => Deno.lstatSync(path))?.isSymlink ? Deno.readLinkSync(path) : undefined;
}

const NEVER_WRITTEN = new Int32Array(new SharedArrayBuffer(4));

class RealFile implements DiskFile {
  readonly #file: Deno.FsFile;

  constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  identity(): FileIdentity {
    return identityOf(this.#file.statSync());
  }

  readAt(buffer: Uint8Array, offset: number): number {
    this.#file.seekSync(offset, Deno.SeekMode.Start);
    let filled = 0;
    while (filled < buffer.length) {
      const count = this.#file.readSync(buffer.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return filled;
  }

  write(bytes: Uint8Array): number {
    return this.#file.writeSync(bytes);
  }

  truncate(sizeBytes: number): void {
    this.#file.truncateSync(sizeBytes);
  }

  syncData(): void {
    this.#file.syncDataSync();
  }

  sync(): Promise<void> {
    return this.#file.sync();
  }

  tryLock(delayMs = 0): boolean {
    // The only way to sleep for less than one turn of the event loop.
    if (delayMs > 0) Atomics.wait(NEVER_WRITTEN, 0, 0, delayMs);
    return this.#file.tryLockSync(true);
  }

  lock(): Promise<void> {
    return this.#file.lock(true);
  }

  unlock(): void {
    this.#file.unlockSync();
  }

  close(): void {
    this.#file.close();
  }
}

function openDirectory(path: string): Deno.FsFile {
  try {
    return Deno.openSync(path, { read: true });
  } catch (cause) {
    throw new NotOpened(path, cause);
  }
}

function identityOf(info: Deno.FileInfo): FileIdentity {
  return {
    inode: info.ino ?? 0,
    sizeBytes: info.size,
    modifiedMs: info.mtime?.getTime() ?? 0,
  };
}

function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

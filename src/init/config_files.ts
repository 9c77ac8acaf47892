/**
 * Reads and replaces configuration files of other programs. A file is replaced at once or not at all, keeps its mode and
 * owner, and is found through symbolic links. Data of the orchestrator is none of its business.
 */

import { dirname } from "node:path";
import { Unavailable } from "../app/ports.ts";

/** Largest file that is read, in bytes. */
const MAX_FILE_BYTES = 16 * 1024 * 1024;

/** The end of the name under which a new content is written, before it takes the place of the file. */
export const NEW_FILE_SUFFIX = ".orchestrator-new";

/** For this user only. */
export const PRIVATE_MODE = 0o600;
export const PRIVATE_DIRECTORY_MODE = 0o700;

/** Most tries to change a file that another process changes at the same time, and the pause between two, in ms. */
const MAX_TRIES = 250;
const PAUSE_MS = 20;

const NEVER_WRITTEN = new Int32Array(new SharedArrayBuffer(4));

/** A file is a symbolic link whose target does not exist. */
export class DanglingLink extends Unavailable {}

export interface ConfigFiles {
  exists(path: string): boolean;
  /**
   * The path with symbolic links followed; of a missing file, its own.
   *
   * @throws DanglingLink
   */
  realPath(path: string): string;
  /** The text; undefined if there is no file. */
  read(path: string): string | undefined;
  /** @param mode of a file that does not exist yet. Default: as the user's other new files */
  replace(path: string, text: string, mode?: number): void;
  /**
   * Replaces a file by what `change` makes of it, or removes it where that is undefined. Of several processes that do so at
   * once, each sees what those before it have made.
   */
  update(path: string, change: (text: string | undefined) => string | undefined, mode: number): void;
  /** The directories that are missing for one to be there, the outermost first. */
  missingDirectories(path: string): readonly string[];
  /** Makes a directory with all above it. */
  makeDirectory(path: string, mode?: number): void;
  removeFile(path: string): void;
  /** Removes a directory unless something is in it. */
  removeEmptyDirectory(path: string): void;
}

/** The files of this machine, through `Deno`. */
export const realConfigFiles: ConfigFiles = {
  exists: (path) => statOf(path) !== undefined,

  realPath(path) {
    const link = unlessMissing(() => Deno.lstatSync(path))?.isSymlink;
    if (link === true && statOf(path) === undefined) {
      const target = Deno.readLinkSync(path);
      throw new DanglingLink(
        "storage_failed",
        `it is a symbolic link to ${target}, which does not exist: remove the link`,
      );
    }
    return unlessMissing(() => Deno.realPathSync(path)) ?? path;
  },

  read(path) {
    const info = statOf(path);
    if (info === undefined) return undefined;
    if (!info.isFile) throw refused(path, "it is no file", "remove what is there");
    if (info.size > MAX_FILE_BYTES) {
      throw refused(path, `it has ${info.size} bytes, more than ${MAX_FILE_BYTES}`, "edit it by hand");
    }
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Deno.readFileSync(path));
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      throw refused(path, "it is not in UTF-8", "store it in that encoding");
    }
  },

  replace(path, text, mode) {
    const former = statOf(path);
    // A file that may not be written to is not replaced either.
    if (former !== undefined) Deno.openSync(path, { write: true }).close();
    const fresh = path + NEW_FILE_SUFFIX;
    removeAbandoned(fresh, path);
    // Private until it has the mode of the one that it replaces.
    using file = openNew(fresh, path, former === undefined ? mode : PRIVATE_MODE);
    try {
      writeWhole(file, text);
      if (former !== undefined) keepOwner(fresh, former);
      Deno.renameSync(fresh, path);
    } catch (error) {
      unlessMissing(() => Deno.removeSync(fresh));
      throw error;
    }
  },

  update(path, change, mode) {
    for (let tries = 1;; tries++) {
      try {
        return updateOnce(path, change, mode);
      } catch (error) {
        if (!(error instanceof BeingChanged) || tries === MAX_TRIES) throw error;
        // Nothing else is to be done meanwhile.
        Atomics.wait(NEVER_WRITTEN, 0, 0, PAUSE_MS);
      }
    }
  },

  missingDirectories(path) {
    const missing: string[] = [];
    // A directory that may not be looked at is none of those that init makes.
    for (let each = path; isPermitted(each, "read") && statOf(each) === undefined; each = dirname(each)) {
      missing.unshift(each);
    }
    return missing;
  },

  makeDirectory(path, mode) {
    if (realConfigFiles.missingDirectories(path).length === 0) return;
    Deno.mkdirSync(path, { recursive: true, ...(mode !== undefined && { mode }) });
  },

  removeFile: (path) => void unlessMissing(() => Deno.removeSync(path)),

  removeEmptyDirectory(path) {
    const entries = unlessMissing(() => Array.from(Deno.readDirSync(path)));
    if (entries?.length === 0) Deno.removeSync(path);
  },
};

/** Whether Deno permits to read a path, or to write to it. */
export function isPermitted(path: string, name: "read" | "write"): boolean {
  return Deno.permissions.querySync({ name, path }).state === "granted";
}

/** Removes a new file that an interrupted run has left; one that is being written is locked. A link is not followed. */
function removeAbandoned(fresh: string, path: string): void {
  const left = unlessMissing(() => Deno.lstatSync(fresh));
  if (left === undefined) return;
  if (left.isFile) {
    using file = unlessMissing(() => Deno.openSync(fresh, { write: true }));
    // Whoever wrote it may have put it in its place meanwhile, and another one begun.
    if (file !== undefined && !(file.tryLockSync(true) && isAt(fresh, file))) throw beingChanged(path);
  }
  unlessMissing(() => Deno.removeSync(fresh));
}

/** Changes a file while its new content is locked, so that nobody else changes it. */
function updateOnce(path: string, change: Parameters<ConfigFiles["update"]>[1], mode: number): void {
  const fresh = path + NEW_FILE_SUFFIX;
  removeAbandoned(fresh, path);
  using file = openNew(fresh, path, mode);
  try {
    const text = change(realConfigFiles.read(path));
    if (text === undefined) {
      realConfigFiles.removeFile(path);
      Deno.removeSync(fresh);
      return;
    }
    writeWhole(file, text);
    Deno.renameSync(fresh, path);
  } catch (error) {
    unlessMissing(() => Deno.removeSync(fresh));
    throw error;
  }
}

function openNew(fresh: string, path: string, mode: number | undefined): Deno.FsFile {
  try {
    const file = Deno.openSync(fresh, { write: true, createNew: true, ...(mode !== undefined && { mode }) });
    if (file.tryLockSync(true) && isAt(fresh, file)) return file;
    file.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  throw beingChanged(path);
}

/** Whether a path leads to this file, and not to another one or none. */
function isAt(path: string, file: Deno.FsFile): boolean {
  return unlessMissing(() => Deno.lstatSync(path))?.ino === file.statSync().ino;
}

function writeWhole(file: Deno.FsFile, text: string): void {
  const bytes = new TextEncoder().encode(text);
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
  file.syncSync();
}

class BeingChanged extends Unavailable {}

function beingChanged(path: string): Unavailable {
  return new BeingChanged(
    "storage_failed",
    `Cannot change ${path} as another init changes it at the same time: wait until that has ended, then start init again`,
  );
}

/** Gives a new file the mode and the owner of the one that it replaces. */
function keepOwner(path: string, { mode, uid, gid }: Deno.FileInfo): void {
  const made = Deno.statSync(path);
  if (uid !== null && (uid !== made.uid || gid !== made.gid)) Deno.chownSync(path, uid, gid);
  // Last, as a change of the owner clears bits of the mode.
  if (mode !== null && Deno.build.os !== "windows") Deno.chmodSync(path, mode & 0o7777);
}

function refused(path: string, why: string, remedy: string): Unavailable {
  return new Unavailable(
    "storage_failed",
    `Cannot change ${path} as ${why}: ${remedy}, or name other clients with --client`,
  );
}

function statOf(path: string): Deno.FileInfo | undefined {
  return unlessMissing(() => Deno.statSync(path));
}

function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

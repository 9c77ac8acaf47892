/**
 * Looks at a data directory for `doctor`: who uses it, and how it is kept. Writes nothing, and holds a lock only for the
 * moment of a try.
 */

import { type Disk, type DiskFile, modeOf } from "./disk.ts";
import { DELIVERIES, leadsIn } from "./delivery_files.ts";
import { type FileSystem, fileSystemOf } from "./file_system.ts";
import { isStopped, type LockHolders, readLockHolders } from "./lock_holders.ts";
import { segmentName, segmentNumbers } from "./segments.ts";
import { findSessions, type FoundSession, SESSIONS } from "./session_files.ts";
import { readStateFile } from "./state_file.ts";

/** Most sessions that are looked at: more than any machine serves. */
const MAX_SESSIONS = 10_000;

/** The data directory and its folders. */
const PLACES = ["", "/journal", "/index", `/${SESSIONS}`, `/${DELIVERIES}`];

/** Most files below the data directory that are looked at. */
const MAX_FILES = 100_000;

/** How often to try a lock, and the pause between two tries, in milliseconds: a healthy holder keeps it for less than one. */
const LOCK_TRIES = 30;
const LOCK_PAUSE_MS = 10;

/** Mode bits: of a directory, by which its group and others may enter it; of a file, by which they may read it. */
const GROUP_ENTERS = 0o010;
const OTHERS_ENTER = 0o001;
const GROUP_READS = 0o040;
const OTHERS_READ = 0o004;

/** Of a directory: its group may write, so it is shared on purpose. */
const GROUP_WRITES = 0o020;

/** The bits that say what a path leads to, and those of a regular file. */
const FILE_TYPE = 0o170000;
const REGULAR_FILE = 0o100000;

export interface Inspection {
  readonly sessions: readonly InspectedSession[];
  readonly lock: LockState;
  /** Who leads each delivery for which there is a lock file, by its name. */
  readonly leads: ReadonlyMap<string, LockState>;
  /** Undefined if the permission to ask is missing. */
  readonly fileSystem: FileSystem | undefined;
  readonly sizeBytes: number;
  /** Files that others on this machine may read, and their modes. */
  readonly exposed: readonly { readonly path: string; readonly mode: number }[];
  /** What earlier repairs and imports have put aside. */
  readonly setAside: readonly string[];
  readonly checkpoint: "usable" | "none" | "newer" | "damaged";
  /** A segment that is missing before the last one. */
  readonly missingSegment?: string;
  /** Whether the system tells who holds locks. */
  readonly knowsHolders: boolean;
}

export interface InspectedSession extends FoundSession {
  /** The process that holds the lock, as the system tells; else as it tells itself. */
  readonly pid?: number;
  /** Undefined if the system does not tell. */
  readonly isStopped?: boolean;
}

/** `pid` and `isStopped` of the holder are absent if the system does not tell. */
export type LockState =
  | { readonly isHeld: false }
  | { readonly isHeld: true; readonly pid?: number; readonly isStopped?: boolean };

/** Looks at a data directory. */
export async function inspect(disk: Disk, directory: string): Promise<Inspection> {
  const holders = readLockHolders(disk);
  const files = filesBelow(disk, directory);
  const numbers = segmentNumbers(disk, `${directory}/journal`);
  const missing = numbers.findIndex((number, index) => number !== index + 1);
  return {
    sessions: findSessions(disk, directory, MAX_SESSIONS).map((each) => inspectSession(disk, directory, each, holders)),
    lock: await inspectLock(disk, `${directory}/lock`, LOCK_TRIES),
    leads: await inspectLeads(disk, directory),
    fileSystem: fileSystemOf(directory),
    sizeBytes: files.reduce((sum, path) => sum + (disk.identity(path)?.sizeBytes ?? 0), 0),
    exposed: exposedOf(directory, files),
    setAside: disk.list(directory).filter((name) => name.includes(".set-aside-") || name.startsWith("repaired-")),
    checkpoint: CHECKPOINTS[readStateFile(disk, directory).type],
    ...(missing >= 0 && { missingSegment: `${directory}/journal/${segmentName(missing + 1)}` }),
    knowsHolders: holders !== undefined,
  };
}

const CHECKPOINTS = { none: "none", known: "usable", newer: "newer", damaged: "damaged" } as const;

function inspectSession(
  disk: Disk,
  directory: string,
  session: FoundSession,
  holders: LockHolders | undefined,
): InspectedSession {
  const holder = holders?.get(disk.identity(`${directory}/${SESSIONS}/${session.id}`)?.inode ?? -1);
  const pid = holder ?? session.about?.pid;
  // The number that a process tells may be that of another one, in another container.
  const stopped = holder === undefined ? undefined : isStopped(disk, holder);
  return { ...session, ...(pid !== undefined && { pid }), ...(stopped !== undefined && { isStopped: stopped }) };
}

/** Tries the lock of each delivery once: a process that leads keeps it. */
async function inspectLeads(disk: Disk, directory: string): Promise<ReadonlyMap<string, LockState>> {
  const leads = new Map<string, LockState>();
  for (const { name, path } of leadsIn(disk, directory)) leads.set(name, await inspectLock(disk, path, 1));
  return leads;
}

/** Tries a lock, at most so many times, and releases it at once. One without a file is free. */
async function inspectLock(disk: Disk, path: string, most: number): Promise<LockState> {
  const file = openIfThere(disk, path);
  if (file === undefined) return { isHeld: false };
  try {
    for (let tries = 0; tries < most; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, LOCK_PAUSE_MS));
      if (!file.tryLock()) continue;
      file.unlock();
      return { isHeld: false };
    }
    const pid = readLockHolders(disk)?.get(file.identity().inode);
    const stopped = pid === undefined ? undefined : isStopped(disk, pid);
    return { isHeld: true, ...(pid !== undefined && { pid }), ...(stopped !== undefined && { isStopped: stopped }) };
  } finally {
    file.close();
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

/** The files in a data directory and its folders, at most `MAX_FILES`. What is no directory lists nothing. */
function filesBelow(disk: Disk, directory: string): readonly string[] {
  const found: string[] = [];
  for (const place of PLACES) {
    for (const name of disk.list(directory + place)) {
      if (found.length === MAX_FILES) return found;
      found.push(`${directory}${place}/${name}`);
    }
  }
  return found;
}

/**
 * Which of these files others may read. Nobody else gets into a directory that is closed to them, so nothing in it is
 * exposed. What begins with a dot is not ours.
 */
function exposedOf(directory: string, files: readonly string[]): Inspection["exposed"] {
  const inDirectory = readersOf(modeOf(directory) ?? 0);
  if (inDirectory === 0) return [];
  const readers = new Map(
    PLACES.map((place) => [directory + place, inDirectory & readersOf(modeOf(directory + place) ?? 0)]),
  );
  return files.flatMap((path) => {
    const end = path.lastIndexOf("/");
    const mode = path[end + 1] === "." ? 0 : modeOf(path) ?? 0;
    const isExposed = (mode & FILE_TYPE) === REGULAR_FILE && (mode & (readers.get(path.slice(0, end)) ?? 0)) !== 0;
    return isExposed ? [{ path, mode: mode & 0o777 }] : [];
  });
}

/** By which bits of its files others may read in a directory of this mode. */
function readersOf(mode: number): number {
  const isShared = (mode & GROUP_WRITES) !== 0;
  return ((mode & OTHERS_ENTER) === 0 ? 0 : OTHERS_READ) | ((mode & GROUP_ENTERS) === 0 || isShared ? 0 : GROUP_READS);
}

/**
 * Renames files of a data directory to names that say why and when they were set aside. Never overwrites a file; only the
 * oldest copies beyond `MAX_SET_ASIDE` are removed.
 */

import type { Disk } from "./disk.ts";

/**
 * Most copies kept of one file. A copy may hold edits by a person, so the oldest is removed only when there are this many
 * newer ones, and the log names it.
 */
export const MAX_SET_ASIDE = 10;

/** A file that was set aside. */
export interface SetAside {
  readonly path: string;
  /** Older copies that were removed. */
  readonly removed: readonly string[];
}

/** Renames `NAME`, if it is there, to `NAME.set-aside-TIME`. `now` is in milliseconds since the Unix epoch. */
export function setAside(disk: Disk, path: string, now: number): SetAside | undefined {
  if (disk.identity(path) === undefined) return undefined;
  const { directory, name } = split(path);
  const copies = disk.list(directory).filter((each) => each.startsWith(`${name}.set-aside-`)).sort();
  const removed = copies.slice(0, Math.max(0, copies.length + 1 - MAX_SET_ASIDE)).map((each) => `${directory}/${each}`);
  const aside = freeName(disk, `${path}.set-aside-${timeInName(now)}`);
  // Removes without a delete operation: each rename replaces the file that had the new name.
  for (const old of removed) disk.rename(old, aside);
  disk.rename(path, aside);
  return { path: aside, removed };
}

/** Renames a file, if it is there, to `NAME.imported-TIME`, once its tasks are in the journal. */
export function keepImported(disk: Disk, path: string, now: number): void {
  if (disk.identity(path) !== undefined) disk.rename(path, freeName(disk, `${path}.imported-${timeInName(now)}`));
}

/** The path, or, if it is taken, the first free one of `PATH-2`, `PATH-3` and so on. */
export function freeName(disk: Disk, path: string): string {
  const { directory, name } = split(path);
  const taken = new Set(disk.list(directory));
  let free = name;
  // Ends: each round finds another file of the directory.
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  return `${directory}/${free}`;
}

/** A time in milliseconds since the Unix epoch, as text that is valid in file names on every system. */
export function timeInName(now: number): string {
  return new Date(now).toISOString().replaceAll(/[:.]/g, "-");
}

function split(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

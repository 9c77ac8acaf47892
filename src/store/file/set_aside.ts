/**
 * Gets files of a data directory out of the way under names that say why and when. Never overwrites a file: only the
 * oldest copies beyond the bound are removed.
 */

import type { Disk } from "./disk.ts";

/**
 * Most copies of one file that are kept. A copy can hold what a person wrote into `tasks.json` and nobody has read
 * yet, so one is removed only when this many newer ones are there, and the log names it.
 */
export const MAX_SET_ASIDE = 10;

/** A file that was set aside. */
export interface SetAside {
  readonly path: string;
  /** Older copies that had to go for it. */
  readonly removed: readonly string[];
}

/** Renames `NAME`, if it is there, to `NAME.set-aside-TIME`. `now` is in milliseconds since the Unix epoch. */
export function setAside(disk: Disk, path: string, now: number): SetAside | undefined {
  if (disk.identity(path) === undefined) return undefined;
  const { directory, name } = split(path);
  const copies = disk.list(directory).filter((each) => each.startsWith(`${name}.set-aside-`)).sort();
  const removed = copies.slice(0, Math.max(0, copies.length + 1 - MAX_SET_ASIDE)).map((each) => `${directory}/${each}`);
  const aside = freeName(disk, `${path}.set-aside-${timeInName(now)}`);
  // A rename replaces what had the name: so each of the oldest copies goes, and the new one takes the place of the last.
  for (const old of removed) disk.rename(old, aside);
  disk.rename(path, aside);
  return { path: aside, removed };
}

/** Renames a file, if it is there, to `NAME.imported-TIME`, as its tasks are in the journal now. */
export function keepImported(disk: Disk, path: string, now: number): void {
  if (disk.identity(path) !== undefined) disk.rename(path, freeName(disk, `${path}.imported-${timeInName(now)}`));
}

/** The path itself, or where there is a file `PATH-2`, `PATH-3` and so on. */
export function freeName(disk: Disk, path: string): string {
  const { directory, name } = split(path);
  const taken = new Set(disk.list(directory));
  let free = name;
  // Ends: each round that goes on has found another of the directory's files.
  for (let number = 2; taken.has(free); number++) free = `${name}-${number}`;
  return `${directory}/${free}`;
}

/** A time in milliseconds since the Unix epoch, as file names of every system can have it. */
export function timeInName(now: number): string {
  return new Date(now).toISOString().replaceAll(/[:.]/g, "-");
}

function split(path: string): { readonly directory: string; readonly name: string } {
  const slash = path.lastIndexOf("/");
  return { directory: path.slice(0, slash), name: path.slice(slash + 1) };
}

/**
 * Finds out which process holds an flock, and whether a process is stopped, from what Linux tells in `/proc`. Deno lets
 * only programs with all permissions read there; elsewhere, and on other systems, nothing is known.
 */

import type { Disk } from "./disk.ts";

/** The process that holds each flock, by the inode of its file. Names of devices differ on some file systems. */
export type LockHolders = ReadonlyMap<number, number>;

/** Undefined if the system does not tell. */
export function readLockHolders(disk: Disk): LockHolders | undefined {
  const text = readProc(disk, "/proc/locks");
  if (text === undefined) return undefined;
  // "1: FLOCK  ADVISORY  WRITE 4711 fe:00:16042814 0 EOF"; one who waits has "->" behind the number.
  const lines = text.matchAll(/^\d+: FLOCK +\S+ +\S+ +(\d+) +[\da-f]+:[\da-f]+:(\d+) /gm);
  return new Map(Array.from(lines, ([, pid, inode]) => [Number(inode), Number(pid)]));
}

/** Whether a process is stopped (by a signal, or a debugger); undefined if the system does not tell. */
export function isStopped(disk: Disk, pid: number): boolean | undefined {
  const text = readProc(disk, `/proc/${pid}/stat`);
  // The name in parentheses may hold anything; the state comes after the last one.
  const [, state] = /.*\) (\S)/s.exec(text ?? "") ?? [];
  return state === undefined ? undefined : state === "T" || state === "t";
}

function readProc(disk: Disk, path: string): string | undefined {
  try {
    const bytes = disk.readFile(path);
    return bytes && new TextDecoder().decode(bytes);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable || error instanceof Deno.errors.PermissionDenied) return undefined;
    throw error;
  }
}

/**
 * Finds out about the file system of a directory: whether it is a network one, where locks and syncs cannot be relied on,
 * and how much room it has.
 */

import process from "node:process";
import type { Log } from "../../app/ports.ts";

/** Magic numbers of `statfs(2)`. */
const REMOTE: Readonly<Record<number, string>> = {
  0x6969: "NFS",
  0x517b: "SMB",
  0xff534d42: "CIFS",
  0xfe534d42: "SMB2",
  0x01021997: "9P",
  0x00c36400: "Ceph",
  0x65735546: "FUSE",
};

export interface FileSystem {
  /** The name of a network file system; absent if it is none that is known. */
  readonly remote?: string;
  /** What this user may still write. */
  readonly freeBytes: number;
}

/** The file system of a directory; undefined without the permission `sys=statfs`. */
export function fileSystemOf(directory: string): FileSystem | undefined {
  if (Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return undefined;
  const { type, bavail, bsize } = process.getBuiltinModule("node:fs").statfsSync(directory);
  const remote = REMOTE[type];
  return { freeBytes: bavail * bsize, ...(remote !== undefined && { remote }) };
}

/** Warns if a directory is on a network file system. Does nothing without the permission `sys=statfs`. */
export function warnIfRemote(directory: string, log: Log): void {
  const remote = fileSystemOf(directory)?.remote;
  if (remote === undefined) return;
  log.warn(
    `${directory} is on ${remote}: locks and syncs of network file systems cannot be relied on, tasks may be lost ` +
      "or given out twice; use a local directory",
  );
}

/**
 * Finds out about the file system of a directory: whether it is a network one, where locks and syncs cannot be relied on,
 * and how much room it has.
 */

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
  // deno-lint-ignore no-process-global -- an import of node:process would load it at each start.
  const { type, bavail, bsize } = process.getBuiltinModule("node:fs").statfsSync(directory);
  const remote = REMOTE[type];
  return { freeBytes: bavail * bsize, ...(remote !== undefined && { remote }) };
}

/** How long after a start the file system is looked at, in milliseconds: the first look loads `node:fs`. */
const LOOK_AFTER_MS = 1_000;

/** Warns if a directory is on a network file system: soon, so that no client waits for it, at the latest when it is closed. */
export function warnSoonIfRemote(directory: string, log: Log): Disposable {
  let isDone = false;
  const look = () => {
    if (isDone) return;
    isDone = true;
    clearTimeout(timer);
    warnIfRemote(directory, log);
  };
  const timer = setTimeout(look, LOOK_AFTER_MS);
  return { [Symbol.dispose]: look };
}

/** Does nothing without the permission `sys=statfs`. */
function warnIfRemote(directory: string, log: Log): void {
  let remote: string | undefined;
  try {
    remote = fileSystemOf(directory)?.remote;
  } catch (error) {
    // As when somebody has removed the directory since the start, which calls report.
    log.warn(`Cannot find out on which file system ${directory} is: ${error}`);
  }
  if (remote === undefined) return;
  log.warn(
    `${directory} is on ${remote}: locks and syncs of network file systems cannot be relied on, tasks may be lost ` +
      "or given out twice; use a local directory",
  );
}

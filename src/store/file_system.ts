/**
 * Which kind of file system a directory is on. Locks and syncs mean nothing dependable on network file systems.
 */

import process from "node:process";

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

/** The name of the network file system that holds the path; undefined if it is a local one or cannot be told. */
export function remoteFileSystem(path: string): string | undefined {
  if (Deno.permissions.querySync({ name: "sys", kind: "statfs" }).state !== "granted") return undefined;
  return REMOTE[process.getBuiltinModule("node:fs").statfsSync(path).type];
}

/** Writes whole files, durably, without keeping the event loop waiting. */

import { type Disk, type FileIdentity, writeAll } from "./disk.ts";
import { nextTurn } from "./turn.ts";

/**
 * Makes or replaces a file, durably but not atomically. Lets the event loop turn between chunks. If it fails, the file
 * is left empty.
 */
export async function writeDurably(disk: Disk, path: string, chunks: Iterable<Uint8Array>): Promise<FileIdentity> {
  const file = disk.open(path, "replace");
  try {
    for (const chunk of chunks) {
      writeAll(file, chunk);
      await nextTurn();
    }
    await file.sync();
    return file.identity();
  } catch (error) {
    // The room that a half-written file takes may be what the journal lacks.
    file.truncate(0);
    throw error;
  } finally {
    file.close();
  }
}

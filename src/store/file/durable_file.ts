/** Writes whole files durably, without blocking the event loop for long. */

import { type Disk, type FileIdentity, writeAll } from "./disk.ts";
import { nextTurn } from "./turn.ts";

/**
 * Makes or replaces a file, durably but not atomically. Yields to the event loop between chunks. If it fails, the file is
 * left empty.
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
    // Frees the space of the half-written file: the journal may need it.
    file.truncate(0);
    throw error;
  } finally {
    file.close();
  }
}

/** Slices of text in UTF-8. */
export function* encoded(slices: Iterable<string>): Iterable<Uint8Array> {
  for (const slice of slices) yield new TextEncoder().encode(slice);
}

/** Finds the record of a position in a journal, also after its line has moved in its segment. Changes nothing. */

import { LEADING_SEQ_BYTES, leadingSeq, TRAILING_HASH_BYTES, trailingHash } from "./codec.ts";
import type { Disk } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import { LATIN_1, LINE_FEED, readChunk, segmentName, startOfSegment } from "./segments.ts";

/**
 * Looks up a position in the journal: `held` if its record is there, `other` if another record is in its place, `missing`
 * if the journal can be read only up to an earlier record, `seq`. Reads the position's segment from its start. Of a record
 * that has moved in its segment, `position` is where it is now.
 */
export function findPosition(
  disk: Disk,
  directory: string,
  position: FilePosition,
): { readonly found: "held" | "other" | "missing"; readonly seq: number; readonly position?: FilePosition } {
  const path = `${directory}/${segmentName(position.segment)}`;
  const start = startOfSegment(disk, directory, position.segment);
  if (start === undefined || disk.identity(path) === undefined) return { found: "missing", seq: start?.seq ?? 0 };
  const file = disk.open(path, "read");
  try {
    const end = Math.min(position.offset, file.identity().sizeBytes);
    let chunk = readChunk(file, start, { end });
    while (!chunk.atEnd && chunk.rest.type === "none") chunk = readChunk(file, chunk.position, { end });
    const { seq, hash, offset } = chunk.position;
    if (seq === position.seq && hash === position.hash && offset === position.offset) return { found: "held", seq };
    const moved = relocate(disk, directory, position);
    if (moved === undefined || moved.offset === position.offset) {
      return { found: offset < position.offset ? "missing" : "other", seq };
    }
    return { ...findPosition(disk, directory, moved), position: moved };
  } finally {
    file.close();
  }
}

/**
 * The position of a record whose line has moved in its segment, as a line before it was redacted; undefined if the record
 * is not there. Reads the hashes as they stand in the lines.
 */
export function relocate(disk: Disk, directory: string, position: FilePosition): FilePosition | undefined {
  const bytes = disk.readFile(`${directory}/${segmentName(position.segment)}`);
  if (bytes === undefined || position.seq === 0) return undefined;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, start) + 1;
    if (end === 0) return undefined;
    const seq = leadingSeq(LATIN_1.decode(bytes.subarray(start, start + LEADING_SEQ_BYTES))) ?? 0;
    if (seq >= position.seq) {
      const tail = LATIN_1.decode(bytes.subarray(Math.max(start, end - TRAILING_HASH_BYTES), end));
      return seq === position.seq && trailingHash(tail) === position.hash ? { ...position, offset: end } : undefined;
    }
    start = end;
  }
  return undefined;
}

/** Finds the record of a position in a journal, also after its line has moved in its segment. Changes nothing. */

import { LEADING_SEQ_BYTES, leadingSeq, TRAILING_HASH_BYTES, trailingHash } from "./codec.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import { LATIN_1, LINE_FEED, positionBefore, readChunk, segmentName, startOfSegment } from "./segments.ts";

/** How many bytes before a position are read first. */
const NEAR_BYTES = 4 * 1024;

/**
 * Looks up a position in the journal: `held` if its record is there, `other` if another record is in its place, `missing`
 * if the journal can be read only up to an earlier record, `seq`. Reads the last records before the position: a hash covers
 * all records before it. If it is not there, reads its segment from the start. Of a record that has moved in its segment,
 * `position` is where it is now.
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
    const near = positionBefore(disk, directory, { segment: position.segment, offset: end, bytes: NEAR_BYTES }) ??
      start;
    if (isSame(readTo(file, near, end), position)) return { found: "held", seq: position.seq };
    const last = readTo(file, start, end);
    const { seq, offset } = last;
    if (isSame(last, position)) return { found: "held", seq };
    const moved = relocate(disk, directory, position);
    if (moved === undefined || moved.offset === position.offset) {
      return { found: offset < position.offset ? "missing" : "other", seq };
    }
    return { ...findPosition(disk, directory, moved), position: moved };
  } finally {
    file.close();
  }
}

/** The end of the last record that can be read from a position on, up to an offset. */
function readTo(file: DiskFile, start: FilePosition, end: number): FilePosition {
  let chunk = readChunk(file, start, { end });
  while (!chunk.atEnd && chunk.rest.type === "none") chunk = readChunk(file, chunk.position, { end });
  return chunk.position;
}

function isSame(a: FilePosition, b: FilePosition): boolean {
  return a.seq === b.seq && a.hash === b.hash && a.offset === b.offset;
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

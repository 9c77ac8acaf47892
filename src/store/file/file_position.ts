/** Positions of the file store, and the tokens in which the journal's users keep them. */

import type { Chunk, Position } from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";

/** Where a record ends. */
export interface FilePosition {
  /** Sequence number of the record; 0 before the first. */
  readonly seq: number;
  /** Hash of the record, over all before it. */
  readonly hash: string;
  /** Number of the segment that holds it. */
  readonly segment: number;
  /** Byte offset of its end in that segment. */
  readonly offset: number;
}

/** The position as the journal's users get it. Its token is `SEGMENT:OFFSET:HASH`. */
export function toPosition({ seq, hash, segment, offset }: FilePosition): Position {
  return { seq, token: `${segment}:${offset}:${hash}` };
}

/** The position that `toPosition` was given. */
export function fromPosition({ seq, token }: Position): FilePosition {
  const afterSegment = token.indexOf(":");
  const afterOffset = token.indexOf(":", afterSegment + 1);
  return {
    seq,
    hash: token.slice(afterOffset + 1),
    segment: Number(token.slice(0, afterSegment)),
    offset: Number(token.slice(afterSegment + 1, afterOffset)),
  };
}

/** Records and the end of the last of them, as the journal's users get them. */
export function toChunk(
  { records, position }: { readonly records: readonly JournalRecord[]; readonly position: FilePosition },
): Chunk {
  return { records, position: toPosition(position) };
}

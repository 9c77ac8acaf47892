/**
 * Reads one segment of a journal: a file with one record a line. Every record read is checked against the hash chain.
 * Never writes. `SegmentFiles` walks from one segment to the next.
 */

import type { JournalRecord } from "../../core/messages/events.ts";
import {
  decodeRecord,
  GENESIS_HASH,
  LEADING_SEQ_BYTES,
  leadingSeq,
  leadingVersion,
  type LineFault,
  TRAILING_HASH_BYTES,
  trailingHash,
} from "./codec.ts";
import type { Disk, DiskFile } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import type { Redacted } from "./redacted_line.ts";

/** A segment of this size is followed by the next one. Part of the format. */
export const SEGMENT_BYTES = 4 * 1024 * 1024;

/** The byte that ends a record. */
export const LINE_FEED = 10;

/** Bytes read at once; more if a single record is longer. */
export const CHUNK_BYTES = 256 * 1024;

/** The position before the first record. */
export const ORIGIN: FilePosition = { seq: 0, hash: GENESIS_HASH, segment: 1, offset: 0 };

/** What follows the last whole record of a chunk. */
export type Rest =
  /** Nothing, or more to read. */
  | { readonly type: "none" }
  /** An incomplete or invalid last line, with no record after it: torn by a crash, or being written. */
  | { readonly type: "torn"; readonly bytes: number }
  /** An invalid line that no crash can cause. */
  | { readonly type: "fault"; readonly why: string; readonly isNewer: boolean };

export interface SegmentChunk {
  readonly records: readonly JournalRecord[];
  /** Those of the records that were redacted. Absent if none was. */
  readonly redacted?: readonly RedactedPlace[];
  readonly position: FilePosition;
  /** Whether nothing is left to read. */
  readonly atEnd: boolean;
  readonly rest: Rest;
}

/** A redacted record, and where its line starts. */
export interface RedactedPlace extends Redacted {
  readonly record: number;
  readonly segment: number;
  readonly offset: number;
}

/** `0000000001.jsonl` for 1. */
export function segmentName(number: number): string {
  return `${String(number).padStart(10, "0")}.jsonl`;
}

/** Numbers of the segments in a directory, ascending. */
export function segmentNumbers(disk: Disk, directory: string): number[] {
  return disk.list(directory)
    .map((name) => /^(\d{10})\.jsonl$/.exec(name)?.[1])
    .filter((digits) => digits !== undefined)
    .map(Number)
    .sort((a, b) => a - b);
}

export interface ChunkBounds {
  /** Offset at which to stop. Default: the end of the segment. */
  readonly end?: number;
  /** About how many bytes to read. Default: `CHUNK_BYTES`; other values only in tests. */
  readonly chunkBytes?: number;
}

/** Reads whole records after a position in its segment: at least one, unless there is none before `end`. */
export function readChunk(
  file: DiskFile,
  after: FilePosition,
  { end = file.identity().sizeBytes, chunkBytes = CHUNK_BYTES }: ChunkBounds = {},
): SegmentChunk {
  for (let wanted = chunkBytes;; wanted *= 2) {
    const available = end - after.offset;
    if (available <= 0) return { records: [], position: after, atEnd: true, rest: { type: "none" } };
    const buffer = new Uint8Array(Math.min(wanted, available));
    const bytes = buffer.subarray(0, file.readAt(buffer, after.offset));
    const whole = bytes.lastIndexOf(LINE_FEED) + 1;
    // Fewer bytes than asked for: a torn tail was cut off meanwhile.
    const atEnd = bytes.length < buffer.length || bytes.length === available;
    if (whole === 0 && !atEnd) continue;
    const chunk = decodeLines(bytes, { after, whole, atEnd });
    // An invalid line is a torn tail or damage: that depends on everything after it, so read all of it.
    if (!atEnd && chunk.rest.type === "fault" && !chunk.rest.isNewer) continue;
    return chunk;
  }
}

/** The position before the first record of a segment; undefined if there is none, or none before it. */
export function startOfSegment(disk: Disk, directory: string, number: number): FilePosition | undefined {
  if (number === ORIGIN.segment) return ORIGIN;
  const { lastHash } = readEnds(disk, `${directory}/${segmentName(number - 1)}`);
  const { firstSeq } = readEnds(disk, `${directory}/${segmentName(number)}`);
  return lastHash === undefined || firstSeq === undefined
    ? undefined
    : { seq: firstSeq - 1, hash: lastHash, segment: number, offset: 0 };
}

/**
 * A position from which to read the records before an offset of a segment: the end of a record, about `bytes` before the
 * offset. The start of the segment if there is none, or if what is there is no record. Undefined as `startOfSegment`.
 */
export function positionBefore(
  disk: Disk,
  directory: string,
  { segment, offset, bytes }: { readonly segment: number; readonly offset: number; readonly bytes: number },
): FilePosition | undefined {
  const file = disk.open(`${directory}/${segmentName(segment)}`, "read");
  try {
    for (let wanted = bytes; wanted < offset; wanted *= 2) {
      const lineFeed = readAscii(file, offset - wanted, wanted - 1).indexOf("\n");
      if (lineFeed < 0) continue;
      const end = offset - wanted + lineFeed + 1;
      const around = readAscii(file, end - TRAILING_HASH_BYTES, TRAILING_HASH_BYTES + LEADING_SEQ_BYTES);
      const hash = trailingHash(around.slice(0, TRAILING_HASH_BYTES));
      const seq = leadingSeq(around.slice(TRAILING_HASH_BYTES));
      if (hash !== undefined && seq !== undefined) return { seq: seq - 1, hash, segment, offset: end };
      break;
    }
  } finally {
    file.close();
  }
  return startOfSegment(disk, directory, segment);
}

/** Whether the record that ends at a position has the position's hash. */
export function endsAt(file: DiskFile, { hash, offset }: FilePosition): boolean {
  if (offset === 0) return true;
  return trailingHash(readAscii(file, Math.max(0, offset - TRAILING_HASH_BYTES), TRAILING_HASH_BYTES)) === hash;
}

/** 1-based number of the line that starts at a byte offset. */
export function lineNumberAt(file: DiskFile, offset: number): number {
  const bytes = new Uint8Array(offset);
  file.readAt(bytes, 0);
  return bytes.reduce((lines, byte) => byte === LINE_FEED ? lines + 1 : lines, 1);
}

export interface SegmentEnds {
  /** 0 if there is no such file. */
  readonly sizeBytes: number;
  /** Seq of the first record; undefined if there is none. */
  readonly firstSeq?: number | undefined;
  /** Format version, seq and hash of the last record; undefined if the file does not end in a whole line. */
  readonly lastVersion?: number | undefined;
  readonly lastSeq?: number | undefined;
  readonly lastHash?: string | undefined;
}

/** Reads the first and the last record of a segment, without checking their hashes. */
export function readEnds(disk: Disk, path: string): SegmentEnds {
  const identity = disk.identity(path);
  if (identity === undefined) return { sizeBytes: 0 };
  const { sizeBytes } = identity;
  const file = disk.open(path, "read");
  try {
    const head = readAscii(file, 0, LEADING_SEQ_BYTES);
    const lastLine = readLastLine(file, sizeBytes);
    return {
      sizeBytes,
      firstSeq: leadingSeq(head),
      lastVersion: leadingVersion(lastLine),
      lastSeq: leadingSeq(lastLine),
      lastHash: trailingHash(lastLine),
    };
  } finally {
    file.close();
  }
}

/** The hash of the first record of a segment, not checked; undefined if there is none. */
export function readFirstHash(disk: Disk, path: string): string | undefined {
  const identity = disk.identity(path);
  if (identity === undefined) return undefined;
  const file = disk.open(path, "read");
  try {
    for (let wanted = LINE_BYTES;; wanted *= 2) {
      const text = readAscii(file, 0, Math.min(wanted, identity.sizeBytes));
      const end = text.indexOf("\n") + 1;
      if (end > 0) return trailingHash(text.slice(0, end));
      if (wanted >= identity.sizeBytes) return undefined;
    }
  } finally {
    file.close();
  }
}

/** The last line with its line feed; empty if it is not whole. Only its ASCII characters are right. */
function readLastLine(file: DiskFile, sizeBytes: number): string {
  for (let wanted = LINE_BYTES;; wanted *= 2) {
    const start = Math.max(0, sizeBytes - wanted);
    const text = readAscii(file, start, sizeBytes - start);
    if (!text.endsWith("\n")) return "";
    const lineFeed = text.lastIndexOf("\n", text.length - 2);
    if (lineFeed >= 0 || start === 0) return text.slice(lineFeed + 1);
  }
}

/** Bytes read first to find the first or the last line. */
const LINE_BYTES = 4 * 1024;

function readAscii(file: DiskFile, offset: number, bytes: number): string {
  const buffer = new Uint8Array(bytes);
  return LATIN_1.decode(buffer.subarray(0, file.readAt(buffer, offset)));
}

function decodeLines(
  bytes: Uint8Array,
  { after, whole, atEnd }: { after: FilePosition; whole: number; atEnd: boolean },
): SegmentChunk {
  const records: JournalRecord[] = [];
  const redacted: RedactedPlace[] = [];
  let { seq, hash, offset } = after;
  const found = () => ({ records, ...(redacted.length > 0 && { redacted }) });
  const position = () => ({ seq, hash, segment: after.segment, offset });
  let start = 0;
  for (const line of decodeText(bytes.subarray(0, whole))) {
    const decoded = decodeRecord(line.text, { seq: seq + 1, previous: hash });
    if ("type" in decoded) {
      const isLast = atEnd && !holdsRecord(bytes.subarray(start + line.bytes));
      return { ...found(), position: position(), atEnd, rest: faultOf(decoded, isLast, bytes.length - start) };
    }
    records.push(decoded.record);
    seq++;
    if (decoded.redacted !== undefined) {
      redacted.push({ ...decoded.redacted, record: seq, segment: after.segment, offset });
    }
    hash = decoded.hash;
    start += line.bytes;
    offset += line.bytes;
  }
  const torn = bytes.length - start;
  const rest: Rest = atEnd && torn > 0 ? { type: "torn", bytes: torn } : { type: "none" };
  return { ...found(), position: position(), atEnd, rest };
}

/** Whether some line looks like a record. A line feed alone proves nothing: a loss of power may leave any bytes. */
function holdsRecord(bytes: Uint8Array): boolean {
  return LATIN_1.decode(bytes).split("\n").some((line) => {
    return leadingSeq(line) !== undefined || trailingHash(`${line}\n`) !== undefined;
  });
}

/** Decodes any bytes without error, one character per byte. */
export const LATIN_1 = new TextDecoder("latin1");

function faultOf(fault: LineFault, isLast: boolean, bytes: number): Rest {
  return fault.type === "invalid" && isLast
    ? { type: "torn", bytes }
    : { type: "fault", why: fault.why, isNewer: fault.type === "unknown" };
}

/** Splits at line feeds. A line that is not UTF-8 becomes empty, so it is no record. */
function* decodeText(bytes: Uint8Array): Iterable<{ text: string; bytes: number }> {
  const whole = decodeUtf8(bytes);
  // As many characters as bytes: all ASCII, so text and bytes have the same offsets.
  const ascii = whole.length === bytes.length ? whole : undefined;
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(LINE_FEED, start) + 1;
    yield {
      text: ascii?.slice(start, end - 1) ?? decodeUtf8(bytes.subarray(start, end - 1)),
      bytes: end - start,
    };
    start = end;
  }
}

/** The text; empty if the bytes are not UTF-8. */
function decodeUtf8(bytes: Uint8Array): string {
  try {
    return UTF_8.decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return "";
    throw error;
  }
}

const UTF_8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

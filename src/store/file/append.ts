/**
 * Appends a batch of records to a segment with one write. If a write fails, its whole records stay, because readers may
 * have seen them; the rest is cut off.
 */

import type { Log } from "../../app/ports.ts";
import type { Draft } from "../../core/messages/events.ts";
import { MAX_RECORD_BYTES } from "../../core/model/limits.ts";
import { encodeRecord } from "./codec.ts";
import type { DiskFile } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import type { SegmentFiles } from "./segment_files.ts";

const SPACE = 32;

interface EncodedLine {
  readonly bytes: Uint8Array;
  /** The hash of its record. */
  readonly hash: string;
}

/** Records that follow a position. Each is encoded when it is added. */
export class RecordBatch {
  /** Where the first of them starts. */
  readonly start: FilePosition;
  readonly lines: EncodedLine[] = [];
  readonly #startsFormat: boolean;
  #sizeBytes = 0;

  /** @param startsFormat whether no record before `start` has the present format */
  constructor(start: FilePosition, startsFormat: boolean) {
    this.start = start;
    this.#startsFormat = startsFormat;
  }

  /** Size in bytes of all records together with one more. */
  sizeWith(draft: Draft): number {
    return this.#sizeBytes + this.#encode(draft).bytes.length;
  }

  /** Adds a record; returns the size of all records so far, in bytes. */
  add(draft: Draft): number {
    const line = this.#encode(draft);
    const { length } = line.bytes;
    // Cannot happen: core refuses larger records.
    if (length > MAX_RECORD_BYTES) throw new Error(`A record of ${length} bytes must not be written`);
    this.lines.push(line);
    return this.#sizeBytes += length;
  }

  #encode(draft: Draft): EncodedLine {
    const previous = this.lines.at(-1)?.hash ?? this.start.hash;
    const seq = this.start.seq + this.lines.length + 1;
    const isFirstOfFormat = this.#startsFormat && this.lines.length === 0;
    const { line, hash } = encodeRecord(draft, { seq, previous, isFirstOfFormat });
    return { bytes: new TextEncoder().encode(line), hash };
  }

  /** Size of all lines. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  /** All lines, one after the other. */
  get bytes(): Uint8Array {
    const all = new Uint8Array(this.#sizeBytes);
    let offset = 0;
    for (const { bytes } of this.lines) {
      all.set(bytes, offset);
      offset += bytes.length;
    }
    return all;
  }
}

/** The result of a write. */
export interface Written {
  /** Where the last whole record ends. */
  readonly position: FilePosition;
  /** Number of records that are whole in the file. */
  readonly appended: number;
  /** The error, if not all records were written. */
  readonly failure?: Error;
}

/** How many bytes can be appended to a segment, and the error for more; `Infinity` if all that were asked for fit. */
export interface Room {
  readonly sizeBytes: number;
  readonly failure?: Error;
}

/**
 * Tests by writing whether `sizeBytes` more bytes can be appended to a segment, then cuts them off. If the process dies in
 * between, they look like an unfinished last record, which the next writer cuts off.
 */
export function tryRoom(
  { segment, offset }: FilePosition,
  { sizeBytes, segments }: { readonly sizeBytes: number; readonly segments: SegmentFiles },
): Room {
  try {
    const file = segments.file(segment);
    const failure = write(file, new Uint8Array(sizeBytes).fill(SPACE));
    const taken = file.identity().sizeBytes - offset;
    if (taken > 0) file.truncate(offset);
    return failure === undefined ? { sizeBytes: Infinity } : { sizeBytes: taken, failure };
  } catch (error) {
    return { sizeBytes: 0, failure: toError(error) };
  }
}

/** Appends a batch to the segment of its start. */
export function appendBatch(
  batch: RecordBatch,
  { segments, log }: { readonly segments: SegmentFiles; readonly log: Log },
): Written {
  if (batch.lines.length === 0) return { position: batch.start, appended: 0 };
  let file: DiskFile;
  try {
    file = segments.file(batch.start.segment);
  } catch (error) {
    return { position: batch.start, appended: 0, failure: toError(error) };
  }
  const { bytes } = batch;
  const failure = write(file, bytes);
  if (failure === undefined) return wholeRecords(batch, batch.start.offset + bytes.length);
  const { sizeBytes } = file.identity();
  const written = wholeRecords(batch, sizeBytes);
  try {
    if (sizeBytes > written.position.offset) file.truncate(written.position.offset);
  } catch (error) {
    // The next writer finds the torn tail and cuts it off.
    log.warn(`Cannot cut a failed write off ${segments.path(batch.start.segment)}, the next write will: ${error}`);
  }
  return { ...written, failure };
}

/** Returns the error, or undefined if all bytes were written. */
function write(file: DiskFile, bytes: Uint8Array): Error | undefined {
  try {
    return file.write(bytes) === bytes.length ? undefined : new Error("the disk took only a part");
  } catch (error) {
    return toError(error);
  }
}

/** The records of a batch that end within the first `sizeBytes` of the segment. */
function wholeRecords({ start, lines }: RecordBatch, sizeBytes: number): Written {
  let position = start;
  let appended = 0;
  for (const { bytes, hash } of lines) {
    const offset = position.offset + bytes.length;
    if (offset > sizeBytes) break;
    position = { ...position, seq: position.seq + 1, hash, offset };
    appended++;
  }
  return { position, appended };
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

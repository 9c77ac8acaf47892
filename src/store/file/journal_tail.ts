/**
 * The end of a journal, where records are appended. Everything that changes it needs the write lock. Only an incomplete or
 * invalid last record is ever cut off: readers may have seen all others.
 */

import { AppendFailed, type Log, type Transaction, Unavailable } from "../../app/ports.ts";
import type { Draft } from "../../core/messages/events.ts";
import { appendBatch, RecordBatch, type Room, tryRoom, type Written } from "./append.ts";
import { TWO_STEP_VERSION } from "./codec.ts";
import { type Disk, writeFile } from "./disk.ts";
import type { Durability } from "./durability.ts";
import { type FilePosition, toChunk } from "./file_position.ts";
import type { SegmentFiles } from "./segment_files.ts";
import { LINE_FEED, readEnds } from "./segments.ts";
import { freeName } from "./set_aside.ts";

export interface JournalTailOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly log: Log;
  readonly segments: SegmentFiles;
  readonly durability: Durability;
  /** A segment of this size is followed by the next one. */
  readonly segmentBytes: number;
}

/** Records to append, and the room that the disk has for them. */
export interface Appending {
  readonly batch: RecordBatch;
  readonly room: Room;
}

export class JournalTail {
  readonly #options: JournalTailOptions;
  /** Whether the journal is known to have a record with a hash in two steps. */
  #hasFormat = false;
  /** Bytes that the last failed append could not write; 0 once there is room for them again. */
  #missingBytes = 0;

  constructor(options: JournalTailOptions) {
    this.#options = options;
  }

  /** Forgets what was known of a journal that has been replaced. */
  forget(): void {
    this.#hasFormat = false;
  }

  /**
   * Whether nothing follows a position: its segment was the last one, ends there, and is not full, so no next one has been
   * begun.
   */
  isAt(position: FilePosition): boolean {
    const { segments, segmentBytes } = this.#options;
    return position.offset < segmentBytes && segments.isLastEndingAt(position);
  }

  /** Reads to the end of the journal and cuts off a torn tail. Returns the end of the last record. */
  catchUp(after: FilePosition, follow: Transaction["follow"]): FilePosition {
    if (this.isAt(after)) return after;
    const { segments } = this.#options;
    let position = after;
    for (let from = after;;) {
      const chunk = segments.next(from);
      if (chunk.rest.type === "fault") throw segments.damaged(chunk.position, chunk.rest);
      from = chunk.position;
      if (chunk.records.length > 0) follow(toChunk(chunk));
      // Never a position in a segment without records: a loss of power may remove that segment.
      if (from.offset > 0) position = from;
      if (chunk.rest.type === "torn") this.#cutTorn(from, chunk.rest.bytes);
      if (chunk.atEnd) return position;
    }
  }

  /**
   * Begins to append after a position, the last of the journal.
   *
   * @throws AppendFailed if the last append failed and the disk still has no room
   */
  begin(position: FilePosition): Appending {
    const batch = new RecordBatch(this.#placeAfter(position), this.#startsFormat(position));
    return { batch, room: this.#findRoom(batch.start) };
  }

  /** The refusal of one more record for which the disk has no room; undefined if it has, as far as is known. */
  refuse(draft: Draft, { batch, room: { sizeBytes, failure } }: Appending): AppendFailed | undefined {
    if (failure === undefined || batch.sizeWith(draft) <= sizeBytes) return undefined;
    return this.failed(batch.start.segment, 0, failure);
  }

  /** Appends all records, or as many as the disk takes. They are not durable yet. */
  append({ batch }: Appending): Written {
    const written = appendBatch(batch, this.#options);
    this.#hasFormat ||= written.appended > 0;
    if (written.failure !== undefined) {
      this.#missingBytes = batch.start.offset + batch.sizeBytes - written.position.offset;
    }
    return written;
  }

  /** The error of an append to a segment of which `appended` records were kept. */
  failed(segment: number, appended: number, cause: unknown): AppendFailed {
    const path = this.#options.segments.path(segment);
    const why = cause instanceof Error ? cause.message : cause;
    const message =
      `Cannot write to ${path}: ${why}; nothing of this call was kept, make room on the disk and try again`;
    return new AppendFailed(appended, message, { cause });
  }

  /** Where to append after a position: in the next segment, if the current one is full. Syncs the full one first. */
  #placeAfter(position: FilePosition): FilePosition {
    const { segmentBytes, durability, segments } = this.#options;
    if (position.offset < segmentBytes) return position;
    durability.sync(position);
    const next = { ...position, segment: position.segment + 1, offset: 0 };
    try {
      segments.file(next.segment);
    } catch (error) {
      throw this.failed(next.segment, 0, error);
    }
    return next;
  }

  /** Whether the record before a position, the last of the journal, has an older format or does not exist. */
  #startsFormat({ seq, segment }: FilePosition): boolean {
    if (this.#hasFormat) return false;
    const { disk, segments } = this.#options;
    const { lastVersion = 0 } = seq === 0 ? {} : readEnds(disk, segments.path(segment));
    this.#hasFormat = lastVersion >= TWO_STEP_VERSION;
    return !this.#hasFormat;
  }

  /**
   * After a failed append, tests whether the disk has room for as many bytes, before anything is decided: if a record is
   * decided and cannot be appended, the engine must load its state again. Tests at most the size of one batch.
   */
  #findRoom(place: FilePosition): Room {
    if (this.#missingBytes === 0) return { sizeBytes: Infinity };
    const room = tryRoom(place, { sizeBytes: this.#missingBytes, segments: this.#options.segments });
    if (room.failure === undefined) this.#missingBytes = 0;
    else if (room.sizeBytes === 0) throw this.failed(place.segment, 0, room.failure);
    return room;
  }

  /** Cuts off an invalid last record. A copy is kept if it has a line feed, as it may be more than an unfinished write. */
  #cutTorn(position: FilePosition, bytes: number): void {
    const { directory, disk, log, segments } = this.#options;
    const path = segments.path(position.segment);
    const copy = freeName(disk, `${directory}/cut-${position.segment}-${position.offset}.jsonl`);
    const torn = new Uint8Array(bytes);
    const file = segments.file(position.segment);
    file.readAt(torn, position.offset);
    const isWhole = torn.includes(LINE_FEED);
    try {
      if (isWhole) {
        writeFile(disk, copy, torn);
        disk.syncDirectory(directory);
      }
      file.truncate(position.offset);
    } catch (cause) {
      const message =
        `Cannot cut an unfinished record off ${path}: ${cause}; nothing was changed, check the disk and ` +
        "try again";
      throw new Unavailable("storage_failed", message, { cause });
    }
    const what = isWhole ? "an invalid" : "an unfinished";
    log.warn(`Cut ${bytes} bytes of ${what} last record off ${path}${isWhole ? `, kept in ${copy}` : ""}`);
  }
}

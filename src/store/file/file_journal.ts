/**
 * The journal in a local directory that any number of processes share: segments to which records are appended, under one
 * write lock. A record that a reader has seen is never removed: after a failed write, its whole records stay, and only an
 * incomplete or invalid last record is ever cut off.
 */

import {
  AppendFailed,
  type Chunk,
  CommitUnknown,
  type Journal,
  type JournalIdentity,
  type Log,
  type Position,
  type Search,
  type Transaction,
  Unavailable,
} from "../../app/ports.ts";
import type { Draft, JournalRecord } from "../../core/messages/events.ts";
import { appendBatch, RecordBatch, type Room, tryRoom, type Written } from "./append.ts";
import { TWO_STEP_VERSION } from "./codec.ts";
import { CostMeter } from "./cost_meter.ts";
import { type Disk, writeFile } from "./disk.ts";
import { Durability } from "./durability.ts";
import { type FilePosition, fromPosition, toPosition } from "./file_position.ts";
import { IdentityReader } from "./identity.ts";
import { JournalSearch, READ_SLICE_MS } from "./journal_search.ts";
import { emptyAt, SegmentFiles } from "./segment_files.ts";
import { LINE_FEED, ORIGIN, readEnds, SEGMENT_BYTES, type SegmentChunk, startOfSegment } from "./segments.ts";
import { freeName } from "./set_aside.ts";
import { describeFailure, failureOf, withFailures } from "./system_errors.ts";
import { nextTurn } from "./turn.ts";
import { WriteLock } from "./write_lock.ts";

export interface FileJournalOptions {
  /** The data directory; made if missing. */
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** A segment of this size is followed by the next one. Default: `SEGMENT_BYTES`; other values only in tests. */
  readonly segmentBytes?: number;
  /** About how many bytes to read at once. Default: `CHUNK_BYTES`; other values only in tests. */
  readonly chunkBytes?: number;
  /** Longest wait for the write lock, in milliseconds. Default: `LOCK_WAIT_MS`. */
  readonly lockWaitMs?: number;
  /** Whether nothing may be written, indexes included. Default: false. */
  readonly isReadOnly?: boolean;
  /** Keeps other writers out. Default: a `WriteLock` on the file `lock`. */
  readonly lock?: Pick<WriteLock, "acquire" | "release" | "close">;
}

export class FileJournal implements Journal {
  readonly origin = toPosition(ORIGIN);
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #segmentBytes: number;
  readonly #segments: SegmentFiles;
  readonly #lock: NonNullable<FileJournalOptions["lock"]>;
  readonly #durability: Durability;
  readonly #search: JournalSearch;
  readonly #identity: IdentityReader;
  /** Settles when no index is being made. */
  #indexing: Promise<void> = Promise.resolve();
  /** Whether the journal is known to have a record with a hash in two steps. */
  #hasFormat = false;
  /** Bytes that the last failed append could not write; 0 once there is room for them again. */
  #missingBytes = 0;

  /**
   * Opens the journal of a data directory; makes the directory if it is missing.
   *
   * @throws Unavailable `journal_damaged` if a segment is missing, or the first or one of the last has lost its end
   */
  constructor(options: FileJournalOptions) {
    this.#directory = options.directory;
    this.#disk = options.disk;
    this.#now = options.now;
    this.#log = options.log;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#segments = new SegmentFiles({ ...options, onReplaced: () => this.#forget() });
    this.#identity = new IdentityReader(options.disk, options.directory);
    this.#durability = new Durability({ ...options, segments: this.#segments });
    this.#search = new JournalSearch({
      ...options,
      segments: this.#segments,
      seek: (seq) => this.#seek(seq),
      read: (position) => this.#readNext(position),
      isReadOnly: options.isReadOnly ?? false,
    });
    this.#segments.prepare();
    this.#lock = options.lock ?? new WriteLock(this.#disk, `${options.directory}/lock`, options.lockWaitMs);
  }

  /** The clock of this machine, which all processes with the same data directory share. */
  now(): number {
    return this.#now();
  }

  async transact(after: Position, { follow, decide, measure }: Transaction): Promise<Position> {
    // Records that may be in the journal if something else than the append fails.
    let uncertain = 0;
    const cost = new CostMeter();
    try {
      this.#durability.throwIfFailed();
      let position = await this.#approach(fromPosition(after), follow);
      cost.begin("lockWaitMs");
      await this.#lock.acquire();
      cost.begin("lockedMs");
      let written: Written;
      try {
        position = this.#catchUp(position, follow);
        const batch = new RecordBatch(this.#placeAfter(position), this.#startsFormat(position));
        const room = this.#findRoom(batch.start);
        decide(this.#now(), (draft) => batch.add(draft), (draft) => this.#noRoomFor(draft, batch, room));
        uncertain = batch.lines.length;
        written = appendBatch(batch, { segments: this.#segments, log: this.#log });
        this.#hasFormat ||= written.appended > 0;
        this.#noteRoom(batch, written);
        if (written.failure === undefined) cost.sizeBytes = batch.sizeBytes;
      } finally {
        // Released before the sync: the lock guards the order of records, not their durability.
        this.#lock.release();
        cost.begin("syncMs");
      }
      this.#makeDurable(written);
      if (written.appended > 0 && written.position.segment > position.segment) this.#indexLater(position.segment);
      // Never a position in a segment without records: a loss of power may remove that segment.
      if (written.failure === undefined) return toPosition(written.position.offset === 0 ? position : written.position);
      throw this.#appendFailed(written.position.segment, written.appended, written.failure);
    } catch (error) {
      throw this.#failureOf(error, uncertain);
    } finally {
      measure?.(cost.end());
    }
  }

  async *read(after: Position): AsyncIterable<Chunk> {
    try {
      for await (const chunk of this.#read(fromPosition(after))) yield toChunk(chunk);
    } catch (error) {
      throw failureOf(error, this.#directory);
    }
  }

  async *#read(after: FilePosition): AsyncIterable<Pick<SegmentChunk, "records" | "position">> {
    let position = after;
    for (let pausedAt = performance.now();;) {
      if (performance.now() - pausedAt > READ_SLICE_MS) {
        await nextTurn();
        pausedAt = performance.now();
      }
      const chunk = await this.#readNext(position);
      const hasMoved = chunk.position.offset !== position.offset && chunk.position.offset > 0;
      position = chunk.position;
      if (chunk.records.length > 0 || hasMoved) yield { records: chunk.records, position };
      if (chunk.atEnd) return;
    }
  }

  /** Reads the chunk after a position without the lock. Its records are durable then. */
  async #readNext(position: FilePosition): Promise<SegmentChunk> {
    this.#durability.throwIfFailed();
    let chunk = this.#isTail(position) ? emptyAt(position) : this.#segments.next(position);
    // Without the lock, a writer may be cutting off and rewriting this line just now.
    if (chunk.rest.type === "fault") chunk = await this.#nextLocked(position);
    if (chunk.rest.type === "fault") throw this.#segments.damaged(chunk.position, chunk.rest);
    this.#durability.sync(chunk.position);
    return chunk;
  }

  async *search(search: Search): AsyncIterable<readonly JournalRecord[]> {
    try {
      yield* this.#search.records(search);
    } catch (error) {
      throw failureOf(error, this.#directory);
    }
  }

  identity(): Promise<JournalIdentity | undefined> {
    return withFailures(this.#directory, () => this.#identity.read());
  }

  seek(seq: number): Promise<Position> {
    return withFailures(this.#directory, () => toPosition(this.#seek(seq)));
  }

  /** The start of the last segment whose first record is not after `seq`. */
  #seek(seq: number): FilePosition {
    let low = ORIGIN.segment + 1;
    let high = this.#segments.numbers().at(-1) ?? ORIGIN.segment;
    let found = ORIGIN;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const start = startOfSegment(this.#disk, this.#segments.directory, middle);
      if (start !== undefined && start.seq <= seq) {
        found = start;
        low = middle + 1;
      } else high = middle - 1;
    }
    return found;
  }

  async *watch(signal: AbortSignal): AsyncIterable<void> {
    try {
      yield* this.#disk.watch(this.#segments.directory, signal);
    } catch (error) {
      throw failureOf(error, this.#directory);
    }
  }

  /** The size of all segments. One look at each. */
  get sizeBytes(): number {
    return this.#segments.numbers()
      .reduce((sum, number) => sum + (this.#segments.identity(number)?.sizeBytes ?? 0), 0);
  }

  async close(): Promise<void> {
    await this.#indexing;
    this.#segments.close();
    this.#lock.close();
  }

  /** Makes the index of a segment that has just become full, while calls go on. */
  #indexLater(number: number): void {
    this.#indexing = this.#indexing.then(() => this.#search.makeIndex(number)).catch((error) => {
      this.#log.warn(`Cannot index ${this.#segments.path(number)}, the first search does: ${error}`);
    });
  }

  /** Reads new records before taking the lock, so that little is left to read under it. */
  async #approach(after: FilePosition, follow: Transaction["follow"]): Promise<FilePosition> {
    for (let position = after;;) {
      const isFull = position.offset >= this.#segmentBytes;
      if (!isFull && this.#segments.identity(position.segment)?.sizeBytes === position.offset) return position;
      const chunk = this.#segments.next(position);
      // Never a position in a segment without records: see `transact`.
      if (chunk.records.length === 0) return chunk.position.offset > 0 ? chunk.position : position;
      follow(toChunk(chunk));
      position = chunk.position;
      // Only under the lock is it certain whether this is damage.
      if (chunk.rest.type !== "none") return position;
      if (chunk.atEnd) return position;
      await nextTurn();
    }
  }

  /** Under the lock: reads to the end of the journal and cuts off a torn tail. Returns the end of the last record. */
  #catchUp(after: FilePosition, follow: Transaction["follow"]): FilePosition {
    if (this.#isTail(after)) return after;
    let position = after;
    for (let from = after;;) {
      const chunk = this.#segments.next(from);
      if (chunk.rest.type === "fault") throw this.#segments.damaged(chunk.position, chunk.rest);
      from = chunk.position;
      if (chunk.records.length > 0) follow(toChunk(chunk));
      // Never a position in a segment without records: a loss of power may remove that segment.
      if (from.offset > 0) position = from;
      if (chunk.rest.type === "torn") this.#cutTorn(from, chunk.rest.bytes);
      if (chunk.atEnd) return position;
    }
  }

  /** Whether nothing follows a position: its segment was the last one, ends there, and is not full, so no next one has been begun. */
  #isTail(position: FilePosition): boolean {
    return position.offset < this.#segmentBytes && this.#segments.isLastEndingAt(position);
  }

  /** What was known of a journal that has been replaced. */
  #forget(): void {
    this.#durability.forget();
    this.#identity.forget();
    this.#hasFormat = false;
  }

  /** Whether the record before a position, the last of the journal, has an older format or does not exist. */
  #startsFormat({ seq, segment }: FilePosition): boolean {
    if (this.#hasFormat) return false;
    const { lastVersion = 0 } = seq === 0 ? {} : readEnds(this.#disk, this.#segments.path(segment));
    this.#hasFormat = lastVersion >= TWO_STEP_VERSION;
    return !this.#hasFormat;
  }

  /** Where to append after a position: in the next segment, if the current one is full. Syncs the full one first. */
  #placeAfter(position: FilePosition): FilePosition {
    if (position.offset < this.#segmentBytes) return position;
    this.#durability.sync(position);
    const next = { ...position, segment: position.segment + 1, offset: 0 };
    try {
      this.#segments.file(next.segment);
    } catch (error) {
      throw this.#appendFailed(next.segment, 0, error);
    }
    return next;
  }

  /**
   * After a failed append, tests whether the disk has room for as many bytes, before anything is decided: if a record is
   * decided and cannot be appended, the engine must load its state again. Tests at most the size of one batch.
   */
  #findRoom(place: FilePosition): Room {
    if (this.#missingBytes === 0) return { sizeBytes: Infinity };
    const room = tryRoom(place, { sizeBytes: this.#missingBytes, segments: this.#segments });
    if (room.failure === undefined) this.#missingBytes = 0;
    else if (room.sizeBytes === 0) throw this.#appendFailed(place.segment, 0, room.failure);
    return room;
  }

  #noRoomFor(draft: Draft, batch: RecordBatch, { sizeBytes, failure }: Room): AppendFailed | undefined {
    if (failure === undefined || batch.sizeWith(draft) <= sizeBytes) return undefined;
    return this.#appendFailed(batch.start.segment, 0, failure);
  }

  #noteRoom({ start, sizeBytes }: RecordBatch, { position, failure }: Written): void {
    if (failure !== undefined) this.#missingBytes = start.offset + sizeBytes - position.offset;
  }

  #appendFailed(segment: number, appended: number, cause: unknown): AppendFailed {
    return new AppendFailed(
      appended,
      `Cannot write to ${this.#segments.path(segment)}: ${
        cause instanceof Error ? cause.message : cause
      }; nothing of ` +
        "this call was kept, make room on the disk and try again",
      { cause },
    );
  }

  /** What a transaction throws for an error; `uncertain` records may be in the journal. */
  #failureOf(error: unknown, uncertain: number): unknown {
    const why = describeFailure(error, this.#directory);
    if (why === undefined) return error;
    return uncertain > 0
      ? new CommitUnknown(uncertain, why, { cause: error })
      : new Unavailable("storage_failed", `${why}. Nothing was changed by this call`, { cause: error });
  }

  #makeDurable({ position, appended }: Written): void {
    try {
      this.#durability.sync(position);
    } catch (error) {
      if (appended === 0 || !(error instanceof Unavailable)) throw error;
      throw new CommitUnknown(appended, error.message, { cause: error });
    }
  }

  async #nextLocked(position: FilePosition): Promise<SegmentChunk> {
    await this.#lock.acquire();
    try {
      return this.#segments.next(position);
    } finally {
      this.#lock.release();
    }
  }

  /** Cuts off an invalid last record. A copy is kept if it has a line feed, as it may be more than an unfinished write. */
  #cutTorn(position: FilePosition, bytes: number): void {
    const path = this.#segments.path(position.segment);
    const copy = freeName(this.#disk, `${this.#directory}/cut-${position.segment}-${position.offset}.jsonl`);
    const torn = new Uint8Array(bytes);
    const file = this.#segments.file(position.segment);
    file.readAt(torn, position.offset);
    const isWhole = torn.includes(LINE_FEED);
    try {
      if (isWhole) {
        writeFile(this.#disk, copy, torn);
        this.#disk.syncDirectory(this.#directory);
      }
      file.truncate(position.offset);
    } catch (cause) {
      const message =
        `Cannot cut an unfinished record off ${path}: ${cause}; nothing was changed, check the disk and ` +
        "try again";
      throw new Unavailable("storage_failed", message, { cause });
    }
    const what = isWhole ? "an invalid" : "an unfinished";
    this.#log.warn(`Cut ${bytes} bytes of ${what} last record off ${path}${isWhole ? `, kept in ${copy}` : ""}`);
  }
}

function toChunk({ records, position }: Pick<SegmentChunk, "records" | "position">): Chunk {
  return { records, position: toPosition(position) };
}

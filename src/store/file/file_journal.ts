/**
 * The journal in a local directory that any number of processes share: segments to which records are appended, under one
 * write lock. A record that a reader has seen is never removed: after a failed write, its whole records stay, and only an
 * incomplete or invalid last record is ever cut off.
 */

import {
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
import type { JournalRecord } from "../../core/messages/events.ts";
import type { Written } from "./append.ts";
import { CostMeter } from "./cost_meter.ts";
import type { Disk } from "./disk.ts";
import { Durability } from "./durability.ts";
import { type FilePosition, fromPosition, toChunk, toPosition } from "./file_position.ts";
import { IdentityReader } from "./identity.ts";
import { JournalTail } from "./journal_tail.ts";
import { JournalSearch, READ_SLICE_MS } from "./journal_search.ts";
import { emptyAt, SegmentFiles } from "./segment_files.ts";
import { ORIGIN, SEGMENT_BYTES, type SegmentChunk, startOfSegment } from "./segments.ts";
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
  readonly #tail: JournalTail;
  readonly #search: JournalSearch;
  readonly #identity: IdentityReader;
  /** Settles when no index is being made. */
  #indexing: Promise<void> = Promise.resolve();

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
    this.#tail = new JournalTail({
      ...options,
      segments: this.#segments,
      durability: this.#durability,
      segmentBytes: this.#segmentBytes,
    });
    this.#search = new JournalSearch({
      ...options,
      segments: this.#segments,
      seek: (seq) => this.#seek(seq),
      read: (position) => this.#readNext(position),
      isReadOnly: options.isReadOnly ?? false,
    });
    try {
      this.#segments.prepare();
    } catch (error) {
      throw failureOf(error, options.directory);
    }
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
        position = this.#tail.catchUp(position, follow);
        const appending = this.#tail.begin(position);
        const { batch } = appending;
        decide(this.#now(), (draft) => batch.add(draft), (draft) => this.#tail.refuse(draft, appending));
        uncertain = batch.lines.length;
        written = this.#tail.append(appending);
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
      throw this.#tail.failed(written.position.segment, written.appended, written.failure);
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
    let chunk = this.#tail.isAt(position) ? emptyAt(position) : this.#segments.next(position);
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

  /** What was known of a journal that has been replaced. */
  #forget(): void {
    this.#durability.forget();
    this.#identity.forget();
    this.#tail.forget();
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
}

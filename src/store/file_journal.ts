/**
 * The journal in a directory of this machine, shared by any number of processes: segments that are only ever
 * appended to, under one write lock. A record that a reader has seen is never taken back: a failed write is cut
 * off at the end of its last whole record, and only what is incomplete or invalid at the very end is ever removed.
 */

import {
  AppendFailed,
  type Chunk,
  type Journal,
  type Log,
  type Position,
  type Transaction,
  Unavailable,
} from "../app/ports.ts";
import type { Draft } from "../core/events.ts";
import { encodeRecord, trailingHash } from "./codec.ts";
import { type Disk, type DiskFile, writeFile } from "./disk.ts";
import { SegmentFiles } from "./segment_files.ts";
import { LINE_FEED, ORIGIN, SEGMENT_BYTES, type SegmentChunk, startOfSegment } from "./segments.ts";
import { nextTurn } from "./turn.ts";
import { WriteLock } from "./write_lock.ts";

/** Longest time of reading, in milliseconds, after which the event loop has its turn. */
const READ_SLICE_MS = 10;

export interface FileJournalOptions {
  /** The data directory; made if missing. */
  readonly directory: string;
  readonly disk: Disk;
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  readonly log: Log;
  /** Size at which a segment is followed by the next. Default: `SEGMENT_BYTES`; others only for tests. */
  readonly segmentBytes?: number;
  /** Longest wait for the write lock, in milliseconds. Default: `LOCK_WAIT_MS`. */
  readonly lockWaitMs?: number;
}

export class FileJournal implements Journal {
  readonly origin = ORIGIN;
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #segmentBytes: number;
  readonly #segments: SegmentFiles;
  readonly #lock: WriteLock;
  /** Every record up to this one is known to be durable. */
  #durableSeq = 0;
  /** The names of the segments up to this one are known to be durable. */
  #durableSegment = 0;
  /** Set when a sync has failed: what the system takes for written may be lost, so nothing it says can be believed. */
  #poisoned: Unavailable | undefined;

  /**
   * Opens the journal of a data directory; makes the directory if it is missing.
   *
   * @throws Unavailable `journal_damaged` if a segment is missing or has lost its end
   */
  constructor(options: FileJournalOptions) {
    this.#directory = options.directory;
    this.#disk = options.disk;
    this.#now = options.now;
    this.#log = options.log;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#segments = new SegmentFiles({
      ...options,
      segmentBytes: this.#segmentBytes,
      onReplaced: () => this.#forgetDurable(),
    });
    this.#lock = new WriteLock(this.#disk, `${options.directory}/lock`, options.lockWaitMs);
  }

  async transact(after: Position, { follow, decide }: Transaction): Promise<Position> {
    this.#refusePoisoned();
    let position = await this.#approach(after, follow);
    await this.#lock.acquire();
    let written: Written;
    try {
      position = this.#catchUp(position, follow);
      const at = this.#now();
      written = this.#append(position, decide(at), at);
    } finally {
      // The lock guards the order of records, not their durability: others may write while this waits for the disk.
      this.#lock.release();
    }
    // A sync that blocks is faster than an asynchronous one, also for large batches: those who wait, wait for it.
    if (written.appended > 0 || written.position.seq > this.#durableSeq) this.#sync(written.position);
    if (written.failure === undefined) return written.position;
    throw new AppendFailed(
      written.appended,
      `Cannot write to ${this.#segments.path(written.position.segment)}: ${written.failure.message}; ` +
        "nothing of this call was kept, make room on the disk and try again",
      { cause: written.failure },
    );
  }

  async *read(after: Position): AsyncIterable<Chunk> {
    let position = after;
    for (let pausedAt = performance.now();;) {
      if (performance.now() - pausedAt > READ_SLICE_MS) {
        await nextTurn();
        pausedAt = performance.now();
      }
      this.#refusePoisoned();
      let chunk = this.#segments.next(position);
      // Seen without the lock, a line may be in the middle of being cut off and written anew.
      if (chunk.rest.type === "fault") chunk = await this.#nextLocked(position);
      if (chunk.rest.type === "fault") throw this.#segments.damaged(chunk.position, chunk.rest);
      position = chunk.position;
      if (position.seq > this.#durableSeq) this.#sync(position);
      if (chunk.records.length > 0) yield { records: chunk.records, position };
      if (chunk.atEnd && this.#segments.after(position) === undefined) return;
    }
  }

  seek(seq: number): Promise<Position> {
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
    return Promise.resolve(found);
  }

  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#disk.watch(this.#segments.directory, signal);
  }

  close(): Promise<void> {
    this.#segments.close();
    this.#lock.close();
    return Promise.resolve();
  }

  /** Reads on without the lock, so that little is left to read while others wait for it. */
  async #approach(after: Position, follow: Transaction["follow"]): Promise<Position> {
    for (let position = after;;) {
      const identity = this.#segments.identity(position.segment);
      if (identity?.sizeBytes === position.offset && position.offset < this.#segmentBytes) return position;
      const chunk = this.#segments.next(position, identity);
      if (chunk.records.length === 0) return position;
      follow(chunk);
      position = chunk.position;
      // What looks damaged is left to whoever has the lock.
      if (chunk.rest.type !== "none") return position;
      if (chunk.atEnd && this.#segments.after(position) === undefined) return position;
      await nextTurn();
    }
  }

  /** Under the lock: reads to the end of the journal and cuts off a torn tail. Returns the end of the last record. */
  #catchUp(after: Position, follow: Transaction["follow"]): Position {
    let position = after;
    for (let from = after;;) {
      const chunk = this.#segments.next(from);
      if (chunk.rest.type === "fault") throw this.#segments.damaged(chunk.position, chunk.rest);
      from = chunk.position;
      if (chunk.records.length > 0) {
        follow(chunk);
        // A segment without a record is no place to stand: a loss of power may take it away.
        position = from;
      }
      if (chunk.rest.type === "torn") this.#cutTorn(from, chunk.rest.bytes);
      if (chunk.atEnd && this.#segments.after(from) === undefined) return position;
    }
  }

  /** Under the lock: writes the drafts as the records that follow `position`. */
  #append(position: Position, drafts: readonly Draft[], at: number): Written {
    if (drafts.length === 0) return { position, appended: 0 };
    let start = position;
    try {
      if (position.offset >= this.#segmentBytes) start = this.#startSegment(position);
    } catch (error) {
      if (error instanceof Unavailable) throw error;
      return { position, appended: 0, failure: toError(error) };
    }
    const lines: string[] = [];
    let { seq, hash } = start;
    for (const draft of drafts) {
      const record = encodeRecord(draft, { seq: ++seq, at, previous: hash });
      lines.push(record.line);
      hash = record.hash;
    }
    const bytes = new TextEncoder().encode(lines.join(""));
    let file: DiskFile | undefined;
    try {
      file = this.#segments.file(start.segment);
      if (file.write(bytes) === bytes.length) {
        return { position: { ...start, seq, hash, offset: start.offset + bytes.length }, appended: drafts.length };
      }
      return this.#keepWhole(file, start, lines, new Error("the disk took only a part"));
    } catch (error) {
      if (file === undefined) return { position: start, appended: 0, failure: toError(error) };
      return this.#keepWhole(file, start, lines, toError(error));
    }
  }

  /**
   * After a failed write: keeps the records that are whole in the file, as readers may have seen them already, and
   * cuts off what follows. Where even that fails, the next writer finds a torn tail and cuts it.
   */
  #keepWhole(file: DiskFile, start: Position, lines: readonly string[], failure: Error): Written {
    const sizeBytes = file.identity().sizeBytes;
    let position = start;
    let appended = 0;
    for (const line of lines) {
      const offset = position.offset + new TextEncoder().encode(line).length;
      if (offset > sizeBytes) break;
      position = { ...position, seq: position.seq + 1, hash: trailingHash(line) ?? position.hash, offset };
      appended++;
    }
    try {
      if (sizeBytes > position.offset) file.truncate(position.offset);
    } catch (error) {
      this.#log.warn(
        `Cannot cut off a failed write of ${this.#segments.path(start.segment)}, the next write will: ${error}`,
      );
    }
    return { position, appended, failure };
  }

  /** Begins the next segment once all before it is durable. */
  #startSegment(position: Position): Position {
    this.#sync(position);
    const next = { ...position, segment: position.segment + 1, offset: 0 };
    this.#segments.file(next.segment);
    return next;
  }

  async #nextLocked(position: Position): Promise<SegmentChunk> {
    await this.#lock.acquire();
    try {
      return this.#segments.next(position);
    } finally {
      this.#lock.release();
    }
  }

  /** A line that is whole and yet invalid may be more than an unfinished write, so a copy of it is kept. */
  #cutTorn(position: Position, bytes: number): void {
    const path = this.#segments.path(position.segment);
    const copy = `${this.#directory}/cut-${position.segment}-${position.offset}.jsonl`;
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

  #sync(position: Position): void {
    this.#refusePoisoned();
    try {
      this.#segments.file(position.segment).syncData();
      if (position.segment > this.#durableSegment) this.#syncNames();
      this.#durableSeq = position.seq;
    } catch (cause) {
      const path = this.#segments.path(position.segment);
      this.#poisoned = new Unavailable(
        "storage_failed",
        `Cannot make ${path} durable: ${cause}; this server stops answering, check the disk and restart it`,
        { cause },
      );
      throw this.#poisoned;
    }
  }

  /** Whoever made a segment may have died before its name was durable. */
  #syncNames(): void {
    const last = this.#segments.numbers().at(-1);
    this.#disk.syncDirectory(this.#segments.directory);
    this.#disk.syncDirectory(this.#directory);
    this.#durableSegment = last ?? 0;
  }

  #forgetDurable(): void {
    this.#durableSeq = 0;
    this.#durableSegment = 0;
  }

  #refusePoisoned(): void {
    if (this.#poisoned !== undefined) throw this.#poisoned;
  }
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** How far a write got. */
interface Written {
  readonly position: Position;
  readonly appended: number;
  readonly failure?: Error;
}

/**
 * The journal in a directory of this machine, shared by any number of processes: segments that are only ever
 * appended to, under one write lock. A record that a reader has seen is never taken back: a failed write is cut
 * off at the end of its last whole record, and only what is incomplete or invalid at the very end is ever removed.
 */

import {
  AppendFailed,
  type Chunk,
  type Journal,
  JournalReplaced,
  type Log,
  type Position,
  type Transaction,
  Unavailable,
} from "../app/ports.ts";
import type { Draft } from "../core/events.ts";
import { encodeRecord, trailingHash } from "./codec.ts";
import { type Disk, type DiskFile, type FileIdentity, writeFile } from "./disk.ts";
import {
  endsAt,
  LINE_FEED,
  lineNumberAt,
  ORIGIN,
  readChunk,
  SEGMENT_BYTES,
  type SegmentChunk,
  segmentName,
  segmentNumbers,
  startOfSegment,
} from "./segments.ts";
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
  readonly #journalDirectory: string;
  readonly #disk: Disk;
  readonly #now: () => number;
  readonly #log: Log;
  readonly #segmentBytes: number;
  readonly #lock: WriteLock;
  /** The segment read or written last. */
  #open: OpenSegment | undefined;
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
    this.#journalDirectory = `${options.directory}/journal`;
    this.#disk = options.disk;
    this.#now = options.now;
    this.#log = options.log;
    this.#segmentBytes = options.segmentBytes ?? SEGMENT_BYTES;
    this.#disk.makeDirectory(this.#journalDirectory);
    this.#lock = new WriteLock(this.#disk, `${options.directory}/lock`, options.lockWaitMs);
    const numbers = segmentNumbers(this.#disk, this.#journalDirectory);
    refuseGaps(numbers, this.#journalDirectory);
    this.#refuseShort(numbers);
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
      `Cannot write to ${this.#path(written.position.segment)}: ${written.failure.message}; ` +
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
      let chunk = this.#nextChunk(position);
      // Seen without the lock, a line may be in the middle of being cut off and written anew.
      if (chunk.rest.type === "fault") chunk = await this.#nextChunkLocked(position);
      if (chunk.rest.type === "fault") throw this.#damaged(chunk.position, chunk.rest);
      position = chunk.position;
      if (position.seq > this.#durableSeq) this.#sync(position);
      if (chunk.records.length > 0) yield { records: chunk.records, position };
      if (chunk.atEnd && this.#afterSegment(position) === undefined) return;
    }
  }

  seek(seq: number): Promise<Position> {
    let low = ORIGIN.segment + 1;
    let high = segmentNumbers(this.#disk, this.#journalDirectory).at(-1) ?? ORIGIN.segment;
    let found = ORIGIN;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const start = startOfSegment(this.#disk, this.#journalDirectory, middle);
      if (start !== undefined && start.seq <= seq) {
        found = start;
        low = middle + 1;
      } else high = middle - 1;
    }
    return Promise.resolve(found);
  }

  watch(signal: AbortSignal): AsyncIterable<void> {
    return this.#disk.watch(this.#journalDirectory, signal);
  }

  close(): Promise<void> {
    this.#closeSegment();
    this.#lock.close();
    return Promise.resolve();
  }

  /** Reads on without the lock, so that little is left to read while others wait for it. */
  async #approach(after: Position, follow: Transaction["follow"]): Promise<Position> {
    for (let position = after;;) {
      const identity = this.#disk.identity(this.#path(position.segment));
      if (identity?.sizeBytes === position.offset && position.offset < this.#segmentBytes) return position;
      const chunk = this.#nextChunk(position, identity);
      if (chunk.records.length === 0) return position;
      follow(chunk);
      position = chunk.position;
      // What looks damaged is left to whoever has the lock.
      if (chunk.rest.type !== "none") return position;
      if (chunk.atEnd && this.#afterSegment(position) === undefined) return position;
      await nextTurn();
    }
  }

  /** Under the lock: reads to the end of the journal and cuts off a torn tail. Returns the end of the last record. */
  #catchUp(after: Position, follow: Transaction["follow"]): Position {
    let position = after;
    for (let from = after;;) {
      const chunk = this.#nextChunk(from);
      if (chunk.rest.type === "fault") throw this.#damaged(chunk.position, chunk.rest);
      from = chunk.position;
      if (chunk.records.length > 0) {
        follow(chunk);
        // A segment without a record is no place to stand: a loss of power may take it away.
        position = from;
      }
      if (chunk.rest.type === "torn") this.#cutTorn(from, chunk.rest.bytes);
      if (chunk.atEnd && this.#afterSegment(from) === undefined) return position;
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
      file = this.#segment(start.segment, "make").file;
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
      this.#log.warn(`Cannot cut off a failed write of ${this.#path(start.segment)}, the next write will: ${error}`);
    }
    return { position, appended, failure };
  }

  /** Begins the next segment once all before it is durable. */
  #startSegment(position: Position): Position {
    this.#sync(position);
    const next = { ...position, segment: position.segment + 1, offset: 0 };
    this.#segment(next.segment, "make");
    return next;
  }

  /**
   * Reads on from a position: in its segment or, at the end of that, in the next one.
   *
   * @param own the identity of the position's segment, if it was just asked for
   */
  #nextChunk(position: Position, own?: FileIdentity): SegmentChunk {
    const from = this.#afterSegment(position) ?? position;
    const path = this.#path(from.segment);
    const segment = this.#segment(from.segment, "keep");
    if (segment === undefined) {
      if (from.seq === 0) return { records: [], position: from, atEnd: true, rest: { type: "none" } };
      throw this.#replaced(`${path} is gone`);
    }
    const { file, inode } = segment;
    const identity = from === position && own !== undefined ? own : this.#disk.identity(path);
    if (identity?.inode !== inode) throw this.#replaced(`${path} was removed`);
    if (identity.sizeBytes < from.offset) throw this.#replaced(`${path} became shorter`);
    const chunk = readChunk(file, from, identity.sizeBytes);
    // A record that follows vouches for the one before with its hash.
    if (chunk.records.length === 0 && !this.#isEnd(position, from, file)) {
      throw this.#replaced(`${this.#path(position.segment)} was cut and written anew`);
    }
    return chunk.rest.type === "torn" && this.#exists(from.segment + 1)
      ? { ...chunk, rest: { type: "fault", why: "it is incomplete, but not the last", isNewer: false } }
      : chunk;
  }

  /** Whether the record before a position is still there. `from` is the position, or the start of the next segment. */
  #isEnd(position: Position, from: Position, file: DiskFile): boolean {
    if (from === position) return endsAt(file, position);
    if (!this.#exists(position.segment)) return false;
    const before = this.#disk.open(this.#path(position.segment), "read");
    try {
      return endsAt(before, position);
    } finally {
      before.close();
    }
  }

  async #nextChunkLocked(position: Position): Promise<SegmentChunk> {
    await this.#lock.acquire();
    try {
      return this.#nextChunk(position);
    } finally {
      this.#lock.release();
    }
  }

  /** The start of the next segment, if the position is at the end of a full one and there is a next. */
  #afterSegment(position: Position): Position | undefined {
    return position.offset >= this.#segmentBytes && this.#exists(position.segment + 1)
      ? { ...position, segment: position.segment + 1, offset: 0 }
      : undefined;
  }

  /** A line that is whole and yet invalid may be more than an unfinished write, so a copy of it is kept. */
  #cutTorn(position: Position, bytes: number): void {
    const path = this.#path(position.segment);
    const copy = `${this.#directory}/cut-${position.segment}-${position.offset}.jsonl`;
    const torn = new Uint8Array(bytes);
    const { file } = this.#segment(position.segment, "make");
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
      this.#segment(position.segment, "make").file.syncData();
      if (position.segment > this.#durableSegment) this.#syncNames();
      this.#durableSeq = position.seq;
    } catch (cause) {
      this.#poisoned = new Unavailable(
        "storage_failed",
        `Cannot make ${this.#path(position.segment)} durable: ${cause}; this server stops answering, check the disk ` +
          "and restart it",
        { cause },
      );
      throw this.#poisoned;
    }
  }

  /** Whoever made a segment may have died before its name was durable. */
  #syncNames(): void {
    const last = segmentNumbers(this.#disk, this.#journalDirectory).at(-1);
    this.#disk.syncDirectory(this.#journalDirectory);
    this.#disk.syncDirectory(this.#directory);
    this.#durableSegment = last ?? 0;
  }

  #segment(number: number, missing: "make"): OpenSegment;
  #segment(number: number, missing: "keep"): OpenSegment | undefined;
  #segment(number: number, missing: "make" | "keep"): OpenSegment | undefined {
    if (this.#open?.number === number) return this.#open;
    const exists = this.#exists(number);
    if (!exists && missing === "keep") return undefined;
    if (!exists) this.#disk.makeDirectory(this.#journalDirectory);
    const file = this.#disk.open(this.#path(number), "append");
    this.#closeSegment();
    return this.#open = { number, file, inode: file.identity().inode };
  }

  #closeSegment(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  #exists(segment: number): boolean {
    return this.#disk.identity(this.#path(segment)) !== undefined;
  }

  #path(segment: number): string {
    return `${this.#journalDirectory}/${segmentName(segment)}`;
  }

  #refusePoisoned(): void {
    if (this.#poisoned !== undefined) throw this.#poisoned;
  }

  #replaced(what: string): JournalReplaced {
    this.#closeSegment();
    this.#durableSeq = 0;
    this.#durableSegment = 0;
    return new JournalReplaced(`The journal was replaced while this server was running: ${what}`);
  }

  /** A segment before one that holds anything had reached its size. */
  #refuseShort(numbers: readonly number[]): void {
    const sizes = numbers.map((number) => this.#disk.identity(this.#path(number))?.sizeBytes ?? 0);
    const last = sizes.findLastIndex((sizeBytes) => sizeBytes > 0);
    const short = sizes.findIndex((sizeBytes, index) => index < last && sizeBytes < this.#segmentBytes);
    if (short < 0) return;
    throw this.#damaged({ segment: numbers[short] ?? 0, offset: sizes[short] ?? 0 }, {
      why: "records are missing at its end",
      isNewer: false,
    });
  }

  #damaged(
    position: Pick<Position, "segment" | "offset">,
    { why, isNewer }: { readonly why: string; readonly isNewer: boolean },
  ): Unavailable {
    const file = this.#disk.open(this.#path(position.segment), "read");
    const line = lineNumberAt(file, position.offset);
    file.close();
    const place = `${this.#path(position.segment)} line ${line} (byte ${position.offset})`;
    return isNewer
      ? new Unavailable(
        "newer_version",
        `A newer version of this program wrote ${place}: ${why}. Nothing was changed; update this program`,
      )
      : new Unavailable(
        "journal_damaged",
        `The journal is damaged at ${place}: ${why}. Nothing was changed; the verify command shows the damage, the ` +
          `repair command cuts the journal there after keeping a copy (with --data ${this.#directory})`,
      );
  }
}

interface OpenSegment {
  readonly number: number;
  readonly file: DiskFile;
  readonly inode: number;
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

function refuseGaps(numbers: readonly number[], directory: string): void {
  const missing = numbers.findIndex((number, index) => number !== ORIGIN.segment + index);
  if (missing < 0) return;
  throw new Unavailable(
    "journal_damaged",
    `The journal is damaged: ${directory}/${segmentName(ORIGIN.segment + missing)} is missing. Put it back from a ` +
      "backup, or let the repair command set the later ones aside",
  );
}

/**
 * The open segments of a journal in one process. `next` is the only way to walk them: readers, starts, `verify` and
 * `repair` all use it, so they cannot disagree about where a journal continues or ends. Writes no records.
 */

import { JournalReplaced, Unavailable } from "../../app/ports.ts";
import { RESTART } from "./codec.ts";
import type { Disk, DiskFile, FileIdentity } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import { relocate } from "./find_position.ts";
import {
  endsAt,
  lineNumberAt,
  ORIGIN,
  readChunk,
  readEnds,
  type SegmentChunk,
  segmentName,
  segmentNumbers,
  startOfSegment,
} from "./segments.ts";

/** How many segments, the last ones, a start checks to follow one another. */
const MAX_CHECKED = 16;

export interface SegmentFilesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  /** About how many bytes to read at once. Default: `CHUNK_BYTES`; other values only in tests. */
  readonly chunkBytes?: number | undefined;
  /** `append` (the default) opens segments for writing, too; `read` needs no permission to write. */
  readonly mode?: "append" | "read";
  /** Called before `JournalReplaced` is thrown. */
  readonly onReplaced?: () => void;
}

interface OpenSegment {
  readonly number: number;
  readonly file: DiskFile;
  readonly inode: number;
  /** Whether no segment followed it when it was opened. */
  readonly isLast: boolean;
}

export class SegmentFiles {
  /** The directory of the segments. */
  readonly directory: string;
  readonly #dataDirectory: string;
  readonly #disk: Disk;
  readonly #chunkBytes: number | undefined;
  readonly #mode: "append" | "read";
  readonly #onReplaced: () => void;
  /** The segment that was read or written last. */
  #open: OpenSegment | undefined;
  /** The last segment that was opened so far, also after it was closed. */
  #newest: Pick<OpenSegment, "number" | "inode"> | undefined;

  constructor({ directory, disk, chunkBytes, mode = "append", onReplaced = () => {} }: SegmentFilesOptions) {
    this.directory = `${directory}/journal`;
    this.#dataDirectory = directory;
    this.#disk = disk;
    this.#chunkBytes = chunkBytes;
    this.#mode = mode;
    this.#onReplaced = onReplaced;
  }

  /**
   * Makes the directory if it is missing, and checks that no segment is missing, and that the first two and the last ones
   * follow one another. Others are checked by whoever reads them: a start does not cost more with a longer journal.
   *
   * @throws Unavailable `journal_damaged` if a segment is missing, or one of these has lost its end
   */
  prepare(): void {
    this.#disk.makeDirectory(this.directory);
    const numbers = this.numbers();
    refuseGaps(numbers, this.directory);
    if (numbers.length > MAX_CHECKED) this.#checkEnds(numbers.slice(0, 2));
    this.#checkEnds(numbers.slice(-MAX_CHECKED));
  }

  /** Checks that segments with successive numbers follow one another, by their first and last records. */
  #checkEnds(numbers: readonly number[]): void {
    let lastSeq: number | undefined;
    for (const number of numbers) {
      const ends = readEnds(this.#disk, this.path(number));
      const isFirst = number === numbers[0];
      if (!isFirst && ends.firstSeq !== undefined && ends.firstSeq !== (lastSeq ?? 0) + 1) this.#refuseBreak(number);
      lastSeq = ends.lastSeq;
    }
  }

  /**
   * Reads the chunk after a position. Continues in the next segment only from the true end of this one: the next segment
   * exists, so nothing is appended to this one any more, and the position is at its size.
   *
   * `atEnd` of the chunk means that nothing follows it in any segment. If the segment was replaced by one in which the
   * record before the position is at another offset, as a line was redacted, reading goes on from there.
   *
   * @throws JournalReplaced if the record before the position is no longer there
   */
  next(position: FilePosition): SegmentChunk {
    try {
      return this.#nextAt(position);
    } catch (error) {
      if (!(error instanceof JournalReplaced)) throw error;
      const moved = relocate(this.#disk, this.directory, position);
      if (moved === undefined) throw error;
      return this.#nextAt(moved);
    }
  }

  #nextAt(position: FilePosition): SegmentChunk {
    // This order matters: a segment no longer grows once the next one exists.
    const hasNext = this.#exists(position.segment + 1);
    const own = this.identity(position.segment);
    if (hasNext && own?.sizeBytes === position.offset) return this.#nextSegment(position);
    if (own === undefined && position.seq === 0) return emptyAt(position);
    const chunk = this.#read(position, own);
    if (chunk.records.length === 0) {
      const { file } = this.#opened(position.segment, own);
      if (!endsAt(file, position)) throw this.#replaced(`${this.path(position.segment)} was cut and written anew`);
    }
    if (!hasNext) return chunk;
    return chunk.rest.type === "torn"
      ? { ...chunk, rest: { type: "fault", why: INCOMPLETE, isNewer: false } }
      : { ...chunk, atEnd: false };
  }

  /**
   * Whether a segment ends at a position, and none followed it when it was opened: nothing is to be read, unless it has
   * become full since. Cheaper than `next`, which asks for the next segment, and a file that is missing costs an exception.
   * A size alone does not tell that a segment is the last one, as a redaction makes full ones shorter. Whoever replaces a
   * segment changes its inode: then the answer is no, and `next` tells where the position is.
   */
  isLastEndingAt(position: FilePosition): boolean {
    const own = this.identity(position.segment);
    if (own?.sizeBytes !== position.offset) return false;
    if (this.#open?.number === position.segment && this.#open.inode !== own.inode) return false;
    const { file } = this.#opened(position.segment, own);
    return this.#open?.isLast === true && endsAt(file, position);
  }

  /** Yields chunks from a position to the end of the journal, or to a fault. */
  *walk(after: FilePosition): Iterable<SegmentChunk> {
    for (let position = after;;) {
      const chunk = this.next(position);
      yield chunk;
      position = chunk.position;
      if (chunk.atEnd || chunk.rest.type !== "none") return;
    }
  }

  /** The identity of a segment's file, if there is one. */
  identity(number: number): FileIdentity | undefined {
    return this.#disk.identity(this.path(number));
  }

  /** The file of a segment, for appending; made if missing. */
  file(number: number): DiskFile {
    if (this.#open?.number === number) return this.#open.file;
    this.#disk.makeDirectory(this.directory);
    return this.#openFile(number).file;
  }

  path(number: number): string {
    return `${this.directory}/${segmentName(number)}`;
  }

  /** The numbers of all segments, ascending. */
  numbers(): number[] {
    return segmentNumbers(this.#disk, this.directory);
  }

  close(): void {
    this.#open?.file.close();
    this.#open = undefined;
  }

  /** Returns the error for a fault at a position. */
  damaged(
    position: Pick<FilePosition, "segment" | "offset">,
    { why, isNewer }: { readonly why: string; readonly isNewer: boolean },
  ): Unavailable {
    const file = this.#disk.open(this.path(position.segment), "read");
    const line = lineNumberAt(file, position.offset);
    file.close();
    const place = `${this.path(position.segment)} line ${line} (byte ${position.offset})`;
    return isNewer
      ? new Unavailable(
        "newer_version",
        `A newer version of this program wrote ${place}: ${why}. Nothing was changed. ${RESTART}`,
      )
      : new Unavailable(
        "journal_damaged",
        `The journal is damaged at ${place}: ${why}. Nothing was changed; the verify command shows the damage, the ` +
          `repair command cuts the journal there after keeping a copy (with --data ${this.#dataDirectory})`,
      );
  }

  /** Reads the chunk after the end of a segment that has a next one. */
  #nextSegment(position: FilePosition): SegmentChunk {
    const start = { ...position, segment: position.segment + 1, offset: 0 };
    const chunk = this.#nextAt(start);
    // A following record needs no check: its hash covers the one before.
    if (chunk.records.length === 0 && !this.#holds(position)) {
      throw this.#replaced(`${this.path(position.segment)} was cut and written anew`);
    }
    return chunk;
  }

  #read(position: FilePosition, identity: FileIdentity | undefined): SegmentChunk {
    const { file, sizeBytes } = this.#opened(position.segment, identity);
    if (sizeBytes < position.offset) throw this.#replaced(`${this.path(position.segment)} became shorter`);
    return readChunk(file, position, {
      end: sizeBytes,
      ...(this.#chunkBytes !== undefined && { chunkBytes: this.#chunkBytes }),
    });
  }

  /** A segment's file. Throws if it is not the file that was opened before. */
  #opened(number: number, identity: FileIdentity | undefined): { readonly file: DiskFile; readonly sizeBytes: number } {
    const open = identity && (this.#open?.number === number ? this.#open : this.#openFile(number));
    if (open === undefined || identity?.inode !== open.inode) throw this.#replaced(`${this.path(number)} was removed`);
    const { file } = open;
    return { file, sizeBytes: identity.sizeBytes };
  }

  /** Whether the record before a position is still in its segment. */
  #holds(position: FilePosition): boolean {
    if (!this.#exists(position.segment)) return false;
    const file = this.#disk.open(this.path(position.segment), "read");
    try {
      return endsAt(file, position);
    } finally {
      file.close();
    }
  }

  #openFile(number: number): OpenSegment {
    const file = this.#disk.open(this.path(number), this.#mode);
    this.close();
    const { inode } = file.identity();
    // Whoever replaced it may have died before its new name was durable.
    if (this.#newest?.number === number && this.#newest.inode !== inode) this.#onReplaced();
    if (number >= (this.#newest?.number ?? 0)) this.#newest = { number, inode };
    return this.#open = { number, file, inode, isLast: !this.#exists(number + 1) };
  }

  #exists(number: number): boolean {
    return this.identity(number) !== undefined;
  }

  #replaced(what: string): JournalReplaced {
    this.close();
    this.#onReplaced();
    return new JournalReplaced(`The journal was replaced while this server was running: ${what}`);
  }

  /** Reads the segment before one that does not continue it, to find the fault, and throws it. */
  #refuseBreak(number: number): void {
    const start = startOfSegment(this.#disk, this.directory, number - 1) ?? ORIGIN;
    for (const { position, rest } of this.walk(start)) {
      if (rest.type === "fault") throw this.damaged(position, rest);
      if (position.segment === number && position.offset > 0) return;
    }
  }
}

/** Why an unfinished record is damage if another segment follows. */
const INCOMPLETE = "it is incomplete, but not the last";

/** Walks the journal of a data directory, as `SegmentFiles.walk` does, without permission to write. */
export function* walkJournal(disk: Disk, directory: string, after = ORIGIN): Iterable<SegmentChunk> {
  const segments = new SegmentFiles({ directory, disk, mode: "read" });
  try {
    yield* segments.walk(after);
  } finally {
    segments.close();
  }
}

/** The chunk after the end of the journal. */
export function emptyAt(position: FilePosition): SegmentChunk {
  return { records: [], position, atEnd: true, rest: { type: "none" } };
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

/**
 * The segments of a journal, as one process has them open: reads on from positions, and notices when what stands there
 * is not the journal any more that the positions are of. Never writes; makes segments only where it is told to.
 */

import { JournalReplaced, type Position, Unavailable } from "../app/ports.ts";
import type { Disk, DiskFile, FileIdentity } from "./disk.ts";
import { endsAt, lineNumberAt, ORIGIN, readChunk, type SegmentChunk, segmentName, segmentNumbers } from "./segments.ts";

export interface SegmentFilesOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  /** Size at which a segment is followed by the next. */
  readonly segmentBytes: number;
  /** Told when the journal turns out to be another one, before that is thrown. */
  readonly onReplaced: () => void;
}

interface OpenSegment {
  readonly number: number;
  readonly file: DiskFile;
  readonly inode: number;
}

export class SegmentFiles {
  /** The directory of the segments. */
  readonly directory: string;
  readonly #dataDirectory: string;
  readonly #disk: Disk;
  readonly #segmentBytes: number;
  readonly #onReplaced: () => void;
  /** The one read or written last. */
  #open: OpenSegment | undefined;

  /**
   * Makes the directory if it is missing.
   *
   * @throws Unavailable `journal_damaged` if a segment is missing or has lost its end
   */
  constructor({ directory, disk, segmentBytes, onReplaced }: SegmentFilesOptions) {
    this.directory = `${directory}/journal`;
    this.#dataDirectory = directory;
    this.#disk = disk;
    this.#segmentBytes = segmentBytes;
    this.#onReplaced = onReplaced;
    disk.makeDirectory(this.directory);
    const numbers = this.numbers();
    refuseGaps(numbers, this.directory);
    this.#refuseShort(numbers);
  }

  /**
   * Reads on from a position: in its segment or, at the end of that, in the next one.
   *
   * @param own the identity of the position's segment, if it was just asked for
   * @throws JournalReplaced if the record before the position is not there any more
   */
  next(position: Position, own?: FileIdentity): SegmentChunk {
    const from = this.after(position) ?? position;
    const path = this.path(from.segment);
    const segment = this.#find(from.segment);
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
      throw this.#replaced(`${this.path(position.segment)} was cut and written anew`);
    }
    return chunk.rest.type === "torn" && this.#exists(from.segment + 1)
      ? { ...chunk, rest: { type: "fault", why: "it is incomplete, but not the last", isNewer: false } }
      : chunk;
  }

  /** The start of the next segment, if the position is at the end of a full one and there is a next. */
  after(position: Position): Position | undefined {
    return position.offset >= this.#segmentBytes && this.#exists(position.segment + 1)
      ? { ...position, segment: position.segment + 1, offset: 0 }
      : undefined;
  }

  /** The identity of a segment's file, if there is one. */
  identity(number: number): FileIdentity | undefined {
    return this.#disk.identity(this.path(number));
  }

  /** The file of a segment, made if it is missing, to be appended to. */
  file(number: number): DiskFile {
    const found = this.#find(number);
    if (found !== undefined) return found.file;
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

  /** What is thrown where a journal cannot be read on. */
  damaged(
    position: Pick<Position, "segment" | "offset">,
    { why, isNewer }: { readonly why: string; readonly isNewer: boolean },
  ): Unavailable {
    const file = this.#disk.open(this.path(position.segment), "read");
    const line = lineNumberAt(file, position.offset);
    file.close();
    const place = `${this.path(position.segment)} line ${line} (byte ${position.offset})`;
    return isNewer
      ? new Unavailable(
        "newer_version",
        `A newer version of this program wrote ${place}: ${why}. Nothing was changed; update this program`,
      )
      : new Unavailable(
        "journal_damaged",
        `The journal is damaged at ${place}: ${why}. Nothing was changed; the verify command shows the damage, the ` +
          `repair command cuts the journal there after keeping a copy (with --data ${this.#dataDirectory})`,
      );
  }

  /** Whether the record before a position is still there. `from` is the position, or the start of the next segment. */
  #isEnd(position: Position, from: Position, file: DiskFile): boolean {
    if (from === position) return endsAt(file, position);
    if (!this.#exists(position.segment)) return false;
    const before = this.#disk.open(this.path(position.segment), "read");
    try {
      return endsAt(before, position);
    } finally {
      before.close();
    }
  }

  #find(number: number): OpenSegment | undefined {
    if (this.#open?.number === number) return this.#open;
    return this.#exists(number) ? this.#openFile(number) : undefined;
  }

  #openFile(number: number): OpenSegment {
    const file = this.#disk.open(this.path(number), "append");
    this.close();
    return this.#open = { number, file, inode: file.identity().inode };
  }

  #exists(number: number): boolean {
    return this.identity(number) !== undefined;
  }

  #replaced(what: string): JournalReplaced {
    this.close();
    this.#onReplaced();
    return new JournalReplaced(`The journal was replaced while this server was running: ${what}`);
  }

  /** A segment before one that holds anything had reached its size. */
  #refuseShort(numbers: readonly number[]): void {
    const sizes = numbers.map((number) => this.identity(number)?.sizeBytes ?? 0);
    const last = sizes.findLastIndex((sizeBytes) => sizeBytes > 0);
    const short = sizes.findIndex((sizeBytes, index) => index < last && sizeBytes < this.#segmentBytes);
    if (short < 0) return;
    throw this.damaged({ segment: numbers[short] ?? 0, offset: sizes[short] ?? 0 }, {
      why: "records are missing at its end",
      isNewer: false,
    });
  }
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

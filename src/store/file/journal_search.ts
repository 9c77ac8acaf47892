/**
 * Searches the segments of a journal. A full segment is read only if its index says that it may hold what is wanted; a
 * missing index is made when its segment is read. The last segment, which still grows, has none and is always read.
 */

import type { Log, Search } from "../../app/ports.ts";
import type { JournalRecord } from "../../core/messages/events.ts";
import type { Disk } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import { readIndex, SegmentIndex, writeIndex } from "./segment_index.ts";
import type { SegmentFiles } from "./segment_files.ts";
import { CHUNK_BYTES, positionBefore, readEnds, type SegmentChunk, segmentName, startOfSegment } from "./segments.ts";
import { nextTurn } from "./turn.ts";

/** How long to read before yielding to the event loop, in milliseconds. */
export const READ_SLICE_MS = 10;

/** How many bytes at the end of a segment are read first if the newest records are wanted. */
const FEW_BYTES = 16 * 1024;

/** The directory of the indexes, in the data directory. */
const INDEX_DIRECTORY = "index";

/** The index of a segment, in a data directory. */
export function indexPath(directory: string, number: number): string {
  return `${directory}/${INDEX_DIRECTORY}/${segmentName(number).replace(/\.jsonl$/, ".json")}`;
}

export interface JournalSearchOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly segments: SegmentFiles;
  /** A position at or shortly before a record. */
  readonly seek: (seq: number) => FilePosition;
  /** Reads the chunk after a position, all of whose records are durable. */
  readonly read: (position: FilePosition) => Promise<SegmentChunk>;
  readonly log: Log;
  /** Whether indexes are used but not written. */
  readonly isReadOnly: boolean;
}

export class JournalSearch {
  readonly #options: JournalSearchOptions;
  #hasWarned = false;

  constructor(options: JournalSearchOptions) {
    this.#options = options;
  }

  /** What `Journal.search` yields. */
  async *records(search: Search): AsyncIterable<readonly JournalRecord[]> {
    const { after, before, isNewestFirst } = search;
    const first = this.#options.seek(after).segment;
    const last = this.#options.seek(before - 2).segment;
    for (let count = 0; count <= last - first; count++) {
      for await (const records of this.#searchSegment(isNewestFirst ? last - count : first + count, search)) {
        const wanted = records.filter(({ seq }) => seq > after && seq < before);
        if (wanted.length > 0) yield wanted;
      }
    }
  }

  /** Makes the index of a full segment if it is missing. */
  async makeIndex(number: number): Promise<void> {
    if (this.#lookUp(number).isMissing) this.#keepIndex(number, await this.#readWhole(number));
  }

  async *#searchSegment(number: number, search: Search): AsyncIterable<readonly JournalRecord[]> {
    const { index, isMissing } = this.#lookUp(number);
    if (index?.mayHold(search) === false) return;
    if (!isMissing) return yield* search.isNewestFirst ? this.#readBackwards(number) : this.#readSegment(number);
    const records = await this.#readWhole(number);
    if (this.#keepIndex(number, records).mayHold(search)) yield records;
  }

  /** The index of a segment, if there is a usable one; `isMissing` if one is to be made. */
  #lookUp(number: number): { readonly index?: SegmentIndex; readonly isMissing: boolean } {
    const { disk, segments, isReadOnly } = this.#options;
    const isFull = segments.identity(number + 1) !== undefined;
    if (!isFull) return { isMissing: false };
    const index = this.#readIndex(number);
    const isUsable = index instanceof SegmentIndex && index.hash === readEnds(disk, segments.path(number)).lastHash;
    // A server of a newer version would make its index again, and so on without end.
    return isUsable ? { index, isMissing: false } : { isMissing: !isReadOnly && index !== "newer" };
  }

  /** An index that cannot be read counts as missing: it is only a cache. */
  #readIndex(number: number): ReturnType<typeof readIndex> {
    try {
      return readIndex(this.#options.disk, this.#indexPath(number));
    } catch (error) {
      this.#warn(`Cannot read ${this.#indexPath(number)}, searches are slow: ${error}`);
      return undefined;
    }
  }

  #warn(message: string): void {
    if (!this.#hasWarned) this.#options.log.warn(message);
    this.#hasWarned = true;
  }

  /** Makes and writes the index of a segment. */
  #keepIndex(number: number, records: readonly JournalRecord[]): SegmentIndex {
    const { disk, directory, segments } = this.#options;
    const index = SegmentIndex.of(records, readEnds(disk, segments.path(number)).lastHash ?? "");
    try {
      disk.makeDirectory(`${directory}/${INDEX_DIRECTORY}`);
      writeIndex(disk, this.#indexPath(number), index);
    } catch (error) {
      this.#warn(`Cannot write ${this.#indexPath(number)}, searches are slow: ${error}`);
    }
    return index;
  }

  #indexPath(number: number): string {
    return indexPath(this.#options.directory, number);
  }

  async #readWhole(number: number): Promise<readonly JournalRecord[]> {
    const records: JournalRecord[] = [];
    for await (const chunk of this.#readSegment(number)) for (const record of chunk) records.push(record);
    return records;
  }

  /** Yields the records of a segment in chunks, the last ones first: few if only these are wanted. */
  async *#readBackwards(number: number): AsyncIterable<readonly JournalRecord[]> {
    const { disk, segments } = this.#options;
    let offset = segments.identity(number)?.sizeBytes ?? 0;
    let before = Infinity;
    for (let bytes = FEW_BYTES; offset > 0; bytes = Math.min(2 * bytes, CHUNK_BYTES)) {
      const start = positionBefore(disk, segments.directory, { segment: number, offset, bytes }) ??
        this.#startBefore(number);
      const records: JournalRecord[] = [];
      for await (const chunk of this.#readSegment(number, start)) {
        for (const record of chunk) if (record.seq < before) records.push(record);
        if ((chunk.at(-1)?.seq ?? 0) >= before - 1) break;
      }
      if (records.length > 0) yield records;
      offset = start.segment === number ? start.offset : 0;
      before = start.seq + 1;
    }
  }

  /** Yields the records of a segment after a position in chunks. */
  async *#readSegment(
    number: number,
    start = this.#startBefore(number),
  ): AsyncIterable<readonly JournalRecord[]> {
    const { segments, read } = this.#options;
    let position = start;
    for (let pausedAt = performance.now();;) {
      const isAtEnd = position.segment === number && segments.identity(number)?.sizeBytes === position.offset;
      if (isAtEnd && segments.identity(number + 1) !== undefined) return;
      const { records, position: end, atEnd } = await read(position);
      position = end;
      if (position.segment > number) return;
      if (position.segment === number && records.length > 0) yield records;
      if (atEnd) return;
      if (performance.now() - pausedAt > READ_SLICE_MS) {
        await nextTurn();
        pausedAt = performance.now();
      }
    }
  }

  /** The start of a segment; of an earlier one if this one has no record, or if the one before it is damaged. */
  #startBefore(number: number): FilePosition {
    const { disk, segments } = this.#options;
    for (let candidate = number;; candidate--) {
      const start = startOfSegment(disk, segments.directory, candidate);
      if (start !== undefined) return start;
    }
  }
}

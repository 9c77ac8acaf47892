/**
 * Knows which records of a journal are durable, and syncs more on demand. After a failed sync, every later call fails:
 * the system may have dropped data that it counts as written.
 */

import { Unavailable } from "../../app/ports.ts";
import { type Disk, type DiskFile, NotOpened } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import type { SegmentFiles } from "./segment_files.ts";

export interface DurabilityOptions {
  /** The data directory. */
  readonly directory: string;
  readonly disk: Disk;
  readonly segments: SegmentFiles;
}

export class Durability {
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #segments: SegmentFiles;
  /** Every record up to this one is durable. */
  #durableSeq = 0;
  /** The names of the segments up to this one are durable. */
  #durableSegment = 0;
  #failure: Unavailable | undefined;

  constructor({ directory, disk, segments }: DurabilityOptions) {
    this.#directory = directory;
    this.#disk = disk;
    this.#segments = segments;
  }

  /**
   * Makes everything up to a position durable. Blocking fdatasync: measured faster than the asynchronous one, and every
   * caller needs it anyway.
   *
   * @throws Unavailable `storage_failed`. If a sync failed, so does every later call; if only a file could not be opened,
   * the next call retries.
   */
  sync(position: FilePosition): void {
    this.throwIfFailed();
    if (position.seq <= this.#durableSeq) return;
    const path = this.#segments.path(position.segment);
    try {
      this.#openSegment(position).syncData();
      if (position.segment > this.#durableSegment) this.#syncNames();
    } catch (cause) {
      if (cause instanceof NotOpened) {
        throw new Unavailable("storage_failed", `Cannot make ${path} durable: ${cause.message}`, { cause });
      }
      this.#failure = new Unavailable(
        "storage_failed",
        `Cannot make ${path} durable: ${cause}; this server refuses all further calls, check the disk and restart it`,
        { cause },
      );
      throw this.#failure;
    }
    this.#durableSeq = position.seq;
    this.#durableSegment = Math.max(this.#durableSegment, position.segment);
  }

  /** Treats no record as durable any more, because the journal was replaced. */
  forget(): void {
    this.#durableSeq = 0;
    this.#durableSegment = 0;
  }

  /** @throws Unavailable `storage_failed` if a sync has failed */
  throwIfFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #openSegment({ segment }: FilePosition): DiskFile {
    try {
      return this.#segments.file(segment);
    } catch (cause) {
      throw new NotOpened(this.#segments.path(segment), cause);
    }
  }

  /** Makes names of segments durable: the process that made a segment may have died before it did. */
  #syncNames(): void {
    this.#disk.syncDirectory(this.#segments.directory);
    this.#disk.syncDirectory(this.#directory);
  }
}

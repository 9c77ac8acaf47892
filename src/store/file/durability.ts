/**
 * Which records of a journal are known to be durable. Syncs more of them on demand, and ends the trust in this process
 * for good when a sync fails: what the system then takes for written may be lost.
 */

import { type Position, Unavailable } from "../../app/ports.ts";
import { type Disk, type DiskFile, NotOpened } from "./disk.ts";
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
   * @throws Unavailable `storage_failed`; for good if it was a sync that failed. A file that could not be opened for it
   * is tried again by the next call.
   */
  sync(position: Position): void {
    this.refuseFailed();
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
        `Cannot make ${path} durable: ${cause}; this server stops answering, check the disk and restart it`,
        { cause },
      );
      throw this.#failure;
    }
    this.#durableSeq = position.seq;
    this.#durableSegment = Math.max(this.#durableSegment, position.segment);
  }

  /** Takes nothing for durable any more: the journal is another one. */
  forget(): void {
    this.#durableSeq = 0;
    this.#durableSegment = 0;
  }

  /** @throws Unavailable `storage_failed` if a sync has failed */
  refuseFailed(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  #openSegment({ segment }: Position): DiskFile {
    try {
      return this.#segments.file(segment);
    } catch (cause) {
      throw new NotOpened(this.#segments.path(segment), cause);
    }
  }

  /** The process that made a segment may have died before its name was durable. */
  #syncNames(): void {
    this.#disk.syncDirectory(this.#segments.directory);
    this.#disk.syncDirectory(this.#directory);
  }
}

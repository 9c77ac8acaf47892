/** A data directory as a copy reads or writes it: line by line. While it is written to, it keeps other writers out. */

import { type Deliveries, type RawEnd, type RawJournal, type RawRecord, Unavailable } from "../../app/ports.ts";
import { decodeRecord, GENESIS_HASH } from "./codec.ts";
import { DeliveryFiles } from "./delivery_files.ts";
import { type Disk, writeAll } from "./disk.ts";
import { Durability } from "./durability.ts";
import type { FilePosition } from "./file_position.ts";
import { IdentityReader, raiseEpoch } from "./identity.ts";
import { describePlace, verifyJournal } from "./maintenance.ts";
import { SegmentFiles } from "./segment_files.ts";
import { ORIGIN, SEGMENT_BYTES, segmentName, segmentNumbers } from "./segments.ts";
import { withFailures } from "./system_errors.ts";
import { WriteLock } from "./write_lock.ts";

export interface RawDirectoryOptions {
  readonly directory: string;
  readonly disk: Disk;
  /** Whether it is only read. */
  readonly isReadOnly: boolean;
}

export class RawDirectory implements RawJournal {
  readonly deliveries: Deliveries;
  readonly #directory: string;
  readonly #disk: Disk;
  readonly #segments: SegmentFiles;
  readonly #durability: Durability;
  readonly #lock: WriteLock | undefined;
  /** Where this process has written up to. */
  #end: FilePosition | undefined;

  private constructor({ directory, disk, isReadOnly }: RawDirectoryOptions) {
    this.#directory = directory;
    this.#disk = disk;
    this.#segments = new SegmentFiles({ directory, disk, mode: isReadOnly ? "read" : "append" });
    if (!isReadOnly) this.#segments.prepare();
    this.#durability = new Durability({ directory, disk, segments: this.#segments });
    this.#lock = isReadOnly ? undefined : new WriteLock(disk, `${directory}/lock`);
    this.deliveries = new DeliveryFiles({ directory, disk });
  }

  /** @throws Unavailable `busy` if another process writes to it */
  static open(options: RawDirectoryOptions): Promise<RawDirectory> {
    return withFailures(options.directory, async () => {
      const directory = new RawDirectory(options);
      await directory.#lock?.acquire();
      return directory;
    });
  }

  end(): Promise<RawEnd> {
    return withFailures(this.#directory, () => this.#verified());
  }

  #verified() {
    const { end, fault } = verifyJournal(this.#disk, this.#directory);
    if (fault === undefined) return end;
    throw new Unavailable(
      fault.kind === "newer" ? "newer_version" : "journal_damaged",
      `Cannot copy: the journal is ${fault.kind} at ${describePlace(fault)}: ${fault.why}`,
    );
  }

  async *read(): AsyncIterable<readonly RawRecord[]> {
    let { seq, hash } = { seq: 0, hash: GENESIS_HASH };
    const end = await this.end();
    for (const number of segmentNumbers(this.#disk, this.#segments.directory)) {
      const bytes = this.#disk.readFile(`${this.#segments.directory}/${segmentName(number)}`);
      const records: RawRecord[] = [];
      for (const line of new TextDecoder().decode(bytes).split("\n").slice(0, -1)) {
        // What was written since is for the next copy.
        if (seq === end.seq) break;
        const decoded = decodeRecord(line, { seq: seq + 1, previous: hash });
        if (!("record" in decoded)) {
          throw new Unavailable("journal_damaged", `Cannot copy record ${seq + 1}: ${decoded.why}`);
        }
        [seq, hash] = [seq + 1, decoded.hash];
        records.push({ seq, line, hash });
      }
      if (records.length > 0) yield records;
    }
  }

  append(after: RawEnd, records: readonly RawRecord[]): Promise<void> {
    return withFailures(this.#directory, () => this.#append(after, records));
  }

  #append(after: RawEnd, records: readonly RawRecord[]): void {
    const end = this.#end ??= this.#verified();
    if (end.seq !== after.seq || end.hash !== after.hash) {
      throw new Unavailable("storage_failed", `${this.#directory} ends with record ${end.seq}: copy again`);
    }
    let { segment, offset } = end.seq === 0 ? { ...ORIGIN } : end;
    for (const { line, seq, hash } of records) {
      if (offset >= SEGMENT_BYTES) {
        this.#durability.sync({ seq: seq - 1, hash, segment, offset });
        [segment, offset] = [segment + 1, 0];
      }
      const bytes = new TextEncoder().encode(line + "\n");
      writeAll(this.#segments.file(segment), bytes);
      offset += bytes.length;
    }
    const last = records.at(-1) ?? after;
    this.#end = { seq: last.seq, hash: last.hash, segment, offset };
    this.#durability.sync(this.#end);
  }

  async epoch(): Promise<number> {
    return (await withFailures(this.#directory, () => new IdentityReader(this.#disk, this.#directory).read()))?.epoch ??
      0;
  }

  async raiseEpochTo(epoch: number): Promise<void> {
    for (let present = await this.epoch(); present < epoch; present++) {
      await withFailures(this.#directory, () => raiseEpoch(this.#disk, this.#directory));
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#segments.close();
    this.#lock?.release();
    this.#lock?.close();
    return Promise.resolve();
  }
}

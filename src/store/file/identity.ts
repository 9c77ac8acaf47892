/**
 * Tells a journal from every other: by the hash of its first record, and by its epoch, the number of repairs that cut
 * records off. The epoch is kept in a file of the data directory; without one it is 0.
 */

import { type JournalIdentity, Unavailable } from "../../app/ports.ts";
import { type Disk, type FileIdentity, writeFile } from "./disk.ts";
import { ORIGIN, readFirstHash, segmentName } from "./segments.ts";

/** The file of the epoch, in the data directory. */
export const EPOCH_FILE = "epoch";

/** Reads a journal's identity. Every delivery of events asks for it, so the hash of the first record is read once and kept. */
export class IdentityReader {
  readonly #disk: Disk;
  readonly #directory: string;
  /** The hash of the first record, and the file as it was then: it only ever grows. */
  #first: { readonly hash: string; readonly file: FileIdentity } | undefined;

  constructor(disk: Disk, directory: string) {
    this.#disk = disk;
    this.#directory = directory;
  }

  /** The identity as it is now; undefined while the journal has no record. */
  read(): JournalIdentity | undefined {
    const path = `${this.#directory}/journal/${segmentName(ORIGIN.segment)}`;
    const file = this.#disk.identity(path);
    if (file === undefined) return undefined;
    if (this.#first?.file.inode !== file.inode || file.sizeBytes < this.#first.file.sizeBytes) {
      const hash = readFirstHash(this.#disk, path);
      if (hash === undefined) return undefined;
      this.#first = { hash, file };
    }
    return { id: this.#first.hash, epoch: readEpoch(this.#disk, this.#directory) };
  }

  /** To be called when the journal was replaced: its new file may have the inode of the old one. */
  forget(): void {
    this.#first = undefined;
  }
}

/**
 * Raises the epoch, durably. To be called before records are cut off: if nothing is cut off then, that does no harm.
 */
export function raiseEpoch(disk: Disk, directory: string): void {
  const path = `${directory}/${EPOCH_FILE}`;
  writeFile(disk, `${path}.new`, new TextEncoder().encode(`${readEpoch(disk, directory) + 1}\n`));
  disk.rename(`${path}.new`, path);
  disk.syncDirectory(directory);
}

function readEpoch(disk: Disk, directory: string): number {
  const bytes = disk.readFile(`${directory}/${EPOCH_FILE}`);
  if (bytes === undefined) return 0;
  const [digits] = /^\d{1,15}(?=\n$)/.exec(new TextDecoder().decode(bytes)) ?? [];
  if (digits !== undefined) return Number(digits);
  throw new Unavailable(
    "journal_damaged",
    `${directory}/${EPOCH_FILE} is damaged: it must be a whole number and a line feed. Write one into it that is larger ` +
      "than the number of repairs so far",
  );
}

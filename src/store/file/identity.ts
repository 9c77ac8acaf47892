/**
 * Tells a journal from every other: by the hash of its first record, and by its epoch, the number of repairs that cut
 * records off. The epoch is kept in a file of the data directory; without one it is 0.
 */

import { type JournalIdentity, Unavailable } from "../../app/ports.ts";
import { type Disk, writeFile } from "./disk.ts";
import { ORIGIN, readFirstHash, segmentName } from "./segments.ts";

/** The file of the epoch, in the data directory. */
export const EPOCH_FILE = "epoch";

/** Reads the identity of a journal; undefined while it has no record. */
export function readIdentity(disk: Disk, directory: string): JournalIdentity | undefined {
  const id = readFirstHash(disk, `${directory}/journal/${segmentName(ORIGIN.segment)}`);
  return id === undefined ? undefined : { id, epoch: readEpoch(disk, directory) };
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

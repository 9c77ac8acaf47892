/**
 * What an operator does to a data directory by hand: check the whole journal, and cut off what is damaged. Neither
 * ever loses a byte: what a repair takes away is in a folder that it names.
 */

import type { Fault, Position, Repair, Verification } from "../app/ports.ts";
import { type Disk, writeFile } from "./disk.ts";
import { lineNumberAt, ORIGIN, readSegments, segmentName, segmentNumbers } from "./segments.ts";
import { WriteLock } from "./write_lock.ts";

/** Reads the whole journal of a data directory and checks its hash chain. Changes nothing. */
export function verifyJournal(disk: Disk, directory: string): Verification {
  const journal = `${directory}/journal`;
  let end = ORIGIN;
  let lastAt: number | undefined;
  for (const chunk of readSegments(disk, journal, ORIGIN)) {
    end = chunk.position;
    lastAt = chunk.records.at(-1)?.at ?? lastAt;
    if (chunk.rest.type !== "none") {
      const isLast = !segmentNumbers(disk, journal).some((number) => number > end.segment);
      const isTorn = chunk.rest.type === "torn" && isLast;
      const why = chunk.rest.type === "fault" ? chunk.rest.why : `${chunk.rest.bytes} bytes of an unfinished record`;
      return { records: end.seq, ...(lastAt !== undefined && { lastAt }), end, fault: faultAt(end, why, isTorn) };
    }
  }
  const numbers = segmentNumbers(disk, journal);
  const isMissing = numbers.some((number) => number > end.segment);
  const missing = numbers.includes(end.segment) ? end.segment + 1 : end.segment;
  return {
    records: end.seq,
    ...(lastAt !== undefined && { lastAt }),
    end,
    ...(isMissing && { fault: faultAt({ ...end, segment: missing, offset: 0 }, "the file is missing", false) }),
  };

  function faultAt(position: Position, why: string, isTorn: boolean): Fault {
    const path = `${journal}/${segmentName(position.segment)}`;
    if (disk.identity(path) === undefined) return { path, line: 1, byte: 0, why, isTorn };
    const file = disk.open(path, "read");
    try {
      return { path, line: lineNumberAt(file, position.offset), byte: position.offset, why, isTorn };
    } finally {
      file.close();
    }
  }
}

/**
 * Cuts the journal after its last whole record, and sets the checkpoint aside, after copying everything it changes.
 *
 * @param now milliseconds since the Unix epoch, for the name of the folder
 */
export async function repairJournal(disk: Disk, directory: string, now: number): Promise<Repair> {
  const lock = new WriteLock(disk, `${directory}/lock`);
  await lock.acquire();
  try {
    const verification = verifyJournal(disk, directory);
    const { end } = verification;
    if (verification.fault === undefined && !isCheckpointAhead(disk, directory, end)) return { verification };
    const journal = `${directory}/journal`;
    const copies = `${directory}/repaired-${new Date(now).toISOString().replaceAll(/[:.]/g, "-")}`;
    disk.makeDirectory(copies);
    disk.syncDirectory(directory);
    const numbers = segmentNumbers(disk, journal);
    for (const name of ["tasks.json", "state.json"]) {
      if (disk.identity(`${directory}/${name}`) !== undefined) disk.rename(`${directory}/${name}`, `${copies}/${name}`);
    }
    // A later segment without a whole record goes as a whole: what is before it may be short of a full segment.
    const isKept = (number: number) => number < end.segment || (number === end.segment && isInside(end));
    // Later segments go first: a crash in between leaves damage that a second repair mends.
    for (const number of numbers.filter((number) => !isKept(number)).reverse()) {
      disk.rename(`${journal}/${segmentName(number)}`, `${copies}/${segmentName(number)}`);
    }
    if (numbers.includes(end.segment) && isInside(end)) cutSegment(disk, { directory: journal, copies, end });
    for (const changed of [copies, journal, directory]) disk.syncDirectory(changed);
    return { verification, copies };
  } finally {
    lock.close();
  }
}

/** Whether a position is not at the start of a segment that follows another. */
function isInside({ segment, offset }: Position): boolean {
  return offset > 0 || segment === ORIGIN.segment;
}

function cutSegment(
  disk: Disk,
  { directory, copies, end }: { directory: string; copies: string; end: Position },
): void {
  const path = `${directory}/${segmentName(end.segment)}`;
  writeFile(disk, `${copies}/${segmentName(end.segment)}`, disk.readFile(path) ?? new Uint8Array());
  disk.syncDirectory(copies);
  const file = disk.open(path, "append");
  try {
    file.truncate(end.offset);
    file.syncData();
  } finally {
    file.close();
  }
}

/** Whether the checkpoint stands for records that the journal does not have. */
function isCheckpointAhead(disk: Disk, directory: string, end: Position): boolean {
  const bytes = disk.readFile(`${directory}/state.json`);
  const seq = bytes && /"seq": *(\d+)/.exec(new TextDecoder().decode(bytes))?.[1];
  return seq !== undefined && Number(seq) > end.seq;
}

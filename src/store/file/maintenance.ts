/**
 * The operator's tools for a journal: `verify` checks all of it, `repair` cuts off a damaged end. No byte is ever lost: a
 * repair copies everything that it removes into a folder and names it.
 */

import { Unavailable } from "../../app/ports.ts";
import { GENESIS_HASH, leadingSeq, trailingHash } from "./codec.ts";
import { type Disk, writeFile } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import { raiseEpoch } from "./identity.ts";
import { isOlderTasksFile } from "./own_tasks_file.ts";
import { type CheckedRedaction, RedactionCheck, type Uncovered } from "./redaction_check.ts";
import { walkJournal } from "./segment_files.ts";
import { lineNumberAt, ORIGIN, type Rest, segmentName, segmentNumbers } from "./segments.ts";
import { freeName, timeInName } from "./set_aside.ts";
import { isInPlace, readStateFile, TASKS_FILE } from "./state_file.ts";
import { WriteLock } from "./write_lock.ts";

/** The result of checking a whole journal. */
export interface Verification {
  /** Whole records from the first one on. */
  readonly records: number;
  /** When the last of them was written, in milliseconds since the Unix epoch. */
  readonly lastAt?: number;
  /** Where the whole records end. */
  readonly end: FilePosition;
  /** The fault after them, if any. */
  readonly fault?: Fault;
  /** What was redacted, in order. Absent if nothing was. */
  readonly redactions?: readonly CheckedRedaction[];
  /** Whether the checkpoint may still have redacted texts. */
  readonly isCheckpointOlder?: true;
  /** The first redacted record that no redaction proves: it was changed since. The records around it are whole. */
  readonly changed?: Omit<Fault, "kind">;
}

export interface Fault {
  readonly path: string;
  /** 1-based. */
  readonly line: number;
  readonly byte: number;
  readonly why: string;
  /**
   * `torn`: an unfinished last record, which the next write cuts off. `newer`: written by a newer version of this
   * program. `damaged`: anything else.
   */
  readonly kind: "torn" | "newer" | "damaged";
}

/** The result of a repair. */
export interface Repair {
  readonly verification: Verification;
  /** The folder with copies of every changed file; undefined if there was nothing to repair. */
  readonly copies?: string;
}

/** Reads the whole journal of a data directory and checks its hash chain. Changes nothing. */
export function verifyJournal(disk: Disk, directory: string): Verification {
  const journal = `${directory}/journal`;
  // Read before the journal, to which others may append meanwhile.
  const expected = { segments: segmentNumbers(disk, journal), seq: checkpointSeq(disk, directory) };
  let end = ORIGIN;
  let lastAt: number | undefined;
  let rest: Rest = { type: "none" };
  const check = new RedactionCheck();
  for (const chunk of walkJournal(disk, directory)) {
    check.note(chunk);
    end = chunk.position;
    lastAt = chunk.records.at(-1)?.at ?? lastAt;
    rest = chunk.rest;
  }
  if (check.mustLook) {
    for (const { records } of walkJournal(disk, directory)) check.look(records);
  }
  const fault = findFault(disk, journal, { end, rest, expected });
  return {
    records: end.seq,
    ...(lastAt !== undefined && { lastAt }),
    end,
    ...(fault !== undefined && { fault }),
    ...redactionsIn(disk, directory, check),
  };
}

function redactionsIn(
  disk: Disk,
  directory: string,
  check: RedactionCheck,
): Pick<Verification, "redactions" | "isCheckpointOlder" | "changed"> {
  const { redactions, uncovered, lastSeq } = check;
  const file = readStateFile(disk, directory);
  const isOlder = lastSeq > 0 && file.type === "known" &&
    (file.state.position.seq < lastSeq || isOlderTasksFile(disk, `${directory}/${TASKS_FILE}`, file.state));
  return {
    ...(redactions.length > 0 && { redactions }),
    ...(isOlder && { isCheckpointOlder: true }),
    ...(uncovered !== undefined && { changed: changedAt(disk, `${directory}/journal`, uncovered) }),
  };
}

function changedAt(disk: Disk, journal: string, { segment, offset, record, by }: Uncovered): Omit<Fault, "kind"> {
  const path = `${journal}/${segmentName(segment)}`;
  const why = `record ${record} is marked as redacted by record ${by}, which does not say so`;
  return { path, line: lineAt(disk, path, offset), byte: offset, why };
}

/** Finds out what is wrong after the last whole record. */
function findFault(
  disk: Disk,
  journal: string,
  { end, rest, expected }: {
    readonly end: FilePosition;
    readonly rest: Rest;
    /** The existing segments, and the seq of the checkpoint. */
    readonly expected: { readonly segments: readonly number[]; readonly seq: number };
  },
): Fault | undefined {
  const hasLater = expected.segments.some((number) => number > end.segment);
  if (rest.type === "fault") return faultAt(end, rest.why, rest.isNewer ? "newer" : "damaged");
  if (expected.seq > end.seq) {
    return faultAt(end, `records up to ${expected.seq} are missing, for which state.json stands`, "damaged");
  }
  if (rest.type === "torn") {
    return faultAt(end, `${rest.bytes} bytes of an unfinished record`, hasLater ? "damaged" : "torn");
  }
  if (!hasLater) return undefined;
  const missing = expected.segments.includes(end.segment) ? end.segment + 1 : end.segment;
  return faultAt({ ...end, segment: missing, offset: 0 }, "the file is missing", "damaged");

  function faultAt(position: FilePosition, why: string, kind: Fault["kind"]): Fault {
    const path = `${journal}/${segmentName(position.segment)}`;
    if (disk.identity(path) === undefined) return { path, line: 1, byte: 0, why, kind };
    return { path, line: lineAt(disk, path, position.offset), byte: position.offset, why, kind };
  }
}

/** The number of the line at a byte of a file, from 1. */
function lineAt(disk: Disk, path: string, offset: number): number {
  const file = disk.open(path, "read");
  try {
    return lineNumberAt(file, offset);
  } finally {
    file.close();
  }
}

/**
 * Finds a record by its hash among the whole records of a journal that `verifyJournal` has checked; returns its seq,
 * undefined if it is not there, or not with the wanted seq.
 */
export function findHead(
  disk: Disk,
  directory: string,
  { wanted, end }: { readonly wanted: { readonly seq?: number; readonly hash: string }; readonly end: FilePosition },
): number | undefined {
  const found = wanted.hash === GENESIS_HASH ? 0 : seqOfHash(disk, `${directory}/journal`, { hash: wanted.hash, end });
  return wanted.seq === undefined || wanted.seq === found ? found : undefined;
}

/** Reads the hashes as they stand in the lines: the chain has been checked. */
function seqOfHash(
  disk: Disk,
  journal: string,
  { hash, end }: { readonly hash: string; readonly end: FilePosition },
): number | undefined {
  for (let segment = ORIGIN.segment; segment <= end.segment; segment++) {
    const bytes = disk.readFile(`${journal}/${segmentName(segment)}`) ?? new Uint8Array();
    const whole = segment === end.segment ? bytes.subarray(0, end.offset) : bytes;
    for (const line of new TextDecoder("latin1").decode(whole).split("\n")) {
      if (trailingHash(`${line}\n`) === hash) return leadingSeq(line);
    }
  }
  return undefined;
}

/** Where a fault is, for people. */
export function describePlace({ path, line, byte }: Omit<Fault, "kind">): string {
  return `${path}:${line} (byte ${byte})`;
}

/**
 * Cuts the journal after its last whole record, and moves the checkpoint away, after copying every file that it changes.
 *
 * @param now milliseconds since the Unix epoch, for the name of the folder
 */
export async function repairJournal(disk: Disk, directory: string, now: number): Promise<Repair> {
  const locks = ["checkpoint.lock", "lock"].map((name) => new WriteLock(disk, `${directory}/${name}`));
  try {
    for (const lock of locks) await lock.acquire();
    const verification = verifyJournal(disk, directory);
    const { end } = verification;
    if (verification.fault === undefined) return { verification };
    if (verification.fault.kind === "newer") {
      const { path, line, why } = verification.fault;
      throw new Unavailable(
        "newer_version",
        `There is nothing to repair: a newer version of this program wrote ${path} line ${line}: ${why}. ` +
          "Restart the MCP servers that are older than the journal; if they stay so, update this program",
      );
    }
    const journal = `${directory}/journal`;
    const copies = freeName(disk, `${directory}/repaired-${timeInName(now)}`);
    disk.makeDirectory(copies);
    // The journal directory may have been deleted.
    disk.makeDirectory(journal);
    disk.syncDirectory(directory);
    // The seqs of records that are cut off are given away again.
    raiseEpoch(disk, directory);
    const numbers = segmentNumbers(disk, journal);
    // If no record is left, tasks.json is the last copy of the tasks, and the next start imports it.
    for (const name of end.seq === 0 ? ["state.json"] : ["tasks.json", "state.json"]) {
      if (disk.identity(`${directory}/${name}`) !== undefined) disk.rename(`${directory}/${name}`, `${copies}/${name}`);
    }
    // Also removes a segment without a whole record, as the one before it may not be full.
    const isKept = (number: number) => number < end.segment || (number === end.segment && isInside(end));
    // Later segments first: a crash in between leaves damage that a second repair can cut off.
    for (const number of numbers.filter((number) => !isKept(number)).reverse()) {
      disk.rename(`${journal}/${segmentName(number)}`, `${copies}/${segmentName(number)}`);
    }
    if (numbers.includes(end.segment) && isInside(end)) cutSegment(disk, { directory: journal, copies, end });
    for (const changed of [copies, journal, directory]) disk.syncDirectory(changed);
    return { verification, copies };
  } finally {
    for (const lock of locks) lock.close();
  }
}

/** Whether a position is inside its segment, or in the first one. */
function isInside({ segment, offset }: FilePosition): boolean {
  return offset > 0 || segment === ORIGIN.segment;
}

function cutSegment(
  disk: Disk,
  { directory, copies, end }: { directory: string; copies: string; end: FilePosition },
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

/**
 * The seq that the journal must reach: that of the checkpoint; 0 in a copy of a data directory, whose files may be of
 * different ages.
 */
function checkpointSeq(disk: Disk, directory: string): number {
  const file = readStateFile(disk, directory);
  return file.type === "known" && isInPlace(disk, directory, file.state) ? file.state.position.seq : 0;
}

/**
 * Compares the checkpoint of a data directory with the journal beside it: it can be used, must be left alone, or belongs
 * to another journal. Throws if the journal lacks records that the checkpoint has. Changes nothing.
 */

import { Unavailable } from "../../app/ports.ts";
import { RESTART } from "./codec.ts";
import { type Disk, readChunks } from "./disk.ts";
import type { FilePosition } from "./file_position.ts";
import { findPosition, relocate } from "./find_position.ts";
import {
  endsAt,
  LINE_FEED,
  ORIGIN,
  type SegmentChunk,
  segmentName,
  segmentNumbers,
  startOfSegment,
} from "./segments.ts";
import { walkJournal } from "./segment_files.ts";
import { type CheckpointState, isInPlace, readStateFile, STATE_FILE, TASKS_FILE } from "./state_file.ts";

/** The result of the comparison. */
export type Standing =
  /** The journal has the last record of the checkpoint: it can be used. */
  | { readonly type: "held"; readonly state: CheckpointState }
  /** A newer version of this program wrote the checkpoint: leave it alone. */
  | { readonly type: "newer"; readonly version: number }
  /** Leave the checkpoint alone: the journal is empty, or reading it will report what is wrong. */
  | { readonly type: "untouched" }
  /** There is no `state.json`. */
  | { readonly type: "none" }
  /** The checkpoint cannot be used with this journal. */
  | { readonly type: "useless"; readonly why: string };

/**
 * Compares the checkpoint of a data directory with its journal.
 *
 * @throws Unavailable `journal_damaged` if the journal lacks records that the checkpoint has
 * @throws Unavailable `newer_version` if a newer version wrote the checkpoint and the journal is empty: only that version
 * can tell whether records are missing
 */
export function judgeCheckpoint(disk: Disk, directory: string): Standing {
  const file = readStateFile(disk, directory);
  const isEmpty = isJournalEmpty(disk, directory);
  switch (file.type) {
    case "none":
      return { type: isEmpty ? "untouched" : "none" };
    case "damaged":
      return isEmpty ? { type: "untouched" } : { type: "useless", why: `is damaged: ${file.why}` };
    case "newer":
      if (isEmpty) throw newerThanNothing(`${directory}/${STATE_FILE}`, file.version);
      return file;
    case "known":
      return judgeState(disk, directory, file.state);
  }
}

/** Whether the journal of a data directory has no whole record. */
export function isJournalEmpty(disk: Disk, directory: string): boolean {
  for (const bytes of readChunks(disk, `${directory}/journal/${segmentName(ORIGIN.segment)}`)) {
    if (bytes.includes(LINE_FEED)) return false;
  }
  return true;
}

/** Whether the record of a position is in its segment, also at another offset. Its hash covers all records before it. */
export function hasRecordAt(disk: Disk, directory: string, position: FilePosition): boolean {
  return position.seq === 0 || isThere(disk, directory, position) ||
    relocate(disk, `${directory}/journal`, position) !== undefined;
}

function isThere(disk: Disk, directory: string, position: FilePosition): boolean {
  const path = `${directory}/journal/${segmentName(position.segment)}`;
  const sizeBytes = disk.identity(path)?.sizeBytes;
  if (sizeBytes === undefined || sizeBytes < position.offset) return false;
  const file = disk.open(path, "read");
  try {
    return endsAt(file, position);
  } finally {
    file.close();
  }
}

function judgeState(disk: Disk, directory: string, state: CheckpointState): Standing {
  const { found, position = state.position } = findPosition(disk, `${directory}/journal`, state.position);
  if (found === "held") return { type: "held", state: { ...state, position } };
  if (found === "other") return { type: "useless", why: "belongs to another journal" };
  const { position: { seq }, rest } = readToEnd(disk, directory, state.position.segment);
  // The journal is damaged or of a newer version: reading it reports which, and where.
  if (rest.type === "fault") return { type: "untouched" };
  if (isInPlace(disk, directory, state)) throw recordsMissing(directory, state.position.seq, seq);
  if (isJournalEmpty(disk, directory)) return { type: "untouched" };
  const why = `stands for record ${state.position.seq}, but the journal ends at record ${seq}, as in a copy whose ` +
    "files were copied at different times";
  return { type: "useless", why };
}

/** Reads to the end of the journal, from the last segment up to `segment` that starts with a record. */
function readToEnd(disk: Disk, directory: string, segment: number): Pick<SegmentChunk, "position" | "rest"> {
  const journal = `${directory}/journal`;
  const start = segmentNumbers(disk, journal)
    .filter((number) => number <= segment)
    .map((number) => startOfSegment(disk, journal, number))
    .findLast((position) => position !== undefined) ?? ORIGIN;
  let end: Pick<SegmentChunk, "position" | "rest"> = { position: start, rest: { type: "none" } };
  for (const chunk of walkJournal(disk, directory, start)) end = chunk;
  return end;
}

/** A checkpoint holds only durable records: so records that were answered are missing. */
function recordsMissing(directory: string, expected: number, seq: number): Unavailable {
  const nextStep = seq > 0
    ? "stop the servers and run the repair command, which goes on with what is left after keeping a copy"
    : `stop the servers, move ${directory}/${STATE_FILE} away and start again, which imports the tasks in ` +
      `${TASKS_FILE} without their history`;
  return new Unavailable(
    "journal_damaged",
    `The journal is damaged: ${directory}/journal can be read up to record ${seq}, but ${directory}/${STATE_FILE} was ` +
      `written when it had ${expected}, and ${TASKS_FILE} is still the file of that time: records are missing. ` +
      `Nothing was changed. Put the journal back from a backup; or ${nextStep}`,
  );
}

function newerThanNothing(path: string, version: number): Unavailable {
  return new Unavailable(
    "newer_version",
    `A newer version of this program wrote ${path} (version ${version}), and the journal beside it is empty: only ` +
      `that version can tell whether records are missing. Nothing was changed. ${RESTART}`,
  );
}

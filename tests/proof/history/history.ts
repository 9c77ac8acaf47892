/** What is known of a run afterwards: the journal, and what was asked and answered. */

import { Unavailable } from "../../../src/app/ports.ts";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import type { Snapshot } from "../../../src/core/state/snapshot.ts";
import { CheckpointFiles } from "../../../src/store/file/checkpoint_files.ts";
import type { Disk } from "../../../src/store/file/disk.ts";
import { type Verification, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { walkJournal } from "../../../src/store/file/segment_files.ts";
import { RecordingLog } from "../../support/log.ts";
import type { Call } from "./call_log.ts";

export interface History {
  /** In order. */
  readonly records: readonly JournalRecord[];
  readonly calls: readonly Call[];
  /** By how much the clock that all processes share was set during the run, in milliseconds. Default: 0. */
  readonly clockStepMs?: number;
  /**
   * Whether a process may have found the record of a call after it lost the answer of the store: then the engine answers from
   * the state that it found, in which others may have written meanwhile.
   */
  readonly losesAnswers?: true;
}

/** What a checkpoint stands for. */
export interface Checkpoint {
  readonly snapshot: Snapshot;
  readonly position: { readonly seq: number };
}

/** What is wrong with a history, and what to look at. */
export interface Violation {
  readonly complaint: string;
  readonly seqs: readonly number[];
  readonly calls: readonly Call[];
}

/** The actor of what happens because its time has come. */
export const SWEEPER = "orchestrator";

/** All that can be checked. */
export interface Remains {
  readonly history: History;
  readonly verification: Verification;
  readonly checkpoint: Checkpoint | undefined;
  /** Why no process can start from what is left, if none can. */
  readonly unusable?: string;
}

/** Reads a data directory that nobody uses any more. `calls` is what was asked of those who did. */
export async function readRemains(
  { disk, directory, ...run }: { readonly disk: Disk; readonly directory: string } & Omit<History, "records">,
): Promise<Remains> {
  const verification = verifyJournal(disk, directory);
  const records = Array.from(walkJournal(disk, directory)).flatMap((chunk) => chunk.records);
  const checkpoints = new CheckpointFiles({ directory, disk, now: Date.now, log: new RecordingLog() });
  const loaded = await loadFrom(checkpoints);
  checkpoints.close();
  return { history: { records, ...run }, verification, ...loaded };
}

/** What the next process would start from, or why it could not. */
async function loadFrom(checkpoints: CheckpointFiles): Promise<Pick<Remains, "checkpoint" | "unusable">> {
  try {
    return { checkpoint: await checkpoints.load() };
  } catch (error) {
    if (!(error instanceof Unavailable)) throw error;
    return { checkpoint: undefined, unusable: error.message };
  }
}

/** The record of each call that has one (the first, if there are more), by the call's name. */
export function recordsByCall({ records }: History): ReadonlyMap<string, JournalRecord> {
  const byCall = new Map<string, JournalRecord>();
  for (const record of records) if (!byCall.has(record.actor)) byCall.set(record.actor, record);
  return byCall;
}

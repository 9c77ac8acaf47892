/** What is known of a torture run afterwards: the journal, and what the workers said of their calls. */

import type { Verification } from "../../src/app/ports.ts";
import type { JournalRecord } from "../../src/core/events.ts";
import type { Snapshot } from "../../src/core/snapshot.ts";
import { CheckpointFiles } from "../../src/store/checkpoint_files.ts";
import { realDisk } from "../../src/store/disk.ts";
import { verifyJournal } from "../../src/store/maintenance.ts";
import { ORIGIN, readSegments } from "../../src/store/segments.ts";
import { RecordingLog } from "../support/log.ts";
import { type Call, parseCalls } from "./call_log.ts";

export interface History {
  /** In order. */
  readonly records: readonly JournalRecord[];
  readonly calls: readonly Call[];
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

/** What a run leaves behind. */
export interface Remains {
  readonly history: History;
  readonly verification: Verification;
  readonly checkpoint: Checkpoint | undefined;
}

/** Reads a data directory, and the files of a directory with what workers said. */
export async function readRemains(data: string, logs: string): Promise<Remains> {
  const verification = verifyJournal(realDisk, data);
  const records = Array.from(readSegments(realDisk, `${data}/journal`, ORIGIN)).flatMap((chunk) => chunk.records);
  const calls = Array.from(Deno.readDirSync(logs), ({ name }) => parseCalls(Deno.readTextFileSync(`${logs}/${name}`)));
  const checkpoints = new CheckpointFiles({ directory: data, disk: realDisk, now: Date.now, log: new RecordingLog() });
  const checkpoint = await checkpoints.load();
  checkpoints.close();
  return { history: { records, calls: calls.flat() }, verification, checkpoint };
}

/** The record of each call that has one (the first, if there are more), by the call's name. */
export function recordsByCall({ records }: History): ReadonlyMap<string, JournalRecord> {
  const byCall = new Map<string, JournalRecord>();
  for (const record of records) if (!byCall.has(record.actor)) byCall.set(record.actor, record);
  return byCall;
}

/** Whether a checkpoint is what the records up to its place come to. */

import { isDeepStrictEqual } from "node:util";
import { evolveRecord } from "../../../src/core/state/evolve.ts";
import { snapshotOf } from "../../core/snapshot.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import type { Checkpoint, History, Violation } from "./history.ts";

export function checkCheckpoint(checkpoint: Checkpoint | undefined, { records }: History): readonly Violation[] {
  if (checkpoint === undefined) return [{ complaint: "there is no usable checkpoint", seqs: [], calls: [] }];
  const { snapshot, position: { seq } } = checkpoint;
  const state = emptyState();
  for (const record of records.slice(0, seq)) evolveRecord(state, record);
  const expected = JSON.parse(JSON.stringify(snapshotOf(state)));
  const found = JSON.parse(JSON.stringify(snapshot));
  const wrong = Object.keys(expected).filter((part) => !isDeepStrictEqual(expected[part], found[part]));
  if (wrong.length === 0) return [];
  return [{ complaint: `the checkpoint of record ${seq} has other ${wrong.join(", ")}`, seqs: [seq], calls: [] }];
}

/** Whether the journal is whole: every record there, in its place, as its hash says. */

import type { Verification } from "../../../src/store/file/maintenance.ts";
import type { History, Violation } from "./history.ts";

export function checkJournal({ records, end, fault, changed }: Verification, history: History): readonly Violation[] {
  if (fault !== undefined) {
    const { path, line, why, kind } = fault;
    return [{ complaint: `the journal is ${kind} at ${path} line ${line}: ${why}`, seqs: [end.seq], calls: [] }];
  }
  if (changed !== undefined) return [{ complaint: changed.why, seqs: [], calls: [] }];
  const misplaced = history.records.find(({ seq }, index) => seq !== index + 1);
  if (misplaced !== undefined) {
    return [{ complaint: `record ${misplaced.seq} is not in its place`, seqs: [misplaced.seq], calls: [] }];
  }
  if (records === history.records.length) return [];
  return [{
    complaint: `${records} records verify, ${history.records.length} can be read`,
    seqs: [end.seq],
    calls: [],
  }];
}

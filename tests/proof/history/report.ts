/** What a violation looks like to whoever has to find its cause: the complaint, and the records and calls around it. */

import { type JournalRecord, taskIdsOf } from "../../../src/core/messages/events.ts";
import type { Call } from "./call_log.ts";
import type { History, Violation } from "./history.ts";

/** How many records before and after those of the violation are shown, and how many of the same tasks before. */
const AROUND = 2;
const OF_TASKS = 8;

/** Longest line, in characters. */
const MAX_LINE_CHARACTERS = 600;

/** Lines that say what is wrong and what led to it. */
export function describeViolation(violation: Violation, history: History): readonly string[] {
  const records = recordsAround(violation, history);
  const named = new Set(records.map(({ actor }) => actor));
  const calls = new Set([...violation.calls, ...history.calls.filter(({ call }) => named.has(call))]);
  const byStart = [...calls].sort((a, b) => a.at - b.at);
  const first = byStart[0]?.at ?? 0;
  return [
    ...violation.complaint.split("\n"),
    "records:",
    ...records.map(describeRecord),
    "calls, in milliseconds since the first of these:",
    ...byStart.map((call) => describeCall(call, first)),
  ].map((line) => line.slice(0, MAX_LINE_CHARACTERS));
}

/** Those of the violation, their neighbours, and the last ones before them that speak of the same tasks. */
function recordsAround({ seqs, calls }: Violation, { records }: History): readonly JournalRecord[] {
  const own = seqs.map((seq) => records[seq - 1]).filter((record) => record !== undefined);
  const near = (seq: number) => seqs.some((wanted) => Math.abs(wanted - seq) <= AROUND);
  const asked = calls.map(({ request }) => "id" in request ? request.id : undefined);
  const tasks = new Set([...own.flatMap(idsOf), ...asked]);
  const last = Math.max(...seqs);
  const related = records.filter((record) => record.seq < last && idsOf(record).some((id) => tasks.has(id)));
  const shown = new Set([...related.slice(-OF_TASKS), ...records.filter(({ seq }) => near(seq))]);
  return [...shown].sort((a, b) => a.seq - b.seq);
}

function idsOf({ events }: JournalRecord): readonly string[] {
  return events.flatMap(taskIdsOf);
}

function describeRecord({ seq, at, actor, command, events }: JournalRecord): string {
  return `  ${seq} at ${at} ${actor} ${command} ${JSON.stringify(events)}`;
}

function describeCall({ call, at, seq, request, end }: Call, first: number): string {
  const asked = `  ${(at - first).toFixed(3)} ${call} knowing ${seq} ${JSON.stringify(request)}`;
  if (end === undefined) return `${asked}: never answered`;
  const { at: endedAt, seq: known, journalAt, outcome } = end;
  return `${asked}: at ${(endedAt - first).toFixed(3)} knowing ${known}, its journal at ${journalAt}, ${
    JSON.stringify(outcome)
  }`;
}

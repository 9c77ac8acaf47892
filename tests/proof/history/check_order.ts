/**
 * Whether the order of the journal is that of real time: what was asked for after an answer comes after all that the
 * answer can have known, and a read is never older than what was acknowledged before it, by any process.
 */

import { type History, recordsByCall, type Violation } from "./history.ts";
import type { Call } from "./call_log.ts";

/** How exact times of the shared clock are: whole milliseconds. */
const CLOCK_MARGIN_MS = 2;

/** An answer, and the last record that must have been there when it was given. */
interface Knowledge {
  readonly call: Call;
  readonly at: number;
  readonly seq: number;
}

export function checkOrder(history: History): readonly Violation[] {
  const written = recordsByCall(history);
  // While the clock was set back, what came later seems to have come before.
  const marginMs = CLOCK_MARGIN_MS + (history.clockStepMs ?? 0);
  const answers = history.calls.flatMap((call): Knowledge[] => {
    const { end } = call;
    if (end === undefined || end.outcome.type === "unavailable") return [];
    return [{ call, at: end.at, seq: Math.max(written.get(call.call)?.seq ?? 0, end.seq) }];
  }).sort((a, b) => a.at - b.at);
  const violations: Violation[] = [];
  let next = 0;
  let newest: Knowledge | undefined;
  for (const call of history.calls.toSorted((a, b) => a.at - b.at)) {
    for (let answer = answers[next]; answer !== undefined; answer = answers[++next]) {
      if (answer.at + marginMs >= call.at) break;
      if (answer.seq > (newest?.seq ?? 0)) newest = answer;
    }
    if (newest !== undefined) violations.push(...complaintsOf(call, newest, written.get(call.call)?.seq));
  }
  return violations;
}

/** `seq` is that of the call's record, if it has one. */
function complaintsOf(call: Call, before: Knowledge, seq: number | undefined): readonly Violation[] {
  const known = `${before.call.call} was answered with record ${before.seq} before ${call.call} was asked`;
  if (seq !== undefined && seq <= before.seq) {
    return [{ complaint: `${known}, which became record ${seq}`, seqs: [seq, before.seq], calls: [before.call, call] }];
  }
  const { end } = call;
  if (seq !== undefined || end === undefined || end.outcome.type === "unavailable" || end.seq >= before.seq) return [];
  return [{
    complaint: `${known}, which was answered as of record ${end.seq}`,
    seqs: [end.seq, before.seq],
    calls: [before.call, call],
  }];
}

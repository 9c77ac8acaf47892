/**
 * Whether every acknowledged call is in the journal exactly once, every other one at most once, and nothing that nobody
 * asked for. A call is told by its record's actor. Which answers leave no record is for the replay to say; here it is
 * asked only of commands that always leave one.
 */

import type { JournalRecord } from "../../../src/core/messages/events.ts";
import type { Call } from "./call_log.ts";
import { type History, SWEEPER, type Violation } from "./history.ts";

/** Commands whose success is always written. */
const ALWAYS_WRITTEN: ReadonlySet<string> = new Set([
  "create_tasks",
  "report_progress",
  "register_instance",
  "create_group",
  "delete_task",
  "delete_group",
]);

/** What a process does of itself. */
const OF_ITSELF: ReadonlySet<string> = new Set(["sweep", "disable_webhook"]);

export function checkOnce({ records, calls }: History): readonly Violation[] {
  const byName = new Map(calls.map((call) => [call.call, call]));
  const found = new Map<string, JournalRecord[]>();
  const violations: Violation[] = [];
  for (const record of records) {
    if (record.actor === SWEEPER && OF_ITSELF.has(record.command)) continue;
    const call = byName.get(record.actor);
    if (call?.request.type !== record.command) violations.push(unasked(record, call));
    found.set(record.actor, [...found.get(record.actor) ?? [], record]);
  }
  for (const call of calls) {
    const complaint = complaintOf(call, found.get(call.call)?.length ?? 0);
    if (complaint === undefined) continue;
    violations.push({ complaint, seqs: (found.get(call.call) ?? []).map(({ seq }) => seq), calls: [call] });
  }
  return violations;
}

function unasked({ seq, actor, command }: JournalRecord, call: Call | undefined): Violation {
  return {
    complaint: `nobody asked for record ${seq}, ${command} of ${actor}`,
    seqs: [seq],
    calls: call === undefined ? [] : [call],
  };
}

function complaintOf({ call, request, end }: Call, count: number): string | undefined {
  if (count > 1) return `${call} is in the journal ${count} times`;
  if (end === undefined) return undefined;
  const { outcome } = end;
  if (outcome.type === "answered" && count === 0 && ALWAYS_WRITTEN.has(request.type)) {
    return `${call} was acknowledged, and is not in the journal`;
  }
  if (outcome.type === "unavailable" && !outcome.mayHaveHappened && count > 0) {
    return `${call} was told that nothing was changed, and is in the journal`;
  }
  return undefined;
}

/**
 * Whether each attempt has one holder, no attempt of an id is ever used again, even by a later task with that id, and a
 * call that spoke for an attempt did nothing to another one. Asks nothing of the program's own rules.
 */

import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import type { Call } from "./call_log.ts";
import type { History, Violation } from "./history.ts";

/** What is known of an id: its newest attempt, and whether that one is held. It is kept when its task is deleted. */
interface Known {
  readonly attempt: number;
  readonly holder: string;
  readonly isHeld: boolean;
  readonly seq: number;
}

export function checkAttempts({ records, calls }: History): readonly Violation[] {
  const tasks = new Map<string, Known>();
  const byName = new Map(calls.map((call) => [call.call, call]));
  const violations: Violation[] = [];
  for (const record of records) {
    const { seq, events } = record;
    const call = byName.get(record.actor);
    if (call !== undefined) violations.push(...unfenced(record, call));
    for (const event of events) {
      for (const { complaint, since } of apply(tasks, event, seq)) {
        violations.push({ complaint: `record ${seq}: ${complaint}`, seqs: [since, seq], calls: [] });
      }
    }
  }
  return violations;
}

/** What a call did to an attempt that it did not speak for, or that its instance did not hold. */
function unfenced({ seq, events }: JournalRecord, call: Call): readonly Violation[] {
  const { request } = call;
  if (!("id" in request) || !("instance" in request) || request.type === "claim_task") return [];
  // These speak for no attempt.
  if (request.type === "cancel_task" || request.type === "add_note") return [];
  return events.flatMap((event): readonly Violation[] => {
    if (!("attempt" in event) || event.id !== request.id) return [];
    const { instance, attempt } = event;
    if (request.instance === instance && (request.attempt ?? attempt) === attempt) return [];
    const complaint =
      `record ${seq}: ${call.call} spoke as ${request.instance} for attempt ${request.attempt}, and did ` +
      `${event.type} to attempt ${attempt} of ${instance}`;
    return [{ complaint, seqs: [seq], calls: [call] }];
  });
}

interface Complaint {
  readonly complaint: string;
  /** Seq of the record that it contradicts. */
  readonly since: number;
}

function apply(tasks: Map<string, Known>, event: Event, seq: number): readonly Complaint[] {
  const complaints: Complaint[] = [];
  switch (event.type) {
    case "task.claimed":
      return claimed(tasks, event, seq);
    case "task.progressed":
    case "task.released":
    case "task.failed":
    case "attempt.ended":
    case "task.completed": {
      complaints.push(...spokenFor(tasks, event, seq));
      if (event.type !== "task.progressed") end(tasks, event.id);
      return complaints;
    }
    case "tasks.created":
    case "tasks.imported":
      for (const { id, attempt = 0 } of event.tasks) complaints.push(...started(tasks, { id, attempt, seq }));
      return complaints;
    case "task.deleted":
    case "task.cancelled":
      end(tasks, event.id);
      return [];
    case "tasks.abandoned":
      for (const { id } of event.tasks) end(tasks, id);
      return [];
    default:
      return [];
  }
}

/** A new task with the id of a deleted one must start at its last attempt or above. */
function started(
  tasks: Map<string, Known>,
  { id, attempt, seq }: { readonly id: string; readonly attempt: number; readonly seq: number },
): readonly Complaint[] {
  const known = tasks.get(id);
  tasks.set(id, { attempt, holder: "nobody", isHeld: false, seq });
  if (known === undefined || attempt >= known.attempt) return [];
  const complaint = `${id} starts again at attempt ${attempt}, and an earlier task was at attempt ${known.attempt}`;
  return [{ complaint, since: known.seq }];
}

function claimed(
  tasks: Map<string, Known>,
  { id, instance, attempt }: Extract<Event, { type: "task.claimed" }>,
  seq: number,
): readonly Complaint[] {
  const known = tasks.get(id);
  const before = known?.attempt ?? 0;
  tasks.set(id, { attempt, holder: instance, isHeld: true, seq });
  const since = known?.seq ?? seq;
  const complaints: Complaint[] = [];
  if (known?.isHeld === true) {
    complaints.push({ complaint: `${instance} claimed ${id}, which ${known.holder} held`, since });
  }
  if (attempt !== before + 1) {
    complaints.push({ complaint: `attempt ${attempt} of ${id} followed attempt ${before}`, since });
  }
  return complaints;
}

/** A result of an attempt that had expired is taken, as long as no other followed; nothing else is. */
function spokenFor(
  tasks: Map<string, Known>,
  event: Extract<Event, { readonly attempt: number; readonly id: string }>,
  seq: number,
): readonly Complaint[] {
  const known = tasks.get(event.id);
  const { id, instance, attempt, type } = event;
  const isHolder = known?.attempt === attempt && known.holder === instance;
  if (isHolder && (known.isHeld || type === "task.completed")) return [];
  const holder = known === undefined ? "nobody" : `${known.holder} at attempt ${known.attempt}`;
  return [{
    complaint: `${type} of ${id} by ${instance} at attempt ${attempt}, which was of ${holder}`,
    since: known?.seq ?? seq,
  }];
}

function end(tasks: Map<string, Known>, id: string): void {
  const known = tasks.get(id);
  if (known !== undefined) tasks.set(id, { ...known, isHeld: false });
}

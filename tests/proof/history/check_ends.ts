/**
 * Whether each task ends once: nothing ends it again, in the same record or later, before it is retried, and only what has
 * ended is archived. (That an attempt
 * ends once is for `check_attempts.ts`.) Asks nothing of the program's own rules.
 */

import type { Event, JournalRecord } from "../../../src/core/messages/events.ts";
import type { Violation } from "./history.ts";

export function checkEnds({ records }: { readonly records: readonly JournalRecord[] }): readonly Violation[] {
  /** Seq of the record in which each task ended that has not been retried since. */
  const over = new Map<string, number>();
  const violations: Violation[] = [];
  for (const { seq, events } of records) {
    for (const event of events) {
      if (event.type === "tasks.archived") violations.push(...openAmong(event.tasks, over, seq));
      for (const id of reopenedBy(event)) over.delete(id);
      const ends = endedBy(event);
      for (const id of event.type === "task.overdue" ? [event.id] : ends) {
        const before = over.get(id);
        if (before === undefined) continue;
        const complaint = `record ${seq}: ${event.type} of ${id}, which ended in record ${before}`;
        violations.push({ complaint, seqs: [before, seq], calls: [] });
      }
      for (const id of ends) over.set(id, seq);
    }
  }
  return violations;
}

function openAmong(archived: readonly string[], over: ReadonlyMap<string, number>, seq: number): readonly Violation[] {
  return archived.filter((id) => !over.has(id)).map((id) => {
    return { complaint: `record ${seq}: ${id} is archived, and has not ended`, seqs: [seq], calls: [] };
  });
}

function endedBy(event: Event): readonly string[] {
  switch (event.type) {
    case "tasks.imported":
      return event.tasks.filter(({ status }) => status !== "pending" && status !== "in_progress").map(({ id }) => id);
    case "task.completed":
    case "task.failed":
    case "task.cancelled":
      return [event.id];
    case "attempt.ended":
      return event.isLast === true ? [event.id] : [];
    case "tasks.skipped":
    case "tasks.abandoned":
      return event.tasks.map(({ id }) => id);
    default:
      return [];
  }
}

function reopenedBy(event: Event): readonly string[] {
  if (event.type === "tasks.archived") return event.tasks;
  return event.type === "task.retried" || event.type === "task.deleted" ? [event.id] : [];
}

/** What an event says of the row of its task. */

import type { Notification } from "../api/types.ts";
import type { PlanTable } from "../plan/plan_table.ts";
import { FLAG_NOTES, FLAG_OVERDUE, type Status, STATUS_CODE } from "../plan/statuses.ts";

const STATUS_AFTER: Readonly<Record<string, Status>> = {
  "task.ready": "ready",
  "task.claimed": "in_progress",
  "task.completed": "completed",
  "task.failed": "failed",
  "task.cancelled": "cancelled",
  "task.skipped": "skipped",
};

/** Changes the row of the event's task; returns it, or undefined if nothing changed. Events already read change nothing. */
export function applyEvent(table: PlanTable, { id, type, subject, data, time }: Notification): number | undefined {
  const row = subject === undefined || !type.startsWith("task.") ? undefined : table.rowOf(subject);
  if (row === undefined || Number.parseInt(id) <= table.seq) return undefined;
  const status = STATUS_AFTER[type];
  if (status !== undefined) table.status[row] = STATUS_CODE[status];
  switch (type) {
    case "task.claimed":
      if (typeof data["attempt"] === "number") table.attempt[row] = data["attempt"];
      if (typeof data["instance"] === "string") table.setHolder(row, data["instance"]);
      table.started[row] = Date.parse(time);
      table.percent[row] = -1;
      return row;
    case "task.progressed":
      if (typeof data["percent"] === "number") table.percent[row] = data["percent"];
      return row;
    case "task.completed":
    case "task.failed":
    case "task.cancelled":
    case "task.skipped":
      table.finished[row] = Date.parse(time);
      return row;
    case "task.noted":
      table.flags[row] = (table.flags[row] ?? 0) | FLAG_NOTES;
      return row;
    case "task.overdue":
      table.flags[row] = (table.flags[row] ?? 0) | FLAG_OVERDUE;
      return row;
    default:
      return status === undefined ? undefined : row;
  }
}

/** What rows and cards say of a task beside its texts. */

import type { PlanTable } from "../../plan/plan_table.ts";
import { FLAG_NOTES, FLAG_OVERDUE, PRIORITIES, type Status, STATUS_CODE, STATUSES } from "../../plan/statuses.ts";

interface RowProps {
  readonly table: PlanTable;
  readonly row: number;
}

export function statusOf(table: PlanTable, row: number): Status {
  return STATUSES[table.status[row] ?? 0] ?? "ready";
}

/** Another priority than normal. */
export function PriorityMark({ table, row }: RowProps) {
  const priority = PRIORITIES[table.priority[row] ?? 1] ?? "normal";
  return priority === "normal" ? null : <span class={`badge priority-${priority}`}>{priority}</span>;
}

/** How far a running task has come. */
export function PercentMark({ table, row }: RowProps) {
  const percent = table.percent[row] ?? -1;
  if (percent < 0 || table.status[row] !== STATUS_CODE.in_progress) return null;
  return (
    <span class="percent">
      <progress max={100} value={percent} aria-label={`${percent} % done`} />
      {Math.round(percent)} %
    </span>
  );
}

/** Overdue, and with notes. */
export function Flags({ table, row }: RowProps) {
  const flags = table.flags[row] ?? 0;
  return (
    <>
      {(flags & FLAG_OVERDUE) !== 0 && <span class="badge danger">overdue</span>}
      {(flags & FLAG_NOTES) !== 0 && <span class="badge">notes</span>}
    </>
  );
}

/** The columns of the table, and what each shows of a row. */

import type { ComponentChildren } from "preact";
import type { PlanTable } from "../../plan/plan_table.ts";
import { SORT_NAMES, type SortField } from "../../plan/row_sort.ts";
import { StatusMark } from "../../ui/status.tsx";
import { Time } from "../../ui/time.tsx";
import { Flags, PercentMark, PriorityMark, statusOf } from "../tasks/row_marks.tsx";

/** How much room there is: each shows the columns of the smaller ones, too. */
export type Room = "narrow" | "medium" | "wide" | "full";

export interface Column {
  readonly field: SortField;
  readonly label: string;
  /** Whether there is no room for the label. */
  readonly isLabelHidden?: true;
  readonly cell: (table: PlanTable, row: number) => ComponentChildren;
}

const STATUS = column("status", (table, row) => <StatusMark status={statusOf(table, row)} />);
const ID = column("id", (table, row) => <span class="id">{table.ids[row]}</span>);
const TITLE = column("title", (table, row) => (
  <>
    <Flags table={table} row={row} />
    {table.title[row]}
  </>
));
const GROUP = column("group", (table, row) => table.groupOf(row));
const PRIORITY = column("priority", (table, row) => <PriorityMark table={table} row={row} />);
const HOLDER = column("holder", (table, row) => table.holderOf(row));
const PERCENT = column("percent", (table, row) => <PercentMark table={table} row={row} />);
const ATTEMPT = column("attempt", (table, row) => table.attempt[row] || "");
const CREATED = column("created", (table, row) => timeCell(table.created[row]), "Created");
const FINISHED = column("finished", (table, row) => timeCell(table.finished[row]), "Ended");
const DEADLINE = column("deadline", (table, row) => timeCell(table.deadline[row]));

/** Id and title in one cell of two lines. */
const STACKED: Column = {
  ...ID,
  label: "Task",
  cell: (table, row) => (
    <span class="stacked">
      {ID.cell(table, row)}
      <span class="quiet">{TITLE.cell(table, row)}</span>
    </span>
  ),
};

const PRIORITY_AND_PERCENT: Column = {
  ...PRIORITY,
  cell: (table, row) => (
    <span class="stacked">
      <PriorityMark table={table} row={row} />
      <PercentMark table={table} row={row} />
    </span>
  ),
};

const STATUS_GLYPH: Column = {
  ...STATUS,
  isLabelHidden: true,
  cell: (table, row) => <StatusMark status={statusOf(table, row)} word={false} />,
};

export const COLUMNS: Readonly<Record<Room, readonly Column[]>> = {
  narrow: [STATUS_GLYPH, STACKED, PRIORITY_AND_PERCENT],
  medium: [STATUS, ID, TITLE, GROUP, PRIORITY, HOLDER, PERCENT],
  wide: [STATUS, ID, TITLE, GROUP, PRIORITY, HOLDER, PERCENT, CREATED, DEADLINE],
  full: [STATUS, ID, TITLE, GROUP, PRIORITY, HOLDER, PERCENT, ATTEMPT, CREATED, FINISHED, DEADLINE],
};

function column(field: SortField, cell: Column["cell"], label: string = SORT_NAMES[field]): Column {
  return { field, label, cell };
}

function timeCell(at: number | undefined): ComponentChildren {
  return at === undefined || at === 0 ? null : <Time at={at} />;
}

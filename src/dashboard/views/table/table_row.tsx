/** One row of the table. It is drawn again only when what it shows has changed. */

import { useMemo } from "preact/hooks";
import type { PlanTable } from "../../plan/plan_table.ts";
import { statusOf } from "../tasks/row_marks.tsx";
import { COLUMNS, type Room } from "./columns.tsx";

export interface TableRowProps {
  readonly table: PlanTable;
  readonly row: number;
  /** Its place among the rows shown. */
  readonly index: number;
  /** Another number when the content of the row has changed. */
  readonly stamp: number;
  readonly room: Room;
  readonly isActive: boolean;
  readonly isSelected: boolean;
}

export function TableRow({ table, row, index, stamp, room, isActive, isSelected }: TableRowProps) {
  return useMemo(() => (
    <div
      role="row"
      id={`row-${row}`}
      data-row={row}
      aria-rowindex={index + 2}
      aria-selected={isSelected}
      class={`table-row row-${statusOf(table, row)} ${isActive ? "active" : ""}`}
    >
      <div role="gridcell" class="cell">
        <input type="checkbox" tabIndex={-1} checked={isSelected} aria-label={`Select ${table.ids[row]}`} />
      </div>
      {COLUMNS[room].map(({ field, cell }) => (
        <div key={field} role="gridcell" class={`cell cell-${field}`}>{cell(table, row)}</div>
      ))}
    </div>
  ), [table, row, index, stamp, room, isActive, isSelected]);
}

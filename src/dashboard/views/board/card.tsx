/** One task on the board. It is drawn again only when what it shows has changed. */

import { useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { addressWith } from "../../navigation.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { StatusMark } from "../../ui/status.tsx";
import { Age } from "../../ui/time.tsx";
import type { Cursor } from "../tasks/cursor.ts";
import { Flags, PercentMark, PriorityMark, statusOf } from "../tasks/row_marks.tsx";
import { toggleSelected } from "../tasks/selection.ts";
import type { HeldFocus } from "./held_focus.ts";

export interface CardProps {
  readonly table: PlanTable;
  readonly row: number;
  /** Another number when the content of the row has changed. */
  readonly stamp: number;
  /** Whether the column does not say the status. */
  readonly hasStatus: boolean;
  readonly isActive: boolean;
  readonly isSelected: boolean;
  /** Of the cursor, while it is here. */
  readonly moves: number;
  readonly cursor: Cursor;
  readonly focus: HeldFocus;
}

export function Card(props: CardProps) {
  const { table, row, stamp, hasStatus, isActive, isSelected, moves, cursor, focus } = props;
  const link = useRef<HTMLAnchorElement>(null);
  useLayoutEffect(() => {
    if (isActive) focus.settle(link.current);
  }, [isActive, moves]);
  const address = addressWith({ task: table.ids[row] ?? "" });
  return useMemo(() => {
    const id = table.ids[row] ?? "";
    const attempt = table.attempt[row] ?? 0;
    return (
      <div role="listitem" class={`card ${isActive ? "active" : ""} ${isSelected ? "selected" : ""}`}>
        <p class="card-head">
          {hasStatus && <StatusMark status={statusOf(table, row)} word={false} />}
          <a ref={link} class="card-link id" href={address} title={id} onFocus={() => cursor.id.value = id}>{id}</a>
          <input
            type="checkbox"
            aria-label={`Select ${id}`}
            checked={isSelected}
            onChange={() => toggleSelected(id)}
          />
        </p>
        <p class="card-title" title={table.title[row]}>{table.title[row]}</p>
        <p class="card-foot quiet">
          <PriorityMark table={table} row={row} />
          <Flags table={table} row={row} />
          {attempt > 1 && <span class="badge">attempt {attempt}</span>}
          <PercentMark table={table} row={row} />
          <span class="card-holder">{table.holderOf(row)}</span>
          <Age since={sinceOf(table, row)} />
        </p>
      </div>
    );
  }, [table, row, stamp, hasStatus, isActive, isSelected, address]);
}

/** Since when a task is in its state, as far as the plan tells: its end, its start, or its creation. */
function sinceOf(table: PlanTable, row: number): number {
  const status = statusOf(table, row);
  if (status === "in_progress") return table.started[row] || table.created[row] || 0;
  return table.finished[row] || table.created[row] || 0;
}

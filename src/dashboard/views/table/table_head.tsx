/** The names of the columns: each sorts by its own. */

import { setParams } from "../../navigation.ts";
import { formatSort, nextSort, type Sort } from "../../plan/row_sort.ts";
import { selectAll, selection } from "../tasks/selection.ts";
import { COLUMNS, type Room } from "./columns.tsx";

export interface TableHeadProps {
  readonly room: Room;
  readonly sort: Sort;
  /** How many rows are shown, and their ids. */
  readonly count: number;
  readonly ids: () => readonly string[];
}

export function TableHead({ room, sort, count, ids }: TableHeadProps) {
  return (
    <div role="rowgroup" class="table-head">
      <div role="row" aria-rowindex={1} class="table-row">
        <div role="columnheader" class="cell">
          <input
            type="checkbox"
            aria-label="Select all tasks shown"
            title="Select all tasks shown"
            checked={count > 0 && selection.value.size >= count}
            onChange={({ currentTarget }) => selectAll(currentTarget.checked ? ids() : [])}
          />
        </div>
        {COLUMNS[room].map(({ field, label, isLabelHidden = false }) => (
          <div
            key={field}
            role="columnheader"
            class={`cell cell-${field}`}
            aria-sort={field !== sort.field ? "none" : sort.isDescending ? "descending" : "ascending"}
          >
            <button type="button" class="link" onClick={() => setParams({ sort: formatSort(nextSort(sort, field)) })}>
              <span class={isLabelHidden ? "hidden-text" : ""}>{label}</span>
              <span aria-hidden="true">{field !== sort.field ? "" : sort.isDescending ? " ↓" : " ↑"}</span>
            </button>
          </div>
        ))}
      </div>
    </div>
  );
}

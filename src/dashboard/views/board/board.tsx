/** The tasks as cards, in one column for each status or for each group. */

import { useRef } from "preact/hooks";
import { place, setParams } from "../../navigation.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { useShortcuts } from "../../ui/keys.ts";
import { NewTaskButton } from "../edit/edit_buttons.tsx";
import { NoneMatch } from "../start/no_tasks.tsx";
import { BulkBar } from "../tasks/bulk_bar.tsx";
import { useCursor } from "../tasks/cursor.ts";
import { FilterBar } from "../tasks/filter_bar.tsx";
import { toggleSelected } from "../tasks/selection.ts";
import { useTaskRows } from "../tasks/task_rows.ts";
import { WithTasks } from "../tasks/with_tasks.tsx";
import { Column, FoldedColumn } from "./column.tsx";
import { type BoardColumn, columnsOf, type Grouping, neighbour, readToggled, toggledWith } from "./columns.ts";
import { useHeldFocus } from "./held_focus.ts";

/** How far each key moves. */
const STEPS: Readonly<Record<string, { readonly across: number; readonly down: number }>> = {
  ArrowDown: { across: 0, down: 1 },
  ArrowUp: { across: 0, down: -1 },
  ArrowRight: { across: 1, down: 0 },
  ArrowLeft: { across: -1, down: 0 },
  Home: { across: 0, down: -Infinity },
  End: { across: 0, down: Infinity },
};

export function BoardView() {
  return <WithTasks>{(table) => <Board table={table} />}</WithTasks>;
}

function Board({ table }: { readonly table: PlanTable }) {
  const rows = useTaskRows(table);
  const { order } = rows;
  const grouping: Grouping = place.value.params["by"] === "group" ? "group" : "status";
  const toggled = readToggled(place.value.params["fold"]);
  const columns = useSteadyColumns(columnsOf(table, order.rows, grouping), grouping);
  const isFolded = ({ key, isEnded }: BoardColumn) => isEnded !== toggled.has(key);
  const open = columns.filter((column) => !isFolded(column));
  const board = useRef<HTMLDivElement>(null);
  const cursor = useCursor(() => board.current?.querySelector<HTMLElement>(".card.active .card-link"));
  const focus = useHeldFocus();
  const activeRow = table.rowOf(cursor.id.value) ?? -1;
  const move = (step: { readonly across: number; readonly down: number }) => {
    const id = table.ids[neighbour(open, activeRow, step) ?? -1];
    if (id === undefined) return;
    focus.claim();
    cursor.moveTo(id);
  };
  useShortcuts([
    { key: "j", what: "Next task of the column", run: () => move({ across: 0, down: 1 }) },
    { key: "k", what: "Previous task of the column", run: () => move({ across: 0, down: -1 }) },
    { key: "x", what: "Select the task", run: () => activeRow >= 0 && toggleSelected(cursor.id.value) },
  ], [table, order, activeRow, place.value, columns]);
  return (
    <div class="task-view">
      <h1 class="hidden-text">Board of tasks</h1>
      <FilterBar
        table={table}
        {...rows}
        count={order.rows.length}
        choice={<GroupingChoice grouping={grouping} />}
      >
        <NewTaskButton />
      </FilterBar>
      {order.rows.length === 0 ? <NoneMatch isSearching={rows.search.isSearching} /> : (
        <div
          ref={board}
          class="board"
          onFocusIn={(event) => focus.onFocusIn(event)}
          onFocusOut={(event) => focus.onFocusOut(event)}
          onKeyDown={(event) => {
            const step = STEPS[event.key];
            const isOnCard = event.target instanceof Element && event.target.closest(".card") !== null;
            if (step === undefined || !isOnCard || event.ctrlKey || event.metaKey || event.altKey) return;
            event.preventDefault();
            move(step);
          }}
        >
          {columns.map((column) => {
            const onFold = () => setParams({ fold: toggledWith(toggled, column.key) }, { replace: true });
            return isFolded(column)
              ? <FoldedColumn key={column.key} column={column} grouping={grouping} onUnfold={onFold} />
              : (
                <Column
                  key={column.key}
                  table={table}
                  order={order}
                  column={column}
                  grouping={grouping}
                  cursor={cursor}
                  activeRow={activeRow}
                  focus={focus}
                  onFold={onFold}
                />
              );
          })}
        </div>
      )}
      <BulkBar />
    </div>
  );
}

/**
 * Columns neither appear and vanish nor fold by themselves while the board is shown: one that had a task stays, and stays
 * as it was folded when it came.
 */
function useSteadyColumns(columns: readonly BoardColumn[], grouping: Grouping): readonly BoardColumn[] {
  const seen = useRef(new Map<string, boolean>());
  return columns.flatMap((column) => {
    const key = `${grouping} ${column.key}`;
    if (column.rows.length > 0 && !seen.current.has(key)) seen.current.set(key, column.isEnded);
    const isEnded = seen.current.get(key);
    return isEnded === undefined ? [] : [{ ...column, isEnded }];
  });
}

function GroupingChoice({ grouping }: { readonly grouping: Grouping }) {
  return (
    <select
      aria-label="Columns"
      value={grouping}
      onChange={({ currentTarget }) => setParams({ by: currentTarget.value === "group" ? "group" : undefined })}
    >
      <option value="status">Columns: status</option>
      <option value="group">Columns: group</option>
    </select>
  );
}

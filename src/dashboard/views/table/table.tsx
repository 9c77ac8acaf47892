/** All tasks as a table of which only the rows in view exist: everything that the canvas shows, for keyboard and ear. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { selectTask } from "../../navigation.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { useShortcuts } from "../../ui/keys.ts";
import { VirtualRows } from "../../ui/virtual_rows.tsx";
import { NewTaskButton } from "../edit/edit_buttons.tsx";
import { NoneMatch } from "../start/no_tasks.tsx";
import { BulkBar } from "../tasks/bulk_bar.tsx";
import { type Cursor, useCursor } from "../tasks/cursor.ts";
import { FilterBar } from "../tasks/filter_bar.tsx";
import { selectAll, selection, selectRange, toggleSelected } from "../tasks/selection.ts";
import { useTaskRows } from "../tasks/task_rows.ts";
import { WithTasks } from "../tasks/with_tasks.tsx";
import { COLUMNS, type Room } from "./columns.tsx";
import { TableHead } from "./table_head.tsx";
import { TableRow } from "./table_row.tsx";

/** Heights of a row, in CSS pixels: of one line, and of two. */
const ROW_HEIGHT = 34;
const STACKED_HEIGHT = 54;

/** The widths from which there is more room, in CSS pixels. */
const ROOMS: readonly (readonly [room: Room, minWidth: number])[] = [["full", 1_500], ["wide", 1_160], ["medium", 640]];

/** Rows that Page Up and Page Down move by. */
const PAGE = 20;

/** How far each key moves. */
const STEPS: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE,
  PageUp: -PAGE,
  Home: -Infinity,
  End: Infinity,
};

export function TableView() {
  return <WithTasks>{(table) => <TaskTable table={table} />}</WithTasks>;
}

function TaskTable({ table }: { readonly table: PlanTable }) {
  const rows = useTaskRows(table);
  const { order, sort } = rows;
  const grid = useRef<HTMLDivElement>(null);
  const room = useRoom(grid);
  const cursor = useCursor(() => grid.current);
  const shown = order.rows;
  const activeRow = table.rowOf(cursor.id.value) ?? -1;
  const active = order.indexOf(activeRow);
  const allIds = () => order.rows.flatMap((row) => table.ids[row] ?? []);
  const move = (step: number) => {
    const { rows } = order;
    const index = active < 0 ? 0 : Math.max(0, Math.min(rows.length - 1, active + step));
    const id = table.ids[rows[index] ?? -1];
    if (id !== undefined) cursor.moveTo(id);
    return id;
  };
  useShortcuts([
    { key: "j", what: "Next task", run: () => void move(1) },
    { key: "k", what: "Previous task", run: () => void move(-1) },
    { key: "x", what: "Select the task", run: () => active >= 0 && toggleSelected(cursor.id.value) },
  ], [table, order, active, shown.length]);
  return (
    <div class="task-view">
      <h1 class="hidden-text">Table of tasks</h1>
      <FilterBar table={table} {...rows} count={shown.length}>
        <NewTaskButton />
      </FilterBar>
      <div
        ref={grid}
        class={`task-table ${room}`}
        role="grid"
        aria-label="Tasks"
        aria-rowcount={shown.length + 1}
        aria-colcount={COLUMNS[room].length + 1}
        aria-multiselectable="true"
        aria-activedescendant={active >= 0 ? `row-${activeRow}` : undefined}
        tabIndex={0}
        onKeyDown={(event) => {
          if (event.target === grid.current && onKey(event, { cursor, move, allIds })) event.preventDefault();
        }}
        onClick={(event) => onClick(event, { table, cursor, allIds })}
      >
        <TableHead room={room} sort={sort} count={shown.length} ids={allIds} />
        {shown.length === 0 ? <NoneMatch isSearching={rows.search.isSearching} /> : (
          <VirtualRows
            label="Tasks"
            count={shown.length}
            rowHeight={room === "narrow" ? STACKED_HEIGHT : ROW_HEIGHT}
            active={active}
            choice={cursor.moves.value}
            isFocusable={false}
            moving={{ keyAt: (index) => shown[index] ?? -1, indexOf: (row) => order.indexOf(row) }}
            row={(index) => {
              const row = shown[index] ?? -1;
              return (
                <TableRow
                  table={table}
                  row={row}
                  index={index}
                  stamp={order.stampOf(row)}
                  room={room}
                  isActive={row === activeRow}
                  isSelected={selection.value.has(table.ids[row] ?? "")}
                />
              );
            }}
          />
        )}
      </div>
      <BulkBar />
    </div>
  );
}

interface KeyOptions {
  readonly cursor: Cursor;
  readonly move: (step: number) => string | undefined;
  readonly allIds: () => readonly string[];
}

/** Does what a key stands for; tells whether it stands for anything. */
function onKey({ key, ctrlKey, metaKey, altKey, shiftKey }: KeyboardEvent, { cursor, move, allIds }: KeyOptions) {
  const id = cursor.id.value;
  const step = STEPS[key];
  if (altKey) return false;
  if (ctrlKey || metaKey) {
    if (key !== "a") return false;
    selectAll(allIds());
  } else if (step !== undefined) {
    if (shiftKey && id !== "") selectRange(id, allIds);
    const next = move(step);
    if (shiftKey && next !== undefined) selectRange(next, allIds);
  } else if (id === "") return false;
  else if (key === "Enter") selectTask(id);
  else if (key === " ") toggleSelected(id);
  else return false;
  return true;
}

interface ClickOptions {
  readonly table: PlanTable;
  readonly cursor: Cursor;
  readonly allIds: () => readonly string[];
}

/** A click shows a task; on its box or with Ctrl it selects it, with Shift all up to it. */
function onClick({ target, shiftKey, ctrlKey, metaKey }: MouseEvent, { table, cursor, allIds }: ClickOptions): void {
  const row = target instanceof Element ? target.closest<HTMLElement>("[data-row]")?.dataset["row"] : undefined;
  const id = row === undefined ? undefined : table.ids[Number(row)];
  if (id === undefined) return;
  if (shiftKey) selectRange(id, allIds);
  else if (target instanceof HTMLInputElement || ctrlKey || metaKey) toggleSelected(id);
  else selectTask(id);
  cursor.id.value = id;
}

function useRoom(element: { readonly current: HTMLElement | null }): Room {
  const room = useSignal<Room>("wide");
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const read = () => {
      room.value = ROOMS.find(([, minWidth]) => box.clientWidth >= minWidth)?.[0] ?? "narrow";
    };
    read();
    const observer = new ResizeObserver(read);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return room.value;
}

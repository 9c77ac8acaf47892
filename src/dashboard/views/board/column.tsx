/** One column of the board. Its cards exist only while it is in view. */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import type { PlanTable } from "../../plan/plan_table.ts";
import type { RowOrder } from "../../plan/row_order.ts";
import { type Status, STATUSES } from "../../plan/statuses.ts";
import { StatusBar, StatusMark } from "../../ui/status.tsx";
import { VirtualRows } from "../../ui/virtual_rows.tsx";
import type { Cursor } from "../tasks/cursor.ts";
import { selection } from "../tasks/selection.ts";
import { Card } from "./card.tsx";
import type { BoardColumn, Grouping } from "./columns.ts";
import type { HeldFocus } from "./held_focus.ts";

/** Of a card and the gap below it, in CSS pixels. */
const CARD_HEIGHT = 92;

/** How far out of view columns have their cards, so that a fast scroll does not show gaps. */
const MARGIN = "0px 400px";

export interface ColumnProps {
  readonly table: PlanTable;
  readonly order: RowOrder;
  readonly column: BoardColumn;
  readonly grouping: Grouping;
  readonly cursor: Cursor;
  readonly activeRow: number;
  readonly focus: HeldFocus;
  readonly onFold: () => void;
}

export function Column({ table, order, column, grouping, cursor, activeRow, focus, onFold }: ColumnProps) {
  const element = useRef<HTMLElement>(null);
  const isInView = useInView(element);
  const { rows, label, counts } = column;
  const active = rows.indexOf(activeRow);
  useLayoutEffect(() => {
    if (active >= 0) element.current?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [cursor.moves.value]);
  return (
    <section ref={element} class="column" aria-label={label}>
      <header>
        <h2>
          <ColumnName column={column} grouping={grouping} /> <span class="quiet">{rows.length}</span>
        </h2>
        <button type="button" class="link" aria-expanded="true" aria-label={`Fold ${label}`} onClick={onFold}>⇤</button>
      </header>
      {isInView && counts !== undefined && <GroupProgress counts={counts} />}
      {isInView && (
        <VirtualRows
          label={label}
          role="list"
          count={rows.length}
          rowHeight={CARD_HEIGHT}
          active={active}
          choice={cursor.moves.value}
          moving={{ keyAt: (index) => rows[index] ?? -1, indexOf: (row) => rows.indexOf(row) }}
          row={(index) => {
            const row = rows[index] ?? -1;
            return (
              <Card
                table={table}
                row={row}
                stamp={order.stampOf(row)}
                hasStatus={grouping === "group"}
                isActive={row === activeRow}
                isSelected={selection.value.has(table.ids[row] ?? "")}
                moves={row === activeRow ? cursor.moves.value : 0}
                cursor={cursor}
                focus={focus}
              />
            );
          }}
        />
      )}
    </section>
  );
}

/** How far a group is, as its API tells it: the share of tasks that are completed or skipped. */
function GroupProgress({ counts }: { readonly counts: NonNullable<BoardColumn["counts"]> }) {
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  return (
    <p class="group-progress">
      <StatusBar counts={counts} />
      <span class="quiet">
        {total === 0 ? 0 : Math.floor(100 * ((counts.completed ?? 0) + (counts.skipped ?? 0)) / total)} %
      </span>
    </p>
  );
}

interface FoldedColumnProps {
  readonly column: BoardColumn;
  readonly grouping: Grouping;
  readonly onUnfold: () => void;
}

export function FoldedColumn({ column, grouping, onUnfold }: FoldedColumnProps) {
  const { label, rows } = column;
  return (
    <section class="column folded" aria-label={label}>
      <button
        type="button"
        aria-expanded="false"
        aria-label={`Unfold ${label} ${rows.length}`}
        title={`Unfold ${label}`}
        onClick={onUnfold}
      >
        <span>
          <ColumnName column={column} grouping={grouping} /> <span class="quiet">{rows.length}</span>
        </span>
      </button>
    </section>
  );
}

function ColumnName({ column: { key, label }, grouping }: Pick<FoldedColumnProps, "column" | "grouping">) {
  return grouping === "status" && isStatus(key)
    ? <StatusMark status={key} />
    : <span class="column-name" title={label}>{label}</span>;
}

function isStatus(key: string): key is Status {
  return (STATUSES as readonly string[]).includes(key);
}

function useInView(element: { readonly current: HTMLElement | null }): boolean {
  const isInView = useSignal(false);
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const observer = new IntersectionObserver((entries) => {
      isInView.value = entries.at(-1)?.isIntersecting ?? false;
    }, { rootMargin: MARGIN });
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  return isInView.value;
}

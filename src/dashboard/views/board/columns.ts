/** The columns of the board: one a status or one a group. */

import type { PlanTable } from "../../plan/plan_table.ts";
import { OPEN_STATUSES, type Status, STATUS_WORDS, STATUSES } from "../../plan/statuses.ts";

export type Grouping = "status" | "group";

export interface BoardColumn {
  /** The status or the id of the group; "" for tasks without a group. */
  readonly key: string;
  readonly label: string;
  readonly rows: readonly number[];
  /** Whether nothing in it changes by itself any more: such columns are folded at first. */
  readonly isEnded: boolean;
  /** How many tasks of the group have each status, whatever the filter. */
  readonly counts: Readonly<Partial<Record<Status, number>>> | undefined;
}

/** From what waits to what has ended. */
const STATUS_ORDER: readonly Status[] = [
  "waiting",
  "blocked",
  "delayed",
  "limited",
  "ready",
  "in_progress",
  "failed",
  "completed",
  "cancelled",
  "skipped",
];

const FOLDED_STATUSES: readonly Status[] = ["completed", "cancelled", "skipped"];

/** @param rows those that are shown, in their order */
export function columnsOf(table: PlanTable, rows: readonly number[], grouping: Grouping): readonly BoardColumn[] {
  return grouping === "status" ? byStatus(table, rows) : byGroup(table, rows);
}

function byStatus(table: PlanTable, rows: readonly number[]): readonly BoardColumn[] {
  const buckets = STATUSES.map((): number[] => []);
  for (const row of rows) buckets[table.status[row] ?? -1]?.push(row);
  return STATUS_ORDER.map((status) => ({
    key: status,
    label: STATUS_WORDS[status],
    rows: buckets[STATUSES.indexOf(status)] ?? [],
    isEnded: FOLDED_STATUSES.includes(status),
    counts: undefined,
  }));
}

function byGroup(table: PlanTable, rows: readonly number[]): readonly BoardColumn[] {
  const buckets = [...table.groups, ""].map((): number[] => []);
  const none = table.groups.length;
  const bucketOf = (row: number) => {
    const group = table.group[row] ?? -1;
    return group < 0 ? none : group;
  };
  for (const row of rows) buckets[bucketOf(row)]?.push(row);
  const counts = new Uint32Array(buckets.length * STATUSES.length);
  for (const [row, code] of table.status.entries()) {
    const place = bucketOf(row) * STATUSES.length + code;
    counts[place] = (counts[place] ?? 0) + 1;
  }
  return buckets.map((rows, index) => {
    const own = countsIn(counts.subarray(index * STATUSES.length, (index + 1) * STATUSES.length));
    return {
      key: table.groups[index] ?? "",
      label: table.groups[index] ?? "No group",
      rows,
      isEnded: UNFINISHED.every((status) => own[status] === undefined),
      counts: own,
    };
  });
}

/** A group with one of these is not done. */
const UNFINISHED: readonly Status[] = [...OPEN_STATUSES, "failed"];

function countsIn(numbers: Uint32Array): Readonly<Partial<Record<Status, number>>> {
  return Object.fromEntries(STATUSES.flatMap((status, code) => {
    const count = numbers[code] ?? 0;
    return count === 0 ? [] : [[status, count]];
  }));
}

/** The columns whose folding differs from what they have at first, as the address has them. */
export function readToggled(param: string | undefined): ReadonlySet<string> {
  return new Set(param === undefined ? [] : param.split(",").map((key) => decodeOrNone(key)));
}

/** The parameter of toggled columns, after one more or less. */
export function toggledWith(toggled: ReadonlySet<string>, key: string): string {
  const keys = new Set(toggled);
  if (!keys.delete(key)) keys.add(key);
  return Array.from(keys, (each) => each === "" ? NO_GROUP : encodeURIComponent(each)).join(",");
}

/** Stands for the column without a group: `encodeURIComponent` never answers this. */
const NO_GROUP = "%";

function decodeOrNone(key: string): string {
  if (key === NO_GROUP) return "";
  try {
    return decodeURIComponent(key);
  } catch {
    // An address that was typed by hand.
    return key;
  }
}

/** The task one step from another on the board; undefined if there is none. */
export function neighbour(
  columns: readonly BoardColumn[],
  row: number,
  step: { readonly across: number; readonly down: number },
): number | undefined {
  const filled = columns.filter(({ rows }) => rows.length > 0);
  const at = filled.findIndex(({ rows }) => rows.includes(row));
  const rows = filled[at]?.rows;
  if (rows === undefined) return filled[0]?.rows[0];
  if (step.across === 0) return rows[clamp(rows.indexOf(row) + step.down, rows.length)];
  const target = filled[clamp(at + step.across, filled.length)]?.rows ?? [];
  return target[clamp(rows.indexOf(row), target.length)];
}

function clamp(index: number, length: number): number {
  return Math.max(0, Math.min(length - 1, index));
}

/** Which rows of the plan a list shows, as the parameters of the address say. */

import type { PlanTable } from "./plan_table.ts";
import { FLAG_OVERDUE, PRIORITIES, type Priority, type Status, STATUSES } from "./statuses.ts";

export interface RowFilter {
  /** Empty: every status. */
  readonly statuses: readonly Status[];
  readonly group: string | undefined;
  readonly holder: string | undefined;
  readonly priority: Priority | undefined;
  readonly isOverdue: boolean;
  /** In lower case; "" for any. */
  readonly text: string;
}

/** The parameters of the address that filter. */
export const FILTER_PARAMS = ["status", "group", "holder", "priority", "overdue", "q"] as const;

/** Reads a filter from parameters; what they name and does not exist filters nothing, or by an unknown name everything. */
export function readFilter(params: Readonly<Record<string, string>>): RowFilter {
  const named = (params["status"] ?? "").split(",");
  return {
    statuses: STATUSES.filter((status) => named.includes(status)),
    group: params["group"],
    holder: params["holder"],
    priority: PRIORITIES.find((priority) => priority === params["priority"]),
    isOverdue: params["overdue"] === "1",
    text: (params["q"] ?? "").trim().toLowerCase(),
  };
}

export function isFiltering({ statuses, group, holder, priority, isOverdue, text }: RowFilter): boolean {
  return statuses.length > 0 || isOverdue || text !== "" ||
    [group, holder, priority].some((each) => each !== undefined);
}

/**
 * Whether a row passes a filter, as a function that is called for many rows.
 *
 * @param found ids that have the text elsewhere than in id and title, as the server has found them
 */
export function rowTest(
  table: PlanTable,
  { statuses, group, holder, priority, isOverdue, text }: RowFilter,
  found: ReadonlySet<string>,
): (row: number) => boolean {
  const codes = new Set(statuses.map((status) => STATUSES.indexOf(status)));
  const wantedPriority = priority === undefined ? -1 : PRIORITIES.indexOf(priority);
  return (row) => {
    if (codes.size > 0 && !codes.has(table.status[row] ?? -1)) return false;
    if (group !== undefined && table.groupOf(row) !== group) return false;
    if (holder !== undefined && table.holderOf(row) !== holder) return false;
    if (wantedPriority >= 0 && table.priority[row] !== wantedPriority) return false;
    if (isOverdue && ((table.flags[row] ?? 0) & FLAG_OVERDUE) === 0) return false;
    return text === "" || hasText(table, row, text) || found.has(table.ids[row] ?? "");
  };
}

function hasText(table: PlanTable, row: number, text: string): boolean {
  return (table.ids[row] ?? "").toLowerCase().includes(text) || (table.title[row] ?? "").toLowerCase().includes(text);
}

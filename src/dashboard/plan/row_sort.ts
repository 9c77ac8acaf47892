/** By what a list of rows is sorted, as the address says: `sort=-priority`. */

import type { PlanTable } from "./plan_table.ts";
import { STATUSES } from "./statuses.ts";

/** What rows can be sorted by, and how it is named to people. */
export const SORT_NAMES = {
  created: "Creation",
  status: "Status",
  id: "Id",
  title: "Title",
  group: "Group",
  priority: "Priority",
  holder: "Holder",
  percent: "Progress",
  attempt: "Attempt",
  started: "Start",
  finished: "End",
  deadline: "Deadline",
} as const;

export type SortField = keyof typeof SORT_NAMES;

export interface Sort {
  readonly field: SortField;
  readonly isDescending: boolean;
}

export type SortKey = number | string;

/** The order without any choice: that of creation. */
export const DEFAULT_SORT: Sort = { field: "created", isDescending: false };

export function readSort(text: string | undefined): Sort {
  const isDescending = text?.startsWith("-") ?? false;
  const field = isDescending ? text?.slice(1) : text;
  return field !== undefined && Object.hasOwn(SORT_NAMES, field)
    ? { field: field as SortField, isDescending }
    : DEFAULT_SORT;
}

/** The parameter of a sort; undefined for the default. */
export function formatSort({ field, isDescending }: Sort): string | undefined {
  if (field === DEFAULT_SORT.field && isDescending === DEFAULT_SORT.isDescending) return undefined;
  return (isDescending ? "-" : "") + field;
}

/** The sort after a choice of a field: the same field again turns the order around. The most urgent comes first. */
export function nextSort(sort: Sort, field: SortField): Sort {
  if (sort.field === field) return { field, isDescending: !sort.isDescending };
  return { field, isDescending: field === "priority" || field === "percent" || field === "attempt" };
}

/** By what a row is sorted. Rows that have none of it come last in ascending order. */
export function sortKeyOf(table: PlanTable, row: number, field: SortField): SortKey {
  switch (field) {
    case "id":
      return table.ids[row] ?? "";
    case "title":
      return table.title[row] ?? "";
    case "group":
      return table.groupOf(row) ?? LAST_TEXT;
    case "holder":
      return table.holderOf(row) ?? LAST_TEXT;
    case "started":
    case "finished":
    case "deadline":
      return table[field][row] || Infinity;
    case "status":
      return table.status[row] ?? STATUSES.length;
    case "created":
    case "priority":
    case "percent":
    case "attempt":
      return table[field][row] ?? 0;
    default:
      return field satisfies never;
  }
}

/** After every text that a name may be: U+10FFFF is no character. */
const LAST_TEXT = "\u{10ffff}";

/** The rows of the plan that board and table show: filtered and sorted as the address says, and kept so. */

import { useLayoutEffect, useMemo } from "preact/hooks";
import { onRows, planRevision } from "../../live/live_plan.ts";
import { place } from "../../navigation.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { readFilter, type RowFilter, rowTest } from "../../plan/row_filter.ts";
import { RowOrder } from "../../plan/row_order.ts";
import { readSort, type Sort } from "../../plan/row_sort.ts";
import { type TextSearch, useTextSearch } from "./text_search.ts";

export interface TaskRows {
  readonly order: RowOrder;
  readonly filter: RowFilter;
  readonly sort: Sort;
  readonly search: TextSearch;
}

/** Reads the parameters, and renders again at most once a frame when rows have changed. */
export function useTaskRows(table: PlanTable): TaskRows {
  const { params } = place.value;
  const filterKey = JSON.stringify(readFilter(params));
  const filter = useMemo(() => readFilter(params), [filterKey]);
  const sort = useMemo(() => readSort(params["sort"]), [params["sort"]]);
  const search = useTextSearch(filter.text);
  const { found } = search;
  const order = useMemo(
    () => new RowOrder(table, { sort, passes: rowTest(table, filter, found) }),
    [table, filter, sort, found],
  );
  useLayoutEffect(() => onRows((rows) => order.update(rows)), [order]);
  planRevision.value;
  return { order, filter, sort, search };
}

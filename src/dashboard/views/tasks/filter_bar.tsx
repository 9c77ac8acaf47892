/** What board and table show, and in which order: kept in the address. */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { planRevision } from "../../live/live_plan.ts";
import { setParams } from "../../navigation.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { FILTER_PARAMS, isFiltering, type RowFilter } from "../../plan/row_filter.ts";
import { DEFAULT_SORT, formatSort, nextSort, type Sort, SORT_NAMES, type SortField } from "../../plan/row_sort.ts";
import { PRIORITIES, type Status, STATUSES } from "../../plan/statuses.ts";
import { DropDown } from "../../ui/drop_down.tsx";
import { StatusMark } from "../../ui/status.tsx";
import { taskCount } from "../../ui/task_count.ts";
import type { TextSearch } from "./text_search.ts";

export interface FilterBarProps {
  readonly table: PlanTable;
  readonly filter: RowFilter;
  readonly sort: Sort;
  readonly search: TextSearch;
  /** How many tasks pass the filter. */
  readonly count: number;
  /** A choice that the view adds to the others. */
  readonly choice?: ComponentChildren;
  /** What stands at the end. */
  readonly children?: ComponentChildren;
}

export function FilterBar({ table, filter, sort, search, count, choice, children }: FilterBarProps) {
  const isOpen = useSignal(false);
  return (
    <div class={`filters ${isOpen.value ? "open" : ""}`} role="search" aria-label="Filter tasks">
      <TextFilter text={filter.text} />
      <button
        type="button"
        class="filter-toggle"
        aria-expanded={isOpen.value}
        onClick={() => isOpen.value = !isOpen.value}
      >
        Filter{isFiltering(filter) ? " •" : ""}
      </button>
      <div class="filter-fields">
        <StatusFilter table={table} chosen={filter.statuses} />
        <NameFilter param="group" label="Group" names={table.groups} chosen={filter.group} />
        <NameFilter param="holder" label="Holder" names={table.instances} chosen={filter.holder} />
        <select
          aria-label="Filter by priority"
          value={filter.priority ?? ""}
          onChange={({ currentTarget }) => setParams({ priority: currentTarget.value })}
        >
          <option value="">Any priority</option>
          {PRIORITIES.toReversed().map((priority) => <option key={priority} value={priority}>{priority}</option>)}
        </select>
        <label class="check">
          <input
            type="checkbox"
            checked={filter.isOverdue}
            onChange={({ currentTarget }) => setParams({ overdue: currentTarget.checked ? "1" : undefined })}
          />
          Overdue
        </label>
        <SortChoice sort={sort} />
        {choice}
      </div>
      <Counted table={table} filter={filter} search={search} count={count} />
      <span class="filter-end">{children}</span>
    </div>
  );
}

/** The field keeps what is typed; the text of the address is written into it only while the user is elsewhere. */
function TextFilter({ text }: { readonly text: string }) {
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (input.current !== null && document.activeElement !== input.current) input.current.value = text;
  }, [text]);
  return (
    <input
      ref={input}
      type="search"
      class="filter-text"
      placeholder="Filter by text"
      aria-label="Filter by text"
      onInput={({ currentTarget }) => setParams({ q: currentTarget.value }, { replace: true })}
    />
  );
}

function Counted({ table, filter, search, count }: Pick<FilterBarProps, "table" | "filter" | "search" | "count">) {
  planRevision.value;
  const isFiltered = isFiltering(filter);
  return (
    <span class="filter-count">
      <span>{isFiltered ? `${count} of ${table.size}` : taskCount(table.size)}</span>
      {search.isSearching && <span class="quiet">searching all texts…</span>}
      {search.error !== undefined && <span class="refused">{search.error}</span>}
      {isFiltered && (
        <button
          type="button"
          class="link"
          aria-label="Clear filter"
          onClick={() => setParams(Object.fromEntries(FILTER_PARAMS.map((name) => [name, undefined])))}
        >
          Clear
        </button>
      )}
    </span>
  );
}

function StatusFilter({ table, chosen }: { readonly table: PlanTable; readonly chosen: readonly Status[] }) {
  const toggle = (status: Status) => {
    const next = STATUSES.filter((each) => chosen.includes(each) !== (each === status));
    setParams({ status: next.join(",") });
  };
  const label = chosen.length === 0 ? "Any status" : `${chosen.length} ${chosen.length === 1 ? "status" : "statuses"}`;
  return (
    <DropDown class="picker" label={label}>
      <div class="popover" role="group" aria-label="Statuses">
        <StatusCounts table={table} chosen={chosen} onToggle={toggle} />
      </div>
    </DropDown>
  );
}

interface StatusCountsProps {
  readonly table: PlanTable;
  readonly chosen: readonly Status[];
  readonly onToggle: (status: Status) => void;
}

function StatusCounts({ table, chosen, onToggle }: StatusCountsProps) {
  planRevision.value;
  const counts = STATUSES.map(() => 0);
  for (const code of table.status) counts[code] = (counts[code] ?? 0) + 1;
  return (
    <>
      {STATUSES.map((status, code) => (
        <label key={status} class="check">
          <input type="checkbox" checked={chosen.includes(status)} onChange={() => onToggle(status)} />
          <StatusMark status={status} />
          <span class="quiet count">{counts[code]}</span>
        </label>
      ))}
    </>
  );
}

interface NameFilterProps {
  readonly param: "group" | "holder";
  readonly label: string;
  readonly names: readonly string[];
  readonly chosen: string | undefined;
}

function NameFilter({ param, label, names, chosen }: NameFilterProps) {
  const all = useMemo(() => {
    const each = new Set(names);
    if (chosen !== undefined) each.add(chosen);
    return [...each].sort();
  }, [names, names.length, chosen]);
  return (
    <select
      aria-label={`Filter by ${label.toLowerCase()}`}
      value={chosen ?? ""}
      onChange={({ currentTarget }) => setParams({ [param]: currentTarget.value })}
    >
      <option value="">Any {label.toLowerCase()}</option>
      {all.map((name) => <option key={name} value={name}>{name}</option>)}
    </select>
  );
}

function SortChoice({ sort }: { readonly sort: Sort }) {
  const fields = Object.keys(SORT_NAMES) as SortField[];
  return (
    <span class="sort-choice">
      <select
        aria-label="Sort by"
        value={sort.field}
        onChange={({ currentTarget }) =>
          setParams({ sort: formatSort(nextSort(DEFAULT_SORT, currentTarget.value as SortField)) })}
      >
        {fields.map((field) => <option key={field} value={field}>By {SORT_NAMES[field].toLowerCase()}</option>)}
      </select>
      <button
        type="button"
        aria-label={sort.isDescending ? "Descending: turn the order around" : "Ascending: turn the order around"}
        onClick={() => setParams({ sort: formatSort({ ...sort, isDescending: !sort.isDescending }) })}
      >
        {sort.isDescending ? "↓" : "↑"}
      </button>
    </span>
  );
}

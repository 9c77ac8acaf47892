/** Search for a task: by its id or title at once, in all texts with Enter. `/` leads here. */

import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { plan } from "../live/live_plan.ts";
import { selectTask, viewAddress } from "../navigation.ts";
import { STATUSES } from "../plan/statuses.ts";
import { useShortcuts } from "./keys.ts";
import { StatusMark } from "./status.tsx";

/** Most suggestions shown. */
const MAX_SHOWN = 12;

export function SearchBox() {
  const input = useRef<HTMLInputElement>(null);
  const text = useSignal("");
  const active = useSignal(0);
  useShortcuts([{ key: "/", what: "Search", run: () => input.current?.focus() }]);
  const found = text.value.trim() === "" ? [] : findRows(text.value.trim().toLowerCase());
  const close = () => {
    text.value = "";
    active.value = 0;
    input.current?.blur();
  };
  const choose = (row: number | undefined) => {
    const id = plan.value?.ids[row ?? -1];
    if (id !== undefined) selectTask(id);
    close();
  };
  const searchAll = () => {
    location.hash = viewAddress("table", { q: text.value.trim() });
    close();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1 };
    const step = steps[event.key];
    // The last entry searches in all texts.
    const count = found.length + 1;
    if (step !== undefined) active.value = (active.value + step + count) % count;
    else if (event.key === "Escape") close();
    else if (event.key === "Enter" && text.value.trim() !== "") {
      if (active.value < found.length) choose(found[active.value]);
      else searchAll();
    } else return;
    event.preventDefault();
  };
  const isOpen = text.value.trim() !== "";
  return (
    <div class="search" role="search">
      <input
        ref={input}
        type="search"
        placeholder="Search  /"
        aria-label="Search tasks"
        list={undefined}
        role="combobox"
        aria-expanded={isOpen}
        aria-controls="found"
        aria-activedescendant={isOpen ? `found-${active.value}` : undefined}
        value={text.value}
        onInput={({ currentTarget }) => {
          text.value = currentTarget.value;
          active.value = 0;
        }}
        onKeyDown={onKeyDown}
      />
      {isOpen && (
        <ul id="found" class="popover" role="listbox" aria-label="Tasks found">
          {found.map((row, index) => (
            <li
              key={row}
              id={`found-${index}`}
              role="option"
              aria-selected={index === active.value}
              onMouseDown={() => choose(row)}
            >
              <StatusMark status={STATUSES[plan.value?.status[row] ?? 0] ?? "ready"} word={false} />
              <span class="id">{plan.value?.ids[row]}</span>
              <span class="quiet">{plan.value?.title[row]}</span>
            </li>
          ))}
          <li
            id={`found-${found.length}`}
            role="option"
            aria-selected={active.value === found.length}
            onMouseDown={searchAll}
          >
            Search “{text.value.trim()}” in all texts
          </li>
        </ul>
      )}
    </div>
  );
}

/** The first rows whose id or title has the text; those whose id begins with it first. */
function findRows(text: string): readonly number[] {
  const table = plan.value;
  if (table === undefined) return [];
  const first: number[] = [];
  const others: number[] = [];
  for (let row = 0; row < table.size && first.length < MAX_SHOWN; row++) {
    const id = table.ids[row]?.toLowerCase() ?? "";
    if (id.startsWith(text)) first.push(row);
    else if (others.length < MAX_SHOWN && (id.includes(text) || table.title[row]?.toLowerCase().includes(text))) {
      others.push(row);
    }
  }
  return [...first, ...others].slice(0, MAX_SHOWN);
}

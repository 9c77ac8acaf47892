/**
 * A list of which only the rows in view exist, for lists of any length. All rows are of one height. When rows come or go
 * above, the list scrolls with them: what the user looks at stays where it is.
 */

import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";

export interface VirtualRowsProps {
  readonly count: number;
  /** In CSS pixels. */
  readonly rowHeight: number;
  /** Called for the rows in view only. */
  readonly row: (index: number) => ComponentChildren;
  /** The row that must be in view when it changes, like the one that the keyboard is on. */
  readonly active?: number | undefined;
  /** Differs whenever the user has chosen `active`, for lists whose rows move by themselves. Default: `active`. */
  readonly choice?: number;
  readonly label: string;
  readonly class?: string;
  /** Default: `rowgroup`. */
  readonly role?: "rowgroup" | "list";
  /** Whether the list itself can be focused, to scroll it. Default: yes. */
  readonly isFocusable?: boolean;
  /** What is in each row, for lists whose rows move: the key of a row, and the row of a key, or -1. */
  readonly moving?: Moving;
}

export interface Moving {
  readonly keyAt: (index: number) => number;
  readonly indexOf: (key: number) => number;
}

/** How many rows exist beyond both ends of the view, so that a fast scroll does not show gaps. */
const BEYOND = 8;

/** After how many rows a scroll draws others. */
const STEP = 4;

export function VirtualRows(
  {
    count,
    rowHeight,
    row,
    active,
    choice = active,
    label,
    class: name = "",
    role = "rowgroup",
    isFocusable = true,
    moving,
  }: VirtualRowsProps,
) {
  const element = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const step = rowHeight * STEP;
  const height = useSignal(600);
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => height.value = box.clientHeight);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useScrollWithRows({ element, rowHeight, count, moving });
  useEffect(() => {
    const box = element.current;
    if (box === null || active === undefined || active < 0) return;
    const start = active * rowHeight;
    if (start < box.scrollTop) box.scrollTop = start;
    else if (start + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = start + rowHeight - box.clientHeight;
  }, [choice]);
  const first = Math.max(0, Math.floor(top.value / rowHeight) - BEYOND);
  const last = Math.min(count, Math.ceil((top.value + height.value) / rowHeight) + STEP + BEYOND);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div
      ref={element}
      class={`virtual-rows ${name}`}
      role={role}
      aria-label={label}
      tabIndex={isFocusable ? 0 : -1}
      onScroll={({ currentTarget }) => top.value = Math.floor(currentTarget.scrollTop / step) * step}
    >
      <div class="virtual-space" style={{ height: `${count * rowHeight}px` }}>
        {shown.map((index) => (
          <div
            key={moving?.keyAt(index) ?? index}
            class="virtual-row"
            style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}
          >
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

interface ScrollOptions {
  readonly element: { readonly current: HTMLDivElement | null };
  readonly rowHeight: number;
  readonly count: number;
  readonly moving: Moving | undefined;
}

/** Scrolls by as much as the first row in view that is still there has moved. A list at its beginning stays there. */
function useScrollWithRows({ element, rowHeight, count, moving }: ScrollOptions): void {
  const seen = useRef<{ readonly start: number; readonly keys: readonly number[] }>({ start: 0, keys: [] });
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null || moving === undefined) return;
    const { start, keys } = seen.current;
    const first = Math.floor(box.scrollTop / rowHeight) - start;
    const kept = box.scrollTop === 0 ? -1 : keys.findIndex((key, at) => at >= first && moving.indexOf(key) >= 0);
    const key = keys[kept];
    const moved = key === undefined || first < 0 ? 0 : moving.indexOf(key) - start - kept;
    if (moved !== 0) box.scrollTop += moved * rowHeight;
    // The user may scroll by some rows until the next time.
    const from = Math.max(0, Math.floor(box.scrollTop / rowHeight) - STEP);
    const to = Math.min(count, from + Math.ceil(box.clientHeight / rowHeight) + 2 * STEP);
    seen.current = {
      start: from,
      keys: Array.from({ length: Math.max(0, to - from) }, (_, index) => moving.keyAt(from + index)),
    };
  });
}

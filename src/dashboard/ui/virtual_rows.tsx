/** A list of which only the rows in view exist, for lists of any length. All rows are of one height. */

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
  readonly label: string;
  readonly class?: string;
}

/** How many rows exist beyond both ends of the view, so that a fast scroll does not show gaps. */
const BEYOND = 8;

export function VirtualRows({ count, rowHeight, row, active, label, class: name = "" }: VirtualRowsProps) {
  const element = useRef<HTMLDivElement>(null);
  const top = useSignal(0);
  const height = useSignal(600);
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return;
    const observer = new ResizeObserver(() => height.value = box.clientHeight);
    observer.observe(box);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const box = element.current;
    if (box === null || active === undefined) return;
    const start = active * rowHeight;
    if (start < box.scrollTop) box.scrollTop = start;
    else if (start + rowHeight > box.scrollTop + box.clientHeight) box.scrollTop = start + rowHeight - box.clientHeight;
  }, [active]);
  const first = Math.max(0, Math.floor(top.value / rowHeight) - BEYOND);
  const last = Math.min(count, Math.ceil((top.value + height.value) / rowHeight) + BEYOND);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div
      ref={element}
      class={`virtual-rows ${name}`}
      role="rowgroup"
      aria-label={label}
      tabIndex={0}
      onScroll={(event) => top.value = event.currentTarget.scrollTop}
    >
      <div class="virtual-space" style={{ height: `${count * rowHeight}px` }}>
        {shown.map((index) => (
          <div key={index} class="virtual-row" style={{ top: `${index * rowHeight}px`, height: `${rowHeight}px` }}>
            {row(index)}
          </div>
        ))}
      </div>
    </div>
  );
}

/** Bars for tests. */

import type { Bar } from "../../../../src/dashboard/views/timeline/bars.ts";

export function bar(start: number, end: number, rest: Partial<Bar> = {}): Bar {
  const id = rest.id ?? `t${start}`;
  return {
    key: `${rest.attempt ?? 1} ${id}`,
    id,
    attempt: 1,
    instance: "x",
    group: "",
    start,
    end,
    outcome: end === Infinity ? "running" : "completed",
    queued: 0,
    ...rest,
  };
}

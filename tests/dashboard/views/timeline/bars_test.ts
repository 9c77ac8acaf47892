/** Shows that answers merge into bars, and which bars a filter keeps. */

import { assertEquals } from "@std/assert";
import type { AttemptRows } from "../../../../src/dashboard/api/types.ts";
import { ROW_OUTCOMES } from "../../../../src/core/messages/attempt_rows.ts";
import {
  type BarFilter,
  merged,
  OUTCOMES,
  passes,
  readBarFilter,
} from "../../../../src/dashboard/views/timeline/bars.ts";
import { bar } from "./bars.ts";

const ROWS: AttemptRows = {
  seq: 1,
  now: "2026-01-01T00:00:00.000Z",
  ids: ["a", "b"],
  instances: ["x"],
  groups: ["g"],
  task: [1, 0],
  group: [-1, 0],
  attempt: [1, 2],
  instance: [0, 0],
  start: [50, 10],
  end: [0, 30],
  outcome: [0, 2],
  queued: [0, 5],
};

Deno.test("the page numbers outcomes as the server does", () =>
  assertEquals<readonly string[]>(OUTCOMES, ROW_OUTCOMES));

Deno.test("a later answer replaces what was known of the same attempts", () => {
  const first = merged(new Map(), ROWS);
  assertEquals(Array.from(first.values(), ({ id, group, end, outcome, queued }) => [id, group, end, outcome, queued]), [
    ["b", "", Infinity, "running", 0],
    ["a", "g", 30, "failed", 5],
  ]);
  const later = merged(first, { ...ROWS, end: [70, 30], outcome: [1, 2] });
  assertEquals([later.size, later.get("1 b")?.end, first.get("1 b")?.end], [2, 70, Infinity]);
});

Deno.test("a filter keeps the bars that have all that it names", () => {
  const one = bar(0, 1, { instance: "x", group: "g", outcome: "failed", attempt: 2 });
  const tried: readonly (readonly [params: Partial<BarFilter>, isKept: boolean])[] = [
    [{}, true],
    [{ instance: "x", group: "g", outcome: "failed", tries: "retries" }, true],
    [{ instance: "y" }, false],
    [{ group: "h" }, false],
    [{ outcome: "completed" }, false],
    [{ tries: "first" }, false],
  ];
  for (const [params, isKept] of tried) {
    assertEquals(passes(one, readBarFilter(params)), isKept, JSON.stringify(params));
  }
});

/** Shows that the marks of the slider tell where much happened. */

import { assert, assertEquals } from "@std/assert";
import { recordTimes, timeTicks } from "../../../src/dashboard/plan/time_ticks.ts";
import { PlanTable } from "../../../src/dashboard/plan/plan_table.ts";
import { planRows } from "./plan_rows.ts";

const HOUR = 3_600_000, MINUTE = 60_000;

Deno.test("marks are near each other where little was recorded, and far apart where much was", () => {
  // In the first hour one record a minute, then one an hour.
  const busy = Array.from({ length: 60 }, (_, i) => HOUR + i * MINUTE);
  const slow = Array.from({ length: 60 }, (_, i) => (2 + i) * HOUR);
  const { stepMs, at } = timeTicks(Float64Array.from([...busy, ...slow]), { records: 120, most: 60 });
  assertEquals(stepMs, HOUR);
  assertEquals(at, Array.from({ length: 60 }, (_, i) => (60 + i) / 120));
});

Deno.test("a night in which nothing happened is one mark", () => {
  const { at } = timeTicks(Float64Array.of(0, 10 * MINUTE, 20 * HOUR, 20 * HOUR + 10 * MINUTE), {
    records: 9,
    most: 60,
  });
  assertEquals(at, [0.25, 0.5, 0.75]);
  assertEquals(timeTicks(new Float64Array(), { records: 0, most: 60 }), { stepMs: 1_000, at: [] });
});

Deno.test("however long a plan takes, its marks have room", () => {
  for (
    const [spacing, most] of [[1, 60], [1_000, 60], [HOUR, 60], [HOUR, 14], [400 * HOUR, 60], [
      8_736 * HOUR,
      60,
    ]] as const
  ) {
    const { at } = timeTicks(Float64Array.from({ length: 1_000 }, (_, i) => i * spacing), { records: 1_000, most });
    assert(spacing > 24 * HOUR * 28 || at.length <= most, `${at.length} marks at one record in ${spacing} ms`);
  }
});

Deno.test("a record that creates several tasks is one", () => {
  const rows = { ...planRows([{ id: "a" }, { id: "b" }, { id: "c" }]), created: [5, 5, 9], started: [0, 9, 30] };
  const table = new PlanTable();
  table.merge(rows, 0);
  assertEquals(recordTimes(table), Float64Array.of(5, 9, 30));
});

Deno.test("times that came with an import say nothing of the few records", () => {
  const times = Float64Array.of(0, HOUR, 2 * HOUR);
  assertEquals(timeTicks(times, { records: 2, most: 60 }).at, []);
  assertEquals(timeTicks(times, { records: 3, most: 60 }).at.length, 2);
});

/** Shows the totals for monitoring: by a plan worked out by hand, and that they are what `measure` tells of all groups. */

import { assertEquals, assertThrows } from "@std/assert";
import type { KnownCaller } from "../../../../src/core/model/access.ts";
import { Refusal } from "../../../../src/core/model/refusal.ts";
import { emptyState, type State } from "../../../../src/core/state/state.ts";
import { answer } from "../../../../src/core/views/answer.ts";
import { measureTotals } from "../../../../src/core/views/analytics/totals.ts";
import { claim, complete, contextAt, create, newTask, run, taskWith } from "../../given.ts";

const SECOND_MS = 1_000;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/**
 * `a` waits 10 s and runs 20 s; `b` and `c`, of group g, are ready since second 100 and 130, `c` as `urgent`. `d`, ready
 * since second 140, needs the lock that `e` holds since second 150.
 */
function plan(): State {
  const state = emptyState();
  const at = (second: number) => second * SECOND_MS;
  run(state, { type: "create_group", id: "g", settings: {} }, at(100));
  run(state, create(newTask("a"), taskWith({ group: "g" }, "b")), at(100));
  run(state, claim("x", "a"), at(110));
  run(state, create(taskWith({ group: "g", priority: "urgent" }, "c")), at(130));
  run(state, complete("x", "a"), at(130));
  run(state, create(taskWith({ locks: ["l"] }, "d"), taskWith({ locks: ["l"] }, "e")), at(140));
  return state;
}

test("totals count claims, attempts and times of all groups, and tell how long the queue has been waiting", () => {
  const state = plan();
  const open = measureTotals(state, 200 * SECOND_MS);
  assertEquals(open.oldestReadyMs, 100 * SECOND_MS);
  assertEquals(open.oldestLimitedMs, undefined);
  run(state, claim("x", "e"), 150 * SECOND_MS);
  run(state, claim("y", "b"), 150 * SECOND_MS);
  const totals = measureTotals(state, 200 * SECOND_MS);
  assertEquals([totals.oldestReadyMs, totals.oldestLimitedMs], [70 * SECOND_MS, 60 * SECOND_MS]);
  assertEquals(totals.outcomes, { completed: 1, failed: 0, expired: 0, lost: 0, released: 0, cancelled: 0 });
  const secondsOf = (durations: typeof totals.queues) =>
    durations.map(({ ms, count }) => [Math.round(ms / (10 * SECOND_MS)) * 10, count]);
  // Two waits of 10 s, one of 50 s; each within 5 %.
  assertEquals(secondsOf(totals.queues), [[10, 2], [50, 1]]);
  assertEquals([secondsOf(totals.runs), secondsOf(totals.leads)], [[[20, 1]], [[30, 1]]]);
  assertEquals([totals.sessions, totals.isPaused], [0, false]);
});

test("a pause of the project and sessions that keep tasks are told", () => {
  const state = plan();
  const via = { transport: "stdio", session: "s" } as const;
  run(state, claim("x", "d"), 150 * SECOND_MS, {}, { name: "x", role: "admin", via });
  run(state, { type: "pause_project", reason: "r" }, 150 * SECOND_MS);
  const { sessions, isPaused } = measureTotals(state, 200 * SECOND_MS);
  assertEquals([sessions, isPaused], [1, true]);
});

test("totals are refused to callers from whom something may be hidden, whether there is anything or not", () => {
  for (const state of [emptyState(), plan()]) {
    const context = contextAt(200 * SECOND_MS);
    const read = (caller: KnownCaller) => answer(state, { type: "measure_totals" }, { ...context, caller });
    const refusal = assertThrows(() => read({ name: "c", role: "planner", audiences: ["t"] }), Refusal);
    assertEquals(refusal.code, "forbidden");
    read({ name: "c", role: "admin", audiences: ["t"] });
    read({ name: "c", role: "observer" });
  }
});

/** Shows the metrics of small plans whose numbers are worked out by hand. */

import { assertEquals, assertThrows } from "@std/assert";
import type { Metrics } from "../../../../src/core/messages/metrics.ts";
import { Refusal } from "../../../../src/core/model/refusal.ts";
import { emptyState, type State } from "../../../../src/core/state/state.ts";
import { HOUR_MS } from "../../../../src/core/state/statistics.ts";
import { measure } from "../../../../src/core/views/analytics/metrics.ts";
import { measureTask } from "../../../../src/core/views/analytics/task_metrics.ts";
import { cancel, claim, complete, create, fail, newTask, release, run, taskOf, taskWith } from "../../given.ts";

const MINUTE_MS = 60_000;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/**
 * An hour of work: `a` waits 1 min, runs 10 min by x. `b` is ready then, waits 4 min, runs 20 min by y, fails, and is
 * pending again. `c` in group g is cancelled under x after 5 min. `d` in g is in progress by x since minute 50.
 */
function plan(): State {
  const state = emptyState();
  const at = (minute: number) => minute * MINUTE_MS;
  run(state, { type: "create_group", id: "g", settings: {} }, at(60));
  run(
    state,
    create(newTask("a"), newTask("b", "a"), taskWith({ group: "g" }, "c"), taskWith({ group: "g" }, "d")),
    at(60),
  );
  run(state, claim("x", "a"), at(61));
  run(state, complete("x", "a"), at(71));
  run(state, claim("y", "b"), at(75));
  run(state, { type: "fail_task", id: "b", instance: "y", error: "flaky", isRetryable: true }, at(95));
  run(state, claim("x", "c"), at(100));
  run(state, cancel("c"), at(105));
  run(state, claim("x", "d"), at(110));
  return state;
}

const NOW = 2 * HOUR_MS;

/** A duration as a sketch shows it. */
function about(metrics: Metrics["leadMs"]): readonly (number | undefined)[] {
  return [metrics.count, ...[metrics.p50, metrics.p90].map((ms) => ms && Math.round(ms / MINUTE_MS))];
}

test("metrics of a plan are what its history adds up to", () => {
  const metrics = measure(plan(), { limit: 5 }, NOW);
  assertEquals(metrics.tasks, { pending: 1, in_progress: 1, completed: 1, failed: 0, cancelled: 1, skipped: 0 });
  assertEquals(metrics.outcomes, { completed: 1, failed: 1, expired: 0, lost: 0, released: 0, cancelled: 1 });
  assertEquals(about(metrics.leadMs), [1, 11, 11]);
  // Waits of 1, 4, 40 and 50 minutes: the second is the median, the last one, within 5 %, the 90th percentile.
  assertEquals(about(metrics.queueMs), [4, 4, 52]);
  assertEquals(about(metrics.runMs), [1, 10, 10]);
});

test("instances are told with their results, the share of time in which they worked, and what they hold", () => {
  const { instances, instanceCount } = measure(plan(), { limit: 5 }, NOW);
  assertEquals(instanceCount, 2);
  assertEquals(
    instances.map((
      { instance, completed, failed, timedOut, holding },
    ) => [instance, completed, failed, timedOut, holding]),
    [["x", 1, 0, 0, 1], ["y", 0, 1, 0, 0]],
  );
  // x: 10 + 5 + 10 minutes of the 59 since its first claim; y: 20 of 45.
  assertEquals(instances.map(({ busyShare }) => busyShare), [0.42, 0.44]);
});

test("a series has each hour up to now, with what was open at its end, and none before the first", () => {
  const state = plan();
  run(state, complete("x", "d"), 4 * HOUR_MS + 1);
  const { hours } = measure(state, { limit: 5 }, 4 * HOUR_MS + 2);
  assertEquals(
    hours.map(({ at, created, claimed, completed, dropped, open, inProgress }) => {
      return [at / HOUR_MS, created, claimed, completed, dropped, open, inProgress];
    }),
    [[1, 4, 4, 1, 1, 2, 1], [2, 0, 0, 0, 0, 2, 1], [3, 0, 0, 0, 0, 2, 1], [4, 0, 0, 1, 0, 1, 0]],
  );
  assertEquals(hours.map(({ leadMs }) => leadMs), [11 * MINUTE_MS, undefined, undefined, 3 * HOUR_MS + 1]);
});

test("of one group, only what was done in it counts", () => {
  const { tasks, outcomes, instances, groups, groupCount } = measure(plan(), { group: "g", limit: 5 }, NOW);
  assertEquals([tasks.in_progress, tasks.cancelled, tasks.completed], [1, 1, 0]);
  assertEquals([outcomes.cancelled, outcomes.completed], [1, 0]);
  // 5 + 10 minutes of the 20 since the first claim in the group.
  assertEquals(instances.map(({ instance, busyShare }) => [instance, busyShare]), [["x", 0.75]]);
  assertEquals([groups, groupCount], [[], 1]);
  const all = measure(plan(), { limit: 5 }, NOW);
  assertEquals(all.groups.map(({ group, open, inProgress }) => [group, open, inProgress]), [["g", 1, 1]]);
});

test("an unknown group is refused, and an empty plan has no durations", () => {
  assertThrows(() => measure(emptyState(), { group: "none", limit: 5 }, 0), Refusal, "Group none not found");
  const { leadMs, hours, instances } = measure(emptyState(), { limit: 5 }, 5);
  assertEquals([leadMs, hours.length, instances], [{ count: 0 }, 1, []]);
});

test("the times of a task add up: running in all attempts, waiting the rest", () => {
  const state = plan();
  assertEquals(measureTask(taskOf(state, "a"), NOW), {
    id: "a",
    status: "completed",
    totalMs: 11 * MINUTE_MS,
    runningMs: 10 * MINUTE_MS,
    waitingMs: MINUTE_MS,
    queuedMs: MINUTE_MS,
    attempts: { completed: 1 },
  });
  // Created at minute 60, ready at 71, claimed at 75, failed at 95, and pending since.
  assertEquals(measureTask(taskOf(state, "b"), NOW), {
    id: "b",
    status: "pending",
    totalMs: 60 * MINUTE_MS,
    runningMs: 20 * MINUTE_MS,
    waitingMs: 40 * MINUTE_MS,
    queuedMs: 4 * MINUTE_MS,
    attempts: { failed: 1 },
  });
  assertEquals(measureTask(taskOf(state, "d"), NOW).attempts, { running: 1 });
  run(state, claim("z", "b"), NOW + 1);
  run(state, release("z", "b"), NOW + 2);
  run(state, claim("z", "b"), NOW + 3);
  run(state, fail("z", "b"), NOW + 5);
  const { runningMs, attempts } = measureTask(taskOf(state, "b"), NOW + 100);
  assertEquals([runningMs, attempts], [20 * MINUTE_MS + 1 + 2, { failed: 2, released: 1 }]);
});

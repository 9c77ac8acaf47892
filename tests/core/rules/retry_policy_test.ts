/** Shows what a task keeps of several attempts, how long it waits after each, and what comes first of what is due. */

import type { CommandOf } from "../../../src/core/messages/commands.ts";
import type { Backoff, Task, TaskSettings } from "../../../src/core/model/task.ts";
import { endOfAttempt } from "../../../src/core/rules/retry_policy.ts";
import { listTasks } from "../../../src/core/views/tasks.ts";
import {
  claim,
  complete,
  create,
  fail,
  newTask,
  oldTask,
  retry,
  run,
  SEES_ALL,
  stateAfter,
  taskOf,
  taskWith,
  times,
} from "../given.ts";
import { assertEquals } from "@std/assert";

Deno.test({
  name:
    "pauses double from a second on and end at a hundred, or at a hundred times what a task says, or at what it says",
  permissions: "none",
  fn() {
    const doubling = [1, 2, 4, 8, 16, 32, 64];
    for (
      const [backoff, unit, longest] of [
        [undefined, 1_000, 100],
        [{}, 1_000, 100],
        [{ initialIntervalMs: 7 }, 7, 100],
        [{ initialIntervalMs: 7, maxIntervalMs: 7 * 128 }, 7, 128],
        [{ maxIntervalMs: 65_000 }, 1_000, 65],
        [{ initialIntervalMs: 0 }, 0, 0],
      ] as const
    ) {
      const expected = [...doubling, longest, longest].map((factor) => unit * factor);
      assertEquals(times(9, (failures) => pauseAfter(failures, backoff)), expected);
    }
    assertEquals(times(4, (failures) => pauseAfter(failures, { coefficient: 1.5 })), [1_000, 1_500, 2_250, 3_375]);
  },
});

Deno.test({
  name: "of two attempts that expired the last is resumed by a late completion, and only the first one stays",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 10, backoff: { initialIntervalMs: 0 } }, "a")));
    run(state, claim("x", "a"), 100);
    run(state, { type: "sweep" }, 115);
    run(state, claim("y", "a"), 200);
    run(state, { type: "sweep" }, 220);
    const [first, second] = [
      { attempt: 1, instance: "x", startedAt: 100, endedAt: 115, outcome: "expired" as const },
      { attempt: 2, instance: "y", startedAt: 200, endedAt: 220, outcome: "expired" as const },
    ];
    const { pastAttempts, workedMs } = taskOf(state, "a");
    assertEquals([pastAttempts, workedMs], [[first, second], 35]);
    run(state, complete("y", "a"), 250);
    const task = taskOf(state, "a");
    assertEquals(
      [task.status, task.pastAttempts, task.workedMs, task.startedAt, task.finishedAt],
      ["completed", [first], 15, 200, 250],
    );
  },
});

Deno.test({
  name: "an attempt ends when it ended, not when it is retried, and says what it said last",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ backoff: { initialIntervalMs: 0 } }, "a")));
    run(state, claim("x", "a"), 100);
    run(state, { type: "report_progress", id: "a", instance: "x", message: "half" }, 110);
    run(state, { type: "release_task", id: "a", instance: "x" }, 120);
    run(state, claim("y", "a"), 200);
    run(state, fail("y", "a", "broken"), 230);
    run(state, retry("a"), 300);
    const { pastAttempts, workedMs, pendingAt, createdAt } = taskOf(state, "a");
    assertEquals(pastAttempts, [
      { attempt: 1, instance: "x", startedAt: 100, endedAt: 120, outcome: "released", message: "half" },
      { attempt: 2, instance: "y", startedAt: 200, endedAt: 230, outcome: "failed", message: "broken" },
    ]);
    assertEquals([workedMs, pendingAt, createdAt], [50, 300, 1]);
  },
});

Deno.test({
  name: "what is due at the same time happens in the order of creation, whatever was due first",
  permissions: "none",
  fn() {
    const ids = ["a", "b", "c", "d", "e"];
    for (const expiryTimers of [[50, 40, 30, 20, 10], [30, 10, 50, 20, 40]]) {
      const state = stateAfter(create(...ids.map((id, index) => taskWith({ deadline: expiryTimers[index] ?? 0 }, id))));
      assertEquals(run(state, { type: "sweep" }, 60).events, ids.map((id) => ({ type: "task.overdue", id })));
      const leased = stateAfter(
        create(...ids.map((id, index) => taskWith({ timeoutMs: expiryTimers[index] ?? 0 }, id))),
      );
      for (const id of ids) run(leased, claim("x", id), 2);
      assertEquals(run(leased, { type: "sweep" }, 60).events.flatMap((each) => "id" in each ? [each.id] : []), ids);
    }
  },
});

Deno.test({
  name: "an overdue task stays so with a deadline that has passed, up to this very moment, and not with a later one",
  permissions: "none",
  fn() {
    for (const [deadline, isOverdue] of [[98, true], [99, true], [100, true], [101, undefined]] as const) {
      const state = stateAfter(create(taskWith({ deadline: 50 }, "a"), newTask("b")));
      run(state, { type: "sweep" }, 60);
      run(state, { type: "update_task", id: "a", settings: { deadline } }, 100);
      assertEquals(taskOf(state, "a").overdue, isOverdue, `${deadline}`);
      const overdue = listTasks(state, { filter: { overdue: true }, limit: 9 }, SEES_ALL).tasks.map(({ id }) => id);
      const others = listTasks(state, { filter: { overdue: false }, limit: 9 }, SEES_ALL).tasks.map(({ id }) => id);
      assertEquals([overdue, others], isOverdue ? [["a"], ["b"]] : [[], ["a", "b"]]);
    }
  },
});

Deno.test({
  name: "no task keeps a lease or progress once its attempt is over, however it ended",
  permissions: "none",
  fn() {
    const held = (settings: TaskSettings = {}) => {
      const state = stateAfter(
        { type: "register_instance", instance: "x", settings: { ttlMs: 1_000 } },
        create(taskWith({ timeoutMs: 10_000, ...settings }, "a")),
        claim("x", "a"),
        { type: "report_progress", id: "a", instance: "x", percent: 50, message: "half" },
      );
      const { leaseUntil, progress } = taskOf(state, "a");
      assertEquals([typeof leaseUntil, progress?.percent], ["number", 50]);
      return state;
    };
    const holding = { id: "a", instance: "x" };
    const ends: readonly [AttemptEnd, TaskSettings?, number?][] = [
      [complete("x", "a")],
      [fail("x", "a")],
      [{ ...fail("x", "a"), isRetryable: true }],
      [{ ...fail("x", "a"), isRetryable: true }, { maxAttempts: 1 }],
      [{ type: "release_task", ...holding }],
      [{ type: "release_task", ...holding, dependencies: ["other"] }],
      [{ type: "cancel_task", id: "a" }],
      [{ type: "leave", instance: "x" }],
      [{ type: "sweep" }, {}, 5_000],
      [{ type: "sweep" }, { timeoutMs: 100 }, 500],
      [{ type: "sweep" }, { timeoutMs: 100, maxAttempts: 1 }, 500],
      [{ type: "sweep" }, { deadline: 400, failOnDeadline: true }, 500],
    ];
    for (const [end, settings, at = 100] of ends) {
      const state = held(settings);
      run(state, create(newTask("other")), 99);
      run(state, end, at);
      const { status, leaseUntil, progress } = taskOf(state, "a");
      assertEquals([status === "in_progress", leaseUntil, progress], [false, undefined, undefined], end.type);
    }
  },
});

/** A command by which an attempt may end. */
type AttemptEnd = CommandOf<
  "complete_task" | "fail_task" | "release_task" | "cancel_task" | "leave" | "sweep"
>;

/** How long a task waits when it has failed once more than `failures` times, in milliseconds. */
function pauseAfter(failures: number, backoff: Backoff | undefined): number {
  const task: Task = oldTask("a", { failures, ...(backoff !== undefined && { backoff }) });
  return (endOfAttempt(task, "failed", 1_000).retryAt ?? NaN) - 1_000;
}

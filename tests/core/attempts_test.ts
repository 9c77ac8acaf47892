/** Shows what a task keeps of several attempts, and how long it waits after each. */

import { assertEquals } from "@std/assert";
import { endOfAttempt } from "../../src/core/attempts.ts";
import type { Backoff, Task } from "../../src/core/model.ts";
import { claim, complete, create, fail, oldTask, retry, run, stateAfter, taskOf, taskWith, times } from "./given.ts";

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

/** How long a task waits when it has failed once more than `failures` times, in milliseconds. */
function pauseAfter(failures: number, backoff: Backoff | undefined): number {
  const task: Task = oldTask("a", { failures, ...(backoff !== undefined && { backoff }) });
  return (endOfAttempt(task, "failed", 1_000).retryAt ?? NaN) - 1_000;
}

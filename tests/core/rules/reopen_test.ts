/** Shows what happens when a completed task is opened again. */

import { assertEquals } from "@std/assert";
import { MAX_PAST_RESULT_CHARACTERS } from "../../../src/core/model/limits.ts";
import { claim, complete, create, given, newTask, refusalOf, retry, run, stateAfter, taskOf, work } from "../given.ts";

Deno.test({
  name:
    "retry_task opens a completed task again: dependents that wait wait again, and those that have started are named",
  permissions: "none",
  fn() {
    const plan = create(newTask("a"), newTask("waits", "a"), newTask("runs", "a"), newTask("ran", "a"));
    const opening = given(plan, ...work("x", "a", "first"), claim("y", "runs"), ...work("x", "ran")).when(retry("a"));
    opening.then({ type: "task.retried", id: "a" }).answering({
      task: {
        id: "a",
        description: "do a",
        status: "pending",
        dependencies: [],
        attempt: 1,
        order: 1,
        createdAt: 1,
        startedAt: 2,
        pendingAt: 7,
        pastAttempts: [{ attempt: 1, instance: "x", startedAt: 2, endedAt: 3, outcome: "completed", message: "first" }],
        pastAuthors: ["x"],
        workedMs: 1,
        readiness: "ready",
      },
      started: [{ id: "runs", status: "in_progress" }, { id: "ran", status: "completed" }],
      startedCount: 2,
    });
    const state = stateAfter(plan, ...work("x", "a", "first"), retry("a"));
    assertEquals(state.tasks.get("waits")?.standing, "waiting");
    // The answer to the first attempt is not taken for one to the second.
    assertEquals(refusalOf(() => run(state, complete("x", "a", "first"), 5)).code, "not_holder");
    const claimed = run(state, claim("x"), 6).answer;
    assertEquals([claimed.task?.id, claimed.task?.attempt], ["a", 2]);
    assertEquals(run(state, complete("x", "a", "second"), 7).answer.unlocked.map(({ id }) => id), [
      "waits",
      "runs",
      "ran",
    ]);
  },
});

Deno.test({
  name: "retry_task of a completed task leaves skipped dependents skipped",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", { task: "a", on: "failed" })), ...work("x", "a"));
    assertEquals(taskOf(state, "b").status, "skipped");
    assertEquals(run(state, retry("a"), 5).answer.started, []);
    assertEquals(taskOf(state, "b").status, "skipped");
    assertEquals(run(state, retry("b"), 6).answer.task.readiness, "waiting");
  },
});

Deno.test({
  name: "of the result of a task that is opened again, its last attempt keeps the beginning",
  permissions: "none",
  fn() {
    const long = "x".repeat(MAX_PAST_RESULT_CHARACTERS + 1);
    for (const result of ["", long.slice(2), long.slice(1), long]) {
      const state = stateAfter(create(newTask("a")), ...work("x", "a", result), retry("a"));
      const { pastAttempts, result: none } = taskOf(state, "a");
      assertEquals([pastAttempts?.[0]?.message, none], [result.slice(0, MAX_PAST_RESULT_CHARACTERS), undefined]);
    }
  },
});

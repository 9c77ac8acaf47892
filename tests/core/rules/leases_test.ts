/** Shows what becomes of tasks whose holders fail, fall silent, come back late, drain or leave; and what clocks do. */

import fc from "fast-check";
import type { CommandOf } from "../../../src/core/messages/commands.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import type { InstanceSettings } from "../../../src/core/model/instance.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { isSweepDue, nextChangeAt, sweepDueAt } from "../../../src/core/state/timers.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  newTask,
  refusalOf,
  release,
  retry,
  run,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
} from "../given.ts";
import { assert, assertEquals } from "@std/assert";
import { untilReached } from "../until_reached.ts";

const SWEEP: CommandOf<"sweep"> = { type: "sweep" };
const HOUR = 3_600_000;

Deno.test({
  name: "a lease that has expired is taken back by the next sweep, and not before",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 100 }, "a")), claim("x", "a"));
    assertEquals(taskOf(state, "a").leaseUntil, 102);
    assertEquals([sweepDueAt(state), isSweepDue(state, 101), isSweepDue(state, 102)], [102, false, true]);
    assertEquals(run(state, SWEEP, 101).events, []);
    assertEquals(run(state, SWEEP, 102), {
      events: [{ type: "attempt.ended", id: "a", instance: "x", attempt: 1, outcome: "expired", retryAt: 1_102 }],
      answer: { swept: 1 },
    });
    assertEquals(taskOf(state, "a").status, "pending");
    assertEquals(state.tasks.get("a")?.standing, "delayed");
    assertEquals([sweepDueAt(state), nextChangeAt(state)], [undefined, 1_102]);
    assertEquals(run(state, SWEEP, 103).events, []);
  },
});

Deno.test({
  name: "a task without a timeout has no lease and is never taken back",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")), claim("x", "a"));
    assertEquals(taskOf(state, "a").leaseUntil, undefined);
    assertEquals(run(state, SWEEP, 1_000 * HOUR).events, []);
  },
});

Deno.test({
  name: "each failure doubles the pause, up to a hundred times the first, unless the task says otherwise",
  permissions: "none",
  fn() {
    assertEquals(pausesOf(undefined, 9), [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 100_000, 100_000]);
    assertEquals(pausesOf({ initialIntervalMs: 10, coefficient: 3, maxIntervalMs: 200 }, 5), [10, 30, 90, 200, 200]);
    assertEquals(pausesOf({ initialIntervalMs: 10, coefficient: 1 }, 3), [10, 10, 10]);
    assertEquals(pausesOf({ initialIntervalMs: 0 }, 2), [0, 0]);
    // From the 156th failure on, 100 to the power of their number is Infinity.
    assertEquals(pausesOf({ initialIntervalMs: 0, coefficient: 100 }, 160).slice(150), times(10, () => 0));
    assertEquals(
      pausesOf({ initialIntervalMs: 1, coefficient: 100, maxIntervalMs: 7 }, 160).slice(150),
      times(10, () => 7),
    );
    assertEquals(pausesOf({ initialIntervalMs: 3, coefficient: 1.5 }, 3), [3, 5, 7]);
  },
});

Deno.test({
  name: "a delayed task can be claimed from the very millisecond at which its pause ends",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")), claim("x", "a"), { ...fail("x", "a"), isRetryable: true });
    assertEquals(taskOf(state, "a").retryAt, 1_003);
    const refusal = refusalOf(() => run(state, claim("y", "a"), 1_002));
    assertEquals([refusal.code, refusal.data.delayedUntil], ["not_ready", 1_003]);
    assertEquals(run(state, claim("y"), 1_002).answer.task, undefined);
    assertEquals(run(state, claim("y"), 1_003).answer.task?.id, "a");
  },
});

Deno.test({
  name: "when its attempts are used up a task fails, and a retry gives it as many again",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(taskWith({ maxAttempts: 2, timeoutMs: 10, backoff: { initialIntervalMs: 0 } }, "a")),
    );
    run(state, claim("x", "a"), 10);
    run(state, { ...fail("x", "a", "one"), isRetryable: true }, 11);
    assertEquals(taskOf(state, "a").status, "pending");
    run(state, claim("x", "a"), 12);
    assertEquals(run(state, SWEEP, 22).events, [{
      type: "attempt.ended",
      id: "a",
      instance: "x",
      attempt: 2,
      outcome: "expired",
      error: "Its lease expired, and its 2 attempts are used up",
      isLast: true,
    }]);
    const failed = taskOf(state, "a");
    assertEquals([failed.status, failed.finishedAt, failed.failures], ["failed", 22, 2]);
    run(state, retry("a"), 30);
    run(state, claim("x", "a"), 31);
    run(state, { ...fail("x", "a", "three"), isRetryable: true }, 32);
    assertEquals([taskOf(state, "a").status, taskOf(state, "a").attempt], ["pending", 3]);
  },
});

Deno.test({
  name: "a failure that is not retryable ends a task whatever attempts are left",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ maxAttempts: 5 }, "a")), claim("x", "a"), fail("x", "a"));
    assertEquals(taskOf(state, "a").status, "failed");
  },
});

Deno.test({
  name: "saying twice that an attempt failed, and may be retried, is saying it once",
  permissions: "none",
  fn() {
    const failing = { ...fail("x", "a", "no disk"), isRetryable: true, attempt: 1 };
    const state = stateAfter(create(newTask("a")), claim("x", "a"), failing);
    const before = taskOf(state, "a");
    assertEquals(run(state, failing, 4).events, []);
    assertEquals(taskOf(state, "a"), before);
    assertEquals(refusalOf(() => run(state, { ...failing, error: "other" }, 5)).code, "not_holder");
    assertEquals(refusalOf(() => run(state, { ...failing, instance: "y" }, 5)).code, "not_holder");
    run(state, claim("x", "a"), 2_000);
    assertEquals(refusalOf(() => run(state, failing, 2_001)).code, "stale_attempt");
    // Also where it used up the last attempt.
    const last = stateAfter(create(taskWith({ maxAttempts: 1 }, "a")), claim("x", "a"), failing);
    assertEquals(taskOf(last, "a").status, "failed");
    assertEquals(run(last, failing, 9).events, []);
  },
});

Deno.test({
  name: "a late completion counts as long as nobody has claimed the task since",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 10 }, "a"), newTask("b", "a")), claim("x", "a"));
    run(state, SWEEP, 50);
    assertEquals(taskOf(state, "a").status, "pending");
    assertEquals(run(state, { ...complete("x", "a"), attempt: 1 }, 60).events, [
      { type: "task.completed", id: "a", instance: "x", attempt: 1, result: "done" },
    ]);
    const { status, startedAt, finishedAt, error, pastAttempts, workedMs, retryAt } = taskOf(state, "a");
    assertEquals({ status, startedAt, finishedAt, error, pastAttempts, workedMs, retryAt }, {
      status: "completed",
      startedAt: 2,
      finishedAt: 60,
      error: undefined,
      pastAttempts: undefined,
      workedMs: undefined,
      retryAt: undefined,
    });
    assertEquals(run(state, claim("y"), 61).answer.task?.id, "b");
  },
});

Deno.test({
  name: "a late completion does not undo a failure on which others have acted, but counts once the task is retried",
  permissions: "none",
  fn() {
    for (const isLost of [false, true]) {
      const state = withInstance(
        { ttlMs: isLost ? 20 : 10_000 },
        create(
          taskWith({ maxAttempts: 1, ...(!isLost && { timeoutMs: 20 }) }, "a"),
          newTask("plan-b", { task: "a", on: "failed" }),
          taskWith({ ifUnreachable: "skip" }, "then", "a"),
        ),
        claim("x", "a"),
      );
      run(state, SWEEP, 50);
      assertEquals([taskOf(state, "a").status, taskOf(state, "then").status], ["failed", "skipped"]);
      assertEquals(run(state, claim("y"), 51).answer.task?.id, "plan-b");
      const late = { ...complete("x", "a"), attempt: 1 };
      const refusal = refusalOf(() => run(state, late, 60));
      assertEquals([refusal.code, refusal.data], ["wrong_state", { id: "a", status: "failed" }]);
      assert(
        refusal.message.includes("complete_task works once it is retried; what would help: retry_task a"),
        refusal.message,
      );
      assertEquals(taskOf(state, "a").status, "failed");
      run(state, retry("a"), 61);
      assertEquals(run(state, late, 62).answer.completed.status, "completed");
    }
  },
});

Deno.test({
  name: "a late completion is refused as stale once the task has been claimed again, by anyone",
  permissions: "none",
  fn() {
    const late = { ...complete("x", "a"), attempt: 1 };
    for (const instance of ["y", "x"]) {
      const state = expired();
      run(state, claim(instance, "a"), 5_000);
      const refusal = refusalOf(() => run(state, late, 5_001));
      assertEquals([refusal.code, refusal.data], ["stale_attempt", { id: "a", attempt: 1, current: 2 }]);
      assertEquals(taskOf(state, "a").status, "in_progress");
    }
  },
});

Deno.test({
  name: "who held an attempt before the last one is late for good, though the last one has failed",
  permissions: "none",
  fn() {
    const state = expired();
    run(state, claim("y", "a"), 5_000);
    run(state, fail("y", "a"), 5_001);
    assertEquals(refusalOf(() => run(state, complete("x", "a"), 5_002)).code, "stale_attempt");
    run(state, retry("a"), 5_003);
    assertEquals(refusalOf(() => run(state, complete("x", "a"), 5_004)).code, "stale_attempt");
    assertEquals(taskOf(state, "a").status, "pending");
  },
});

Deno.test({
  name: "nobody but its last holder may complete a task late, and nothing but completing is possible late",
  permissions: "none",
  fn() {
    const state = expired();
    assertEquals(refusalOf(() => run(state, complete("y", "a"), 60)).code, "not_holder");
    for (
      const command of [fail("x", "a"), release("x", "a"), { type: "report_progress", id: "a", instance: "x" }] as const
    ) {
      const refusal = refusalOf(() => run(state, command, 60));
      assertEquals(refusal.code, "not_holder");
      assert(
        refusal.message.includes(
          "complete_task works until somebody else claims it; what would help: complete_task a by x",
        ),
        refusal.message,
      );
    }
    run(state, cancel("a"), 61);
    assertEquals(refusalOf(() => run(state, complete("x", "a"), 62)).code, "not_holder");
  },
});

Deno.test({
  name: "what a holder handed back, or said has failed, it cannot complete late",
  permissions: "none",
  fn() {
    for (const end of [release("x", "a"), { ...fail("x", "a"), isRetryable: true }]) {
      const state = stateAfter(create(newTask("a")), claim("x", "a"), end);
      assertEquals(refusalOf(() => run(state, complete("x", "a"), 5)).code, "not_holder");
    }
  },
});

Deno.test({
  name: "after any call by its holder a lease has at least all of its time before it",
  permissions: "none",
  fn() {
    const calls = [
      { type: "heartbeat", instance: "x" },
      { type: "report_progress", id: "a", instance: "x" },
      claim("x"),
      claim("x", "a"),
      complete("x", "b"),
      fail("x", "b"),
    ] as const;
    for (const call of calls) {
      for (const at of [5, 52, 101]) {
        const state = stateAfter(
          create(taskWith({ timeoutMs: 100 }, "a"), newTask("b")),
          claim("x", "b"),
          claim("x", "a"),
        );
        run(state, call, at);
        assertEquals(taskOf(state, "a").leaseUntil, at + 150, `${call.type} at ${at}`);
        // What has enough before it is not written again.
        const events = run(state, { type: "heartbeat", instance: "x" }, at + 50).events;
        assertEquals([events, taskOf(state, "a").leaseUntil], [[], at + 150]);
        assertEquals(run(state, { type: "heartbeat", instance: "x" }, at + 51).events, [
          { type: "instance.renewed", instance: "x" },
        ]);
        assertEquals(taskOf(state, "a").leaseUntil, at + 51 + 150);
      }
    }
  },
});

Deno.test({
  name: "a busy holder renews a lease at most twice in its time",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 100 }, "a")), claim("x", "a"));
    let renewals = 0;
    for (let at = 3; at <= 1_002; at++) {
      renewals += run(state, { type: "heartbeat", instance: "x" }, at).events.length;
      assertEquals(run(state, SWEEP, at).events, []);
    }
    assert(renewals >= 10 && renewals <= 21, `${renewals} renewals in ten times`);
  },
});

Deno.test({
  name: "progress extends the lease at once",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 100 }, "a")), claim("x", "a"));
    run(state, { type: "report_progress", id: "a", instance: "x", percent: 10, message: "begun" }, 5);
    const { leaseUntil, progress } = taskOf(state, "a");
    assertEquals([leaseUntil, progress], [155, { percent: 10, message: "begun", at: 5 }]);
    run(state, { type: "report_progress", id: "a", instance: "x", percent: 20 }, 6);
    assertEquals(taskOf(state, "a").progress, { percent: 20, message: "begun", at: 6 });
  },
});

Deno.test({
  name: "a call by somebody else, or a refused one, extends nothing",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 100 }, "a")), claim("x", "a"));
    run(state, { type: "heartbeat", instance: "y" }, 90);
    refusalOf(() => run(state, complete("x", "none"), 91));
    assertEquals(taskOf(state, "a").leaseUntil, 102);
  },
});

Deno.test({
  name: "the next attempt is given what the one before said last",
  permissions: "none",
  fn() {
    const said = { type: "report_progress", id: "a", instance: "x", message: "half the files are done" } as const;
    const ends: readonly (readonly [CommandOf<"sweep" | "fail_task" | "release_task">, string, string])[] = [
      [SWEEP, "expired", "half the files are done"],
      [{ ...fail("x", "a", "no disk"), isRetryable: true }, "failed", "no disk"],
      [{ ...release("x", "a"), reason: "somebody else should" }, "released", "somebody else should"],
      [release("x", "a"), "released", "half the files are done"],
    ];
    for (const [end, outcome, message] of ends) {
      const state = stateAfter(create(taskWith({ timeoutMs: 100 }, "a")), claim("x", "a"), said);
      run(state, end, 200);
      const { previous, task } = run(state, claim("y", "a"), 9_000).answer as { previous?: unknown; task: Task };
      assertEquals(previous, { attempt: 1, instance: "x", startedAt: 2, endedAt: 200, outcome, message });
      assertEquals([task.progress, task.attempt], [undefined, 2]);
    }
  },
});

Deno.test({
  name: "an instance that is silent for its time loses all its tasks at once, and is told when it is back",
  permissions: "none",
  fn() {
    const state = withInstance({ ttlMs: 100 }, create(newTask("a"), newTask("b"), newTask("c")));
    for (const id of ["a", "b"]) run(state, claim("x", id), 10);
    assertEquals(run(state, SWEEP, 159).events, []);
    assertEquals(run(state, SWEEP, 160).events, [
      { type: "attempt.ended", id: "a", instance: "x", attempt: 1, outcome: "lost" },
      { type: "attempt.ended", id: "b", instance: "x", attempt: 1, outcome: "lost" },
      { type: "instance.lost", instance: "x", tasks: ["a", "b"] },
    ]);
    // At once: no pause, and another one may have them.
    assertEquals(run(state, claim("y", "a"), 161).answer.task?.id, "a");
    assertEquals(run(state, SWEEP, 500).events, []);
    const { answer } = run(state, { type: "heartbeat", instance: "x" }, 501);
    assertEquals([answer.status, answer.lostTasks, answer.expiresAt], ["active", ["a", "b"], 651]);
    assertEquals(run(state, { type: "heartbeat", instance: "x" }, 502).answer.lostTasks, []);
  },
});

Deno.test({
  name: "a lost instance is told by its next claim or registration, too",
  permissions: "none",
  fn() {
    for (const back of [claim("x"), { type: "register_instance", instance: "x", settings: {} }] as const) {
      const state = withInstance({ ttlMs: 100 }, create(newTask("a")), claim("x", "a"));
      run(state, SWEEP, 200);
      assertEquals(run(state, back, 201).answer.lostTasks, ["a"]);
      assertEquals(state.instances.get("x")?.instance.status, "active");
      assertEquals(state.instances.get("x")?.instance.lostTasks, undefined);
    }
  },
});

Deno.test({
  name: "an instance that gives signs of life is not lost",
  permissions: "none",
  fn() {
    const state = withInstance({ ttlMs: 100 });
    for (let at = 60; at < 1_000; at += 60) {
      run(state, { type: "heartbeat", instance: "x" }, at);
      assertEquals(run(state, SWEEP, at + 1).events, []);
    }
    assertEquals(run(state, SWEEP, 2_000).events.length, 1);
  },
});

Deno.test({
  name: "who leaves hands back all tasks without a pause",
  permissions: "none",
  fn() {
    const state = withInstance({}, create(newTask("a"), newTask("b")), claim("x", "a"), claim("x", "b"));
    const { events, answer } = run(state, { type: "leave", instance: "x" }, 10);
    assertEquals(events, [
      { type: "task.released", id: "a", instance: "x", attempt: 1, reason: "its instance left" },
      { type: "task.released", id: "b", instance: "x", attempt: 1, reason: "its instance left" },
      { type: "instance.left", instance: "x" },
    ]);
    assertEquals([answer.status, answer.holding], ["left", []]);
    assertEquals(run(state, { type: "leave", instance: "x" }, 11).events, []);
    assertEquals(run(state, claim("y"), 12).answer.task?.id, "a");
  },
});

Deno.test({
  name: "who has left gets no task and is told so, until it registers again",
  permissions: "none",
  fn() {
    const state = withInstance({}, create(newTask("a")));
    run(state, { type: "leave", instance: "x" }, 10);
    for (let at = 11; at < 13; at++) {
      const { answer } = run(state, claim("x"), at);
      assert(answer.task === undefined);
      assertEquals(answer.none.reason, "left");
      assertEquals(answer.none.message, "x has left and gets no more tasks; what would help: register_instance x");
    }
    const refusal = refusalOf(() => run(state, claim("x", "a"), 13));
    assertEquals(refusal.code, "not_eligible");
    assert(refusal.message.includes("x has left"), refusal.message);
    run(state, { type: "register_instance", instance: "x", settings: {} }, 14);
    assertEquals(run(state, claim("x"), 15).answer.task?.id, "a");
  },
});

Deno.test({
  name: "who drains keeps what it holds, says how far it is, gets nothing more, and has left when that is done",
  permissions: "none",
  fn() {
    const state = withInstance(
      { ttlMs: 10_000 },
      create(taskWith({ timeoutMs: 100 }, "a"), newTask("b"), newTask("c")),
    );
    for (const id of ["a", "b"]) run(state, claim("x", id), 10);
    const status = () => state.instances.get("x")?.instance.status;
    assertEquals(run(state, { type: "leave", instance: "x", isDraining: true }, 11).answer.status, "draining");
    assertEquals(run(state, claim("x"), 12).answer.task, undefined);
    assertEquals(refusalOf(() => run(state, claim("x", "c"), 12)).code, "not_eligible");
    run(state, complete("x", "b"), 13);
    assertEquals(status(), "draining");
    // Not even what changes nothing but a held task makes it leave.
    run(state, { type: "report_progress", id: "a", instance: "x", percent: 50 }, 14);
    assertEquals(status(), "draining");
    run(state, { type: "heartbeat", instance: "x" }, 80);
    assertEquals([status(), taskOf(state, "a").leaseUntil], ["draining", 230]);
    const { events } = run(state, complete("x", "a"), 90);
    assertEquals(events.at(-1), { type: "instance.left", instance: "x" });
    assertEquals(status(), "left");
  },
});

Deno.test({
  name: "who drains without holding anything has left at once, and may come back",
  permissions: "none",
  fn() {
    const state = withInstance({}, create(newTask("a")));
    assertEquals(run(state, { type: "leave", instance: "x", isDraining: true }, 5).events, [
      { type: "instance.drained", instance: "x" },
      { type: "instance.left", instance: "x" },
    ]);
    run(state, { type: "register_instance", instance: "x", settings: {} }, 6);
    assertEquals(run(state, claim("x"), 7).answer.task?.id, "a");
  },
});

Deno.test({
  name: "a deadline that has passed marks an open task once, and ends it where it says so",
  permissions: "none",
  fn() {
    const state = stateAfter(create(
      taskWith({ deadline: 100 }, "late"),
      taskWith({ deadline: 100, failOnDeadline: true }, "strict"),
      taskWith({ deadline: 100, failOnDeadline: true }, "running"),
      taskWith({ deadline: 100 }, "done"),
      newTask("after", "strict"),
    ));
    run(state, claim("x", "running"), 10);
    run(state, claim("x", "done"), 10);
    run(state, complete("x", "done"), 11);
    assertEquals(run(state, SWEEP, 99).events, []);
    const error = `Its deadline ${new Date(100).toISOString()} has passed`;
    assertEquals(run(state, SWEEP, 100).events, [
      { type: "task.overdue", id: "late" },
      { type: "task.overdue", id: "strict" },
      { type: "tasks.abandoned", tasks: [{ id: "strict", error, cause: "deadline" }] },
      { type: "task.overdue", id: "running", instance: "x" },
      { type: "tasks.abandoned", tasks: [{ id: "running", error, cause: "deadline", instance: "x" }] },
    ]);
    assertEquals(times(3, (index) => taskOf(state, ["late", "strict", "running"][index]!).status), [
      "pending",
      "failed",
      "failed",
    ]);
    assertEquals([state.overdue, taskOf(state, "late").overdue], [1, true]);
    assertEquals(state.tasks.get("after")?.standing, "blocked");
    assertEquals(run(state, SWEEP, 200).events, []);
    assertEquals(refusalOf(() => run(state, complete("x", "running"), 201)).code, "wrong_state");
    // A later deadline takes the mark away.
    run(state, { type: "update_task", id: "late", settings: { deadline: 500 } }, 202);
    assertEquals([state.overdue, taskOf(state, "late").overdue], [0, undefined]);
    assertEquals(run(state, SWEEP, 500).events, [{ type: "task.overdue", id: "late" }]);
    // And so does none at all, where another change does not.
    run(state, { type: "update_task", id: "late", settings: { priority: "high" } }, 501);
    assertEquals(taskOf(state, "late").overdue, true);
    run(state, { type: "update_task", id: "late", settings: { deadline: null } }, 502);
    assertEquals([state.overdue, taskOf(state, "late").overdue], [0, undefined]);
  },
});

Deno.test({
  name: "a task whose last attempt is lost keeps that error, though its deadline has passed too",
  permissions: "none",
  fn() {
    for (const failOnDeadline of [false, true]) {
      const state = withInstance(
        { ttlMs: 50 },
        create(
          taskWith({ deadline: 80, failOnDeadline, maxAttempts: 1, timeoutMs: 40 }, "a"),
          taskWith({ deadline: 80, failOnDeadline, maxAttempts: 2 }, "b"),
        ),
      );
      for (const id of ["a", "b"]) run(state, claim("x", id), 10);
      const error = "Its instance was lost, and its 1 attempts are used up";
      const deadlineError = `Its deadline ${new Date(80).toISOString()} has passed`;
      assertEquals(run(state, SWEEP, 200).events, [
        { type: "attempt.ended", id: "a", instance: "x", attempt: 1, outcome: "lost", error, isLast: true },
        { type: "attempt.ended", id: "b", instance: "x", attempt: 1, outcome: "lost" },
        { type: "instance.lost", instance: "x", tasks: ["a", "b"] },
        { type: "task.overdue", id: "b" },
        ...(failOnDeadline
          ? [{
            type: "tasks.abandoned" as const,
            tasks: [{ id: "b", error: deadlineError, cause: "deadline" as const }],
          }]
          : []),
      ]);
      assertEquals([taskOf(state, "a").status, taskOf(state, "a").error], ["failed", error]);
      assertEquals(run(state, SWEEP, 201).events, []);
    }
  },
});

Deno.test({
  name: "who is lost while draining is lost, and has not left",
  permissions: "none",
  fn() {
    const state = withInstance({ ttlMs: 50 }, create(newTask("a")), claim("x", "a"));
    run(state, { type: "leave", instance: "x", isDraining: true }, 10);
    assertEquals(run(state, SWEEP, 200).events, [
      { type: "attempt.ended", id: "a", instance: "x", attempt: 1, outcome: "lost" },
      { type: "instance.lost", instance: "x", tasks: ["a"] },
    ]);
    assertEquals(state.instances.get("x")?.instance.status, "lost");
  },
});

Deno.test({
  name: "a deadline that has passed ends its task when that is asked for later",
  permissions: "none",
  fn() {
    for (const isRunning of [false, true]) {
      const state = stateAfter(create(taskWith({ deadline: 100 }, "a")), ...(isRunning ? [claim("x", "a")] : []));
      run(state, SWEEP, 100);
      // A task that runs cannot be changed until it is handed back.
      if (isRunning) run(state, release("x", "a"), 110);
      assertEquals([taskOf(state, "a").overdue, state.overdue], [true, 1]);
      run(state, { type: "update_task", id: "a", settings: { failOnDeadline: true } }, 120);
      assertEquals([taskOf(state, "a").status, sweepDueAt(state), isSweepDue(state, 120)], ["pending", 100, true]);
      const error = `Its deadline ${new Date(100).toISOString()} has passed`;
      assertEquals(run(state, SWEEP, 121).events, [
        { type: "task.overdue", id: "a" },
        { type: "tasks.abandoned", tasks: [{ id: "a", error, cause: "deadline" }] },
      ]);
      assertEquals([taskOf(state, "a").status, state.overdue], ["failed", 0]);
    }
  },
});

Deno.test({
  name: "how long attempts took is kept, also across releases, failures and retries",
  permissions: "none",
  fn() {
    const state = stateAfter(create(taskWith({ timeoutMs: 100, backoff: { initialIntervalMs: 0 } }, "a")));
    run(state, claim("x", "a"), 10);
    run(state, release("x", "a"), 15);
    run(state, claim("y", "a"), 20);
    run(state, { ...fail("y", "a"), isRetryable: true }, 40);
    run(state, claim("x", "a"), 50);
    run(state, SWEEP, 150);
    run(state, claim("x", "a"), 160);
    run(state, fail("x", "a", "for good"), 167);
    run(state, retry("a"), 180);
    const { pastAttempts, workedMs } = taskOf(state, "a");
    assertEquals(
      pastAttempts?.map(({ attempt, instance, startedAt, endedAt, outcome }) => {
        return [attempt, instance, startedAt, endedAt, outcome];
      }),
      [
        [1, "x", 10, 15, "released"],
        [2, "y", 20, 40, "failed"],
        [3, "x", 50, 150, "expired"],
        [4, "x", 160, 167, "failed"],
      ],
    );
    assertEquals(workedMs, 5 + 20 + 100 + 7);
    run(state, claim("x", "a"), 190);
    run(state, complete("x", "a"), 199);
    const done = taskOf(state, "a");
    assertEquals([done.attempt, done.startedAt, done.finishedAt, done.pastAttempts?.length], [5, 190, 199, 4]);
  },
});

Deno.test({
  name: "only the newest attempts are remembered one by one, but the time of all",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")));
    for (const attempt of times(15, (index) => index + 1)) {
      run(state, claim("x", "a"), 100 * attempt);
      run(state, release("x", "a"), 100 * attempt + 10);
    }
    const { pastAttempts, workedMs } = taskOf(state, "a");
    assertEquals(pastAttempts?.map(({ attempt }) => attempt), times(10, (index) => index + 6));
    assertEquals(workedMs, 150);
  },
});

Deno.test({
  name:
    "where a member of a group goes, tasks that get ready by it are ready since then, whatever the clock showed before",
  permissions: "none",
  fn() {
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(taskWith({ group: "g" }, "m"), taskWith({ group: "g" }, "n"), newTask("a", { group: "g" })),
      claim("x", "m"),
      complete("x", "m"),
    );
    // A look at the state at a time that was never recorded; then the clock is set back.
    run(state, { type: "heartbeat", instance: "x" }, HOUR);
    run(state, { type: "delete_task", id: "n" }, 50);
    assertEquals([state.tasks.get("a")?.standing, taskOf(state, "a").readyAt], ["ready", 50]);
  },
});

Deno.test({
  name: "a task that no longer waits for anything is ready since its dependencies changed, not since its creation",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b", { task: "a", on: "failed" })));
    run(state, { type: "update_task", id: "b", dependencies: [] }, 2 * HOUR);
    assertEquals(taskOf(state, "b").readyAt, 2 * HOUR);
    run(state, create(taskWith({ priority: "high" }, "c")), 2 * HOUR + 1);
    assertEquals(times(3, () => run(state, claim("x"), 2 * HOUR + 2).answer.task?.id), ["a", "c", "b"]);
  },
});

Deno.test({
  name: "whatever the clock does, there is one holder for each attempt, attempts only grow, and no time goes back",
  permissions: "none",
  fn() {
    const ids = ["a", "b", "c"];
    const instances = ["x", "y"];
    const step = fc.record({
      delta: fc.oneof(fc.nat(30), fc.nat(30), fc.constantFrom(-HOUR, -50, HOUR)),
      id: fc.constantFrom(...ids),
      instance: fc.constantFrom(...instances),
      action: fc.constantFrom(
        "claim",
        "claim",
        "complete",
        "fail",
        "release",
        "heartbeat",
        "sweep",
        "retry",
        "progress",
      ),
    });
    let claims = 0;
    untilReached(() => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60, size: "max" }), (steps) => {
          const state = withInstance({ ttlMs: 200 });
          run(state, create(...ids.map((id) => taskWith({ timeoutMs: 50, backoff: { initialIntervalMs: 5 } }, id))), 5);
          const holders = new Map<string, string>();
          let clock = 2 * HOUR;
          for (const { delta, id, instance, action } of steps) {
            clock += delta;
            const before = new Map(Array.from(state.tasks, ([id, { task }]) => [id, task]));
            const recorded = state.recordedAt;
            const events = attempt(state, commandOf(action, id, instance), clock);
            assert(state.recordedAt >= recorded, "time went back");
            for (const event of events) {
              if (event.type !== "task.claimed") continue;
              claims++;
              const key = `${event.id} ${event.attempt}`;
              assert(!holders.has(key), `${key} was claimed twice`);
              holders.set(key, event.instance);
            }
            for (const { task } of state.tasks.values()) {
              const was = before.get(task.id);
              assert(was !== undefined && task.attempt >= was.attempt);
              assertTimes(task);
              const { leaseUntil } = task;
              if (was.attempt === task.attempt && was.leaseUntil !== undefined && leaseUntil !== undefined) {
                assert(leaseUntil >= was.leaseUntil, "a lease was cut");
              }
              if (task.status !== "in_progress") continue;
              assertEquals(task.assignedTo, holders.get(`${task.id} ${task.attempt}`));
              assert(state.held.get(task.assignedTo ?? "")?.has(state.tasks.get(task.id)!));
            }
          }
          // However the clock went, nothing is stuck: time goes on, and all can be done.
          const later = 10 * HOUR + clock;
          run(state, SWEEP, Math.max(later, state.now));
          for (const id of ids) if (taskOf(state, id).status === "failed") run(state, retry(id), state.now);
          const last = state.now + HOUR;
          for (const _ of ids) {
            if (state.counts.pending === 0) break;
            const { task } = run(state, claim("z"), last).answer;
            assert(task !== undefined, "nothing can be claimed");
            run(state, complete("z", task.id), last);
          }
          assertEquals(state.counts.pending, 0);
        }),
        { numRuns: 200 },
      );
    }, { isReached: () => claims > 300, told: () => `only ${claims} claims` });
  },
});

/** A task whose first attempt, by x, has expired. */
function expired(): State {
  const state = stateAfter(create(taskWith({ timeoutMs: 10 }, "a")), claim("x", "a"));
  run(state, SWEEP, 50);
  return state;
}

/** A state in which x has registered at time 1. */
function withInstance(settings: InstanceSettings, ...steps: readonly Step[]): State {
  return stateAfter({ type: "register_instance", instance: "x", settings }, ...steps);
}

/** The pauses after so many failures of a task. */
function pausesOf(backoff: Task["backoff"], count: number): readonly number[] {
  const state = emptyState();
  run(state, create(taskWith(backoff === undefined ? {} : { backoff }, "a")), 1);
  return times(count, (index) => {
    const at = (index + 1) * 1_000_000;
    run(state, claim("x", "a"), at);
    run(state, { ...fail("x", "a"), isRetryable: true }, at);
    return (taskOf(state, "a").retryAt ?? 0) - at;
  });
}

function commandOf(action: string, id: string, instance: string): Parameters<typeof run>[1] {
  switch (action) {
    case "claim":
      return claim(instance);
    case "complete":
      return complete(instance, id);
    case "fail":
      return { ...fail(instance, id), isRetryable: true };
    case "release":
      return release(instance, id);
    case "heartbeat":
      return { type: "heartbeat", instance };
    case "progress":
      return { type: "report_progress", id, instance };
    case "retry":
      return retry(id);
    default:
      return SWEEP;
  }
}

function attempt(state: State, command: Parameters<typeof run>[1], at: number): readonly Event[] {
  try {
    return run(state, command, at).events;
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

/** No attempt ends before it begins, or begins before the one before it has ended. */
function assertTimes(
  { createdAt, startedAt = Infinity, finishedAt = Infinity, pastAttempts = [], workedMs = 0 }: Task,
): void {
  let last = createdAt;
  for (const past of pastAttempts) {
    assert(past.startedAt >= last && past.endedAt >= past.startedAt, JSON.stringify(pastAttempts));
    last = past.endedAt;
  }
  assert(workedMs >= 0 && finishedAt >= Math.min(startedAt, finishedAt) && finishedAt >= last);
}

/** Shows that an instance that has lost its context is told what it holds. */

import { MAX_NAMED } from "../../../src/core/model/limits.ts";
import { holdingOf } from "../../../src/core/views/holding.ts";
import { claim, create, newTask, run, stateAfter, taskWith, times, work } from "../given.ts";
import { type Caller, localOperator } from "../../../src/core/model/access.ts";
import { assertEquals } from "@std/assert";

const caller = localOperator("test");

Deno.test({
  name: "a claim tells what else the instance holds, with attempt, lease and progress",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(taskWith({ timeoutMs: 1_000 }, "a"), newTask("b"), newTask("c")),
      claim("x", "a"),
      { type: "report_progress", id: "a", instance: "x", percent: 40, message: "half of it" },
      claim("y", "b"),
    );
    const { answer } = run(state, { type: "claim_task", instance: "x" }, 10);
    assertEquals(answer.task?.id, "c");
    const progress = { percent: 40, message: "half of it", at: 3 };
    const leaseUntil = state.tasks.get("a")?.task.leaseUntil;
    assertEquals("holding" in answer ? [answer.holding, answer.holdingCount] : undefined, [
      [{ id: "a", attempt: 1, leaseUntil: leaseUntil ?? 0, progress }],
      1,
    ]);
    const heartbeat = run(state, { type: "heartbeat", instance: "x" }, 11).answer;
    assertEquals(heartbeat.holding, [
      { id: "a", attempt: 1, leaseUntil: leaseUntil ?? 0, progress },
      { id: "c", attempt: 1 },
    ]);
  },
});

Deno.test({
  name: "a claim of all that the instance holds tells nothing more",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b")), ...work("x", "b"));
    assertEquals("holding" in run(state, claim("x", "a"), 9).answer, false);
    assertEquals("holding" in run(state, claim("x", "a"), 10).answer, false);
  },
});

Deno.test({
  name: "a held task that is claimed again is given whole: inputs, previous attempt, progress, and what else is held",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("b", "a"), newTask("c")),
      ...work("y", "a", "A"),
      claim("y", "b"),
      { type: "release_task", id: "b", instance: "y", reason: "tired" },
      claim("x", "b"),
      { type: "report_progress", id: "b", instance: "x", message: "begun" },
      claim("x", "c"),
    );
    const { answer, events } = run(state, claim("x", "b"), 20);
    assertEquals(events, []);
    if (answer.task === undefined) throw new Error("no task");
    assertEquals(answer.task.progress?.message, "begun");
    assertEquals(answer.inputs, [{ task: "a", by: "y", result: "A" }]);
    assertEquals(answer.previous?.message, "tired");
    assertEquals(answer.holding, [{ id: "c", attempt: 1 }]);
  },
});

Deno.test({
  name: `of many held tasks, the first ${MAX_NAMED} are told, and how many there are`,
  permissions: "none",
  fn() {
    const ids = times(MAX_NAMED + 2, (index) => `t${index}`);
    const state = stateAfter(create(...ids.map((id) => newTask(id))), ...ids.map((id) => claim("x", id)));
    const { holding, holdingCount } = holdingOf(state, { instance: "x", except: "t0", caller });
    assertEquals(holding?.map(({ id }) => id), ids.slice(1, MAX_NAMED + 1));
    assertEquals(holdingCount, MAX_NAMED + 1);
    const last = holdingOf(state, { instance: "x", except: `t${MAX_NAMED + 1}`, caller });
    assertEquals([last.holding?.length, last.holdingCount], [MAX_NAMED, MAX_NAMED + 1]);
    assertEquals(holdingOf(state, { instance: "nobody", except: "t0", caller }), {});
  },
});

Deno.test({
  name: "a claim does not tell what another connected client holds under the same instance id",
  permissions: "none",
  fn() {
    const by = (session: string): Caller => ({ ...caller, via: { transport: "stdio", process: "1", session } });
    const state = stateAfter(create(newTask("a"), newTask("b"), newTask("c")));
    const next = { type: "claim_task", instance: "x" } as const;
    run(state, next, 5, {}, by("s"));
    const other = run(state, next, 6, {}, by("t")).answer;
    assertEquals([other.heldElsewhere, "holding" in other], [["a"], false]);
    const own = run(state, next, 7, {}, by("t")).answer;
    assertEquals("holding" in own ? own.holding : [], [{ id: "b", attempt: 1 }]);
  },
});

Deno.test({
  name:
    "an answer without a task tells what the instance holds, as a claim does, and no other connected client's tasks",
  permissions: "none",
  fn() {
    const by = (session: string): Caller => ({ ...caller, via: { transport: "stdio", process: "1", session } });
    const state = stateAfter(create(newTask("a"), taskWith({ timeoutMs: 1_000 }, "b")));
    const next = { type: "claim_task", instance: "x" } as const;
    run(state, next, 5, {}, by("s"));
    run(state, next, 6, {}, by("t"));
    run(state, { type: "report_progress", id: "b", instance: "x", percent: 40 }, 7, {}, by("t"));
    const noneFor = (session: string) => {
      const { answer } = run(state, next, 8, {}, by(session));
      return answer.task === undefined ? answer.none : undefined;
    };
    const leaseUntil = state.tasks.get("b")?.task.leaseUntil ?? 0;
    const [first, second] = [noneFor("s"), noneFor("t")];
    assertEquals([first?.holding, first?.holdingCount], [[{ id: "a", attempt: 1 }], 1]);
    assertEquals([second?.holding, second?.holdingCount], [
      [{ id: "b", attempt: 1, leaseUntil, progress: { percent: 40, at: 7 } }],
      1,
    ]);
    const running =
      "No task is left to claim; still running: a (x), b (x); what would help: complete_task, fail_task or";
    assertEquals([first?.message, second?.message], [`${running} cancel_task a by x`, `${running} cancel_task b by x`]);
  },
});

Deno.test({
  name: "an instance whose tasks are all of another connected client frees itself only by handing one of them back",
  permissions: "none",
  fn() {
    const by = (session: string): Caller => ({ ...caller, via: { transport: "stdio", process: "1", session } });
    const state = stateAfter(
      create(newTask("a"), newTask("b")),
      { type: "register_instance", instance: "x", settings: { maxConcurrent: 1 } },
    );
    const next = { type: "claim_task", instance: "x" } as const;
    run(state, next, 5, {}, by("s"));
    const messageTo = (session: string) => {
      const { answer } = run(state, next, 6, {}, by(session));
      return answer.task === undefined ? answer.none.message.split("would help: ")[1] : undefined;
    };
    assertEquals(messageTo("s"), "complete_task, fail_task or cancel_task a by x");
    assertEquals(messageTo("t"), "release_task a with instance_id x and attempt 1");
  },
});

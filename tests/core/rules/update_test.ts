/** Shows which changes of a task are accepted in which status, and that no edit of another caller is lost. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import type { CommandOf } from "../../../src/core/messages/commands.ts";
import { MAX_REF_BYTES, MAX_REFS } from "../../../src/core/model/limits.ts";
import type { TaskSettings } from "../../../src/core/model/task.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { findTask } from "../../../src/core/state/lookup.ts";
import { readinessOf } from "../../../src/core/state/readiness.ts";
import { explain } from "../../../src/core/views/explain.ts";
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
  taskOf,
  taskWith,
  times,
  update,
  work,
} from "../given.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function change(id: string, changes: Omit<CommandOf<"update_task">, "type" | "id">): CommandOf<"update_task"> {
  return { type: "update_task", id, ...changes };
}

test("release_task adds dependencies and loses none", () => {
  const plan = create(newTask("a"), newTask("b"), newTask("c", "a", { task: "b", on: "finished" }));
  const state = stateAfter(plan, ...work("x", "a"), ...work("x", "b"), create(newTask("d")), claim("x", "c"));
  const { events } = run(state, { ...release("x", "c"), dependencies: ["d", "a", { task: "b", on: "finished" }] }, 9);
  const dependencies = ["a", { task: "b", on: "finished" as const }, "d"];
  assertEquals(events, [{ type: "task.released", id: "c", instance: "x", attempt: 1, dependencies }]);
  assertEquals([state.tasks.get("c")?.standing, taskOf(state, "c").version], ["waiting", 2]);
});

test("dependencies are added and removed beside those of other edits", () => {
  const state = stateAfter(create(newTask("a"), newTask("b"), newTask("c"), newTask("t", "a")));
  run(state, change("t", { addDependencies: ["b", "a"] }), 2);
  run(state, change("t", { addDependencies: ["c"], removeDependencies: ["a", "nothing"] }), 3);
  assertEquals(taskOf(state, "t").dependencies, ["b", "c"]);
  assertEquals(run(state, change("t", { removeDependencies: ["a"] }), 4).events, []);
  const both = refusalOf(() => run(state, change("t", { dependencies: [], addDependencies: ["a"] }), 5));
  assertEquals(both.code, "invalid_value");
  assertEquals(refusalOf(() => run(state, change("b", { addDependencies: ["t"] }), 5)).code, "cycle");
});

test("an edit of an older version is refused, and tells the present one", () => {
  const state = stateAfter(create(newTask("a")));
  assertEquals(taskOf(state, "a").version, undefined);
  run(state, change("a", { description: "first", ifVersion: 1 }), 2);
  const { code, data } = refusalOf(() => run(state, change("a", { description: "second", ifVersion: 1 }), 3));
  assertEquals([code, data], ["stale_version", { id: "a", version: 2 }]);
  run(state, claim("x", "a"), 4);
  run(state, change("a", { settings: { priority: "high" }, ifVersion: 2 }), 5);
  assertEquals(taskOf(state, "a").version, 3);
});

test("failed, cancelled and skipped tasks can be changed, and stay so until they are retried", () => {
  const skipped = [create(newTask("c"), newTask("a", { task: "c", on: "failed" })), ...work("y", "c")];
  for (
    const history of [
      [create(newTask("a")), claim("x", "a"), fail("x", "a")],
      [create(newTask("a")), cancel("a")],
      skipped,
    ]
  ) {
    const state = stateAfter(...history, { type: "create_group", id: "g", settings: {} }, create(newTask("d")));
    const { status } = taskOf(state, "a");
    run(state, change("a", { description: "new", dependencies: ["d"], settings: { group: "g" } }), 20);
    assertEquals([taskOf(state, "a").status, taskOf(state, "a").description], [status, "new"]);
    assertEquals(state.groups.get("g")?.counts[status], 1);
    assertEquals(run(state, retry("a"), 21).answer.task.readiness, "waiting");
  }
});

test("a skipped branch is no dead end: explain_task names the change that helps", () => {
  const state = stateAfter(create(newTask("c"), newTask("a", { task: "c", on: "failed" })), ...work("y", "c"));
  assertEquals(explain(state, "a").whatWouldChange, ["update_task a with other dependencies"]);
  run(state, update("a"), 9);
  assertEquals(run(state, retry("a"), 10).answer.task.readiness, "ready");
});

test("of a running task, what nobody claims it by can be changed", () => {
  const settings: TaskSettings = {
    priority: "high",
    deadline: 90,
    failOnDeadline: true,
    timeoutMs: 40,
    maxAttempts: 3,
    backoff: { coefficient: 3 },
    estimateMs: 60_000,
    refs: { pr: "7" },
  };
  const state = stateAfter(create(newTask("a")), claim("x", "a"));
  run(state, change("a", { description: "do a", dependencies: [], settings }), 10);
  const { leaseUntil, status, ...task } = taskOf(state, "a");
  assertEquals({ ...task, ...settings }, task);
  assertEquals([status, leaseUntil], ["in_progress", 50]);
  for (
    const [changes, named] of [
      [{ description: "new" }, "description"],
      [{ addDependencies: ["b"] }, "dependencies"],
      [{ settings: { notBefore: 5, priority: "low" } }, "not_before"],
      [{ settings: { group: "g", role: "r" } }, "group, role"],
    ] as const
  ) {
    run(state, { type: "sweep" }, 11);
    const known = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      create(newTask("a"), newTask("b")),
      claim("x", "a"),
    );
    const { code, message } = refusalOf(() => run(known, change("a", changes), 12));
    assertEquals(code, "wrong_state");
    assertStringIncludes(message, `Cannot update task a in in_progress state: x works on it, so ${named} must stay`);
    assertStringIncludes(message, "add_note tells x more");
  }
});

test("a task that is ready by a member of either group stays ready since when it was, as the member moves", () => {
  for (const on of ["failed", "cancelled"] as const) {
    const anyOf = (...groups: readonly string[]) => ({ any: groups.map((group) => ({ group, on })) });
    const state = stateAfter(
      { type: "create_group", id: "g", settings: {} },
      { type: "create_group", id: "h", settings: {} },
      create(taskWith({ group: "g" }, "a"), newTask("b", anyOf("g", "h")), newTask("c", anyOf("h", "g"))),
      claim("x", "a"),
      on === "failed" ? fail("x", "a", "broken") : cancel("a"),
    );
    const before = ["b", "c"].map((id) => taskOf(state, id).readyAt);
    run(state, change("a", { settings: { group: "h" } }), 50);
    run(state, change("a", { settings: { group: "g" } }), 60);
    assertEquals(before, [5, 5]);
    assertEquals(["b", "c"].map((id) => taskOf(state, id).readyAt), before);
  }
});

test("a lease that is set on a running task ends it when the holder is silent", () => {
  const state = stateAfter(create(newTask("a")), claim("x", "a"));
  run(state, change("a", { settings: { timeoutMs: 40 } }), 10);
  run(state, { type: "sweep" }, 51);
  assertEquals(taskOf(state, "a").pastAttempts?.at(-1)?.outcome, "expired");
});

test("a lease is set on a task of a session, and the session keeps the task when the lease is cleared", () => {
  const inSession = localOperator("client", { transport: "stdio", session: "s" });
  const state = stateAfter(create(newTask("a")));
  run(state, claim("x", "a"), 2, {}, inSession);
  assertEquals(taskOf(state, "a").session, "s");
  run(state, change("a", { settings: { timeoutMs: 40 } }), 10);
  assertEquals([taskOf(state, "a").session, taskOf(state, "a").leaseUntil], ["s", 50]);
  run(state, change("a", { settings: { timeoutMs: null } }), 11);
  assertEquals([taskOf(state, "a").session, taskOf(state, "a").leaseUntil], ["s", undefined]);
});

test("a lease that is cleared on a task without a session ends as before, unless the holder calls in a session", () => {
  const inSession = localOperator("client", { transport: "stdio", session: "s" });
  const state = stateAfter(create(taskWith({ timeoutMs: 40 }, "a")), claim("x", "a"));
  const { leaseUntil } = taskOf(state, "a");
  run(state, change("a", { settings: { timeoutMs: null } }), 11);
  assertEquals([taskOf(state, "a").session, taskOf(state, "a").leaseUntil], [undefined, leaseUntil]);
  run(state, { type: "heartbeat", instance: "x" }, 12, {}, inSession);
  assertEquals([taskOf(state, "a").session, taskOf(state, "a").leaseUntil], ["s", undefined]);
});

test("a bulk change obeys the same rules", () => {
  const state = stateAfter(create(newTask("a"), newTask("b"), newTask("c")), claim("x", "a"), ...work("y", "c"));
  const ids = ["a", "b", "c"];
  const bulk = (action: CommandOf<"bulk_update">["action"]) =>
    run(state, { type: "bulk_update", filter: { ids }, action, isAtomic: false }, 9).answer;
  const prioritized = bulk({ type: "prioritize", priority: "high" });
  assertEquals([prioritized.changed, prioritized.refused.map(({ id }) => id)], [2, ["c"]]);
  const assigned = bulk({ type: "assign", assignTo: { instance: "z" } });
  assertEquals([assigned.changed, assigned.refused.map(({ id }) => id)], [1, ["a", "c"]]);
});

test("references are kept, and a holder adds to them at completion", () => {
  const state = stateAfter(create(taskWith({ refs: { issue: "7" } }, "a")), claim("x", "a"));
  const { events } = run(state, { ...complete("x", "a"), refs: { pr: "9" } }, 5);
  assertEquals(events, [{
    type: "task.completed",
    id: "a",
    instance: "x",
    attempt: 1,
    result: "done",
    refs: { issue: "7", pr: "9" },
  }]);
  assertEquals(taskOf(state, "a").refs, { issue: "7", pr: "9" });
});

test("a repeated completion adds the references that are new, and changes nothing without any", () => {
  const first = { ...complete("x", "a"), refs: { pr: "9" } };
  const state = stateAfter(
    create(taskWith({ refs: { issue: "7" } }, "a"), newTask("b", "a")),
    claim("x", "a"),
    first,
  );
  const before = taskOf(state, "a");
  for (const refs of [{}, { pr: "9" }, { issue: "7" }]) {
    assertEquals(run(state, { ...first, refs }, 5).events, []);
  }
  const refs = { issue: "7", pr: "10", commit: "c0ffee" };
  const { events, answer } = run(state, { ...first, refs: { pr: "10", commit: "c0ffee" } }, 6);
  assertEquals(events, [{ type: "task.updated", id: "a", settings: { refs } }]);
  assertEquals(answer.completed.refs, refs);
  assertEquals(taskOf(state, "a"), { ...before, refs, version: 2 });
  assertEquals(readinessOf(findTask(state, "b")), "ready");
  assertEquals(refusalOf(() => run(state, { ...complete("x", "a", "other"), refs }, 7)).code, "wrong_state");
  const tooMany = Object.fromEntries(times(MAX_REFS, (index) => [`r${index}`, ""]));
  assertEquals(refusalOf(() => run(state, { ...first, refs: tooMany }, 8)).code, "limit_exceeded");
});

test("references are bounded", () => {
  const many = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`r${index}`, ""]));
  const state = stateAfter(create(taskWith({ refs: many(MAX_REFS) }, "a")), claim("x", "a"));
  assertEquals(
    refusalOf(() => run(state, create(taskWith({ refs: many(MAX_REFS + 1) }, "b")), 5)).code,
    "limit_exceeded",
  );
  assertEquals(refusalOf(() => run(state, { ...complete("x", "a"), refs: { one: "more" } }, 5)).code, "limit_exceeded");
  const long = "x".repeat(MAX_REF_BYTES);
  run(state, create(taskWith({ refs: { [long]: long } }, "c")), 5);
  const { code } = refusalOf(() => run(state, create(taskWith({ refs: { a: `${long}x` } }, "d")), 5));
  assertEquals(code, "limit_exceeded");
});

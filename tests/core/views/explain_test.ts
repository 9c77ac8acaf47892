/** Shows that who asks why a task does not go on is told what decides that, and what would really change it. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import { explain } from "../../../src/core/views/explain.ts";
import { MAX_NAMED } from "../../../src/core/model/limits.ts";
import type { State } from "../../../src/core/state/state.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  newTask,
  refusalOf,
  run,
  stateAfter,
  taskWith,
  times,
} from "../given.ts";

Deno.test({
  name: "a group that can never be done is blamed on the members that failed, which can be retried",
  permissions: "none",
  fn() {
    const state = grouped(["done", "broken", "open"], { group: "g" });
    end(state, "done", "completed");
    end(state, "broken", "failed");
    const { readiness, why, whatWouldChange, roots, dependencies } = explain(state, "t");
    assertEquals(readiness, "blocked");
    assertEquals(why, "It is blocked by broken (failed)");
    assertEquals(whatWouldChange, ["retry_task broken", "update_task t with other dependencies"]);
    assertEquals(roots, [{ id: "broken", state: "failed", assignedTo: "x" }]);
    assertEquals(dependencies, [
      {
        dependency: "group g",
        verdict: "blocked",
        state: "1 pending, 1 completed, 1 failed of 3 (33 %)",
        need: 3,
      },
    ]);
  },
});

Deno.test({
  name: "a ready task counts the others that can be claimed, without itself and the limited ones",
  permissions: "none",
  fn() {
    for (const others of [0, 1, 2]) {
      for (const limited of [0, 1, 2]) {
        const state = stateAfter(
          create(
            taskWith({ locks: ["l"] }, "holder"),
            newTask("t"),
            ...times(others, (index) => newTask(`other${index}`)),
            ...times(limited, (index) => taskWith({ locks: ["l"] }, `limited${index}`)),
            newTask("waiting", "t"),
          ),
          claim("x", "holder"),
        );
        const counted = others === 1 ? "1 other task is ready" : `${others} other tasks are ready`;
        assertStringIncludes(explain(state, "t").why, `in its turn, ${counted}`);
      }
    }
  },
});

Deno.test({
  name: "a group that goes on is put down to its open members, not to those that have ended",
  permissions: "none",
  fn() {
    const state = grouped(["done", "broken", "held", "open"], { at_least: 2, of: { group: "g" } });
    end(state, "done", "completed");
    end(state, "broken", "failed");
    run(state, claim("y", "held"), 10);
    const { why, whatWouldChange } = explain(state, "t");
    assertEquals(why, "It waits, directly or through other tasks, for held (in_progress), open (ready)");
    assertEquals(whatWouldChange, [
      "complete_task held by y",
      "get_next_task with task_id open, then complete_task",
    ]);
  },
});

Deno.test({
  name: "who waits for another end of a task than its completion is told how to bring that about",
  permissions: "none",
  fn() {
    const cases = [
      ["failed", "get_next_task with task_id a, then fail_task", "fail_task a by x"],
      ["cancelled", "cancel_task a", "cancel_task a"],
      [
        "finished",
        "get_next_task with task_id a, then complete_task, fail_task or cancel_task",
        "complete_task, fail_task or cancel_task a by x",
      ],
      ["completed", "get_next_task with task_id a, then complete_task", "complete_task a by x"],
    ] as const;
    for (const [on, ready, running] of cases) {
      const state = stateAfter(create(newTask("a"), newTask("t", { task: "a", on })));
      assertEquals(explain(state, "t").whatWouldChange, [ready]);
      run(state, claim("x", "a"), 2);
      assertEquals(explain(state, "t").whatWouldChange, [running]);
      // Through another task, too.
      run(state, create(newTask("later", "t")), 3);
      assertEquals(explain(state, "later").whatWouldChange, [running]);
    }
  },
});

Deno.test({
  name: "a claim that comes too early says what must happen first, which is not always a completion",
  permissions: "none",
  fn() {
    const plain = stateAfter(create(newTask("a"), newTask("t", "a")));
    assertEquals(
      refused(plain).message,
      "Cannot claim task t as it is waiting for a (pending); what would help: get_next_task with task_id a, then " +
        "complete_task",
    );
    const cases = [
      ["failed", "get_next_task with task_id a, then fail_task"],
      ["cancelled", "cancel_task a"],
      ["finished", "get_next_task with task_id a, then complete_task, fail_task or cancel_task"],
    ] as const;
    for (const [on, way] of cases) {
      const state = stateAfter(create(newTask("a"), newTask("t", { task: "a", on })));
      const message = `Cannot claim task t as it is waiting for a ${on} (pending); what would help: ${way}`;
      assertEquals(refused(state).message, message);
    }
  },
});

Deno.test({
  name: "how far a group is, is counted by what is asked of it",
  permissions: "none",
  fn() {
    const cases = [
      [{ group: "g" }, "group g (1/5 completed)"],
      [{ at_least: 2, of: { group: "g", on: "failed" } }, "at least 2 of group g failed (1/5 failed)"],
      [{ at_least: 2, of: { group: "g", on: "cancelled" } }, "at least 2 of group g cancelled (1/5 cancelled)"],
      [{ group: "g", on: "finished" }, "group g finished (3/5 finished)"],
    ] as const;
    for (const [dependency, says] of cases) {
      const state = grouped(["done", "broken", "off", "open", "held"], dependency);
      end(state, "done", "completed");
      end(state, "broken", "failed");
      run(state, cancel("off"), 10);
      run(state, claim("x", "held"), 11);
      assertStringIncludes(refused(state).message, says);
    }
    const empty = grouped([], { group: "g" });
    assertStringIncludes(refused(empty).message, "group g (no tasks yet)");
  },
});

Deno.test({
  name: "of the blockers behind a large group a few are named",
  permissions: "none",
  fn() {
    const ids = times(900, (index) => `m${index}`);
    const state = grouped(ids, { group: "g" });
    for (const id of ids) run(state, cancel(id), 10);
    const { whatWouldChange, roots } = explain(state, "t");
    assertEquals(roots?.length, MAX_NAMED);
    assert(whatWouldChange.includes("retry_task m0"), whatWouldChange.join("\n"));
    assertEquals(whatWouldChange.length, MAX_NAMED + 1);
  },
});

/** A state with a group g of some tasks, and a task t that waits for something of it. */
function grouped(ids: readonly string[], dependency: Dependency): State {
  return stateAfter(
    { type: "create_group", id: "g", settings: {} },
    create(...ids.map((id) => taskWith({ group: "g" }, id)), newTask("t", dependency)),
  );
}

function end(state: State, id: string, how: "completed" | "failed"): void {
  run(state, claim("x", id), 5);
  run(state, how === "completed" ? complete("x", id) : fail("x", id), 6);
}

/** The refusal of a claim of t, which is not ready. */
function refused(state: State) {
  const refusal = refusalOf(() => run(state, claim("y", "t"), 20));
  assertEquals(refusal.code, "not_ready");
  return refusal;
}

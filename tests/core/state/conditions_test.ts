/** Shows what tasks do that wait for more than the completion of others: alternatives, shares, groups, ends, conditions. */

import type { Dependency } from "../../../src/core/model/dependency.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import { isSweepDue } from "../../../src/core/state/timers.ts";
import { updateSubscriptions } from "../../../src/core/state/conditions.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import type { State } from "../../../src/core/state/state.ts";
import { viewOf } from "../../../src/core/views/tasks.ts";
import { rounds } from "../../support/rounds.ts";
import {
  cancel,
  claim,
  complete,
  create,
  fail,
  given,
  newTask,
  refusalOf,
  release,
  remove,
  retry,
  run,
  stateAfter,
  type Step,
  taskOf,
  taskWith,
  times,
  update,
  work,
} from "../given.ts";
import { assert, assertEquals } from "@std/assert";

const GROUP: Step = { type: "create_group", id: "g", settings: {} };
const HALF_CANCELLED: Dependency = { at_least: "50%", of: { group: "g", on: "cancelled" } };

Deno.test({
  name: "of many who wait for a group none is touched until what they wait for is decided, and then each once",
  permissions: "none",
  fn() {
    const COUNT = 2_000;
    const state = stateAfter(GROUP);
    const members = times(COUNT, (index) => taskWith({ group: "g" }, `m${index}`));
    const subscribers = times(
      COUNT,
      (index) => newTask(`w${index}`, index % 2 === 0 ? { group: "g" } : HALF_CANCELLED),
    );
    evolve(state, { type: "tasks.created", tasks: [...members, ...subscribers] }, 2);
    const group = state.groups.get("g");
    assert(group !== undefined);
    // All who ask the same are asked for together.
    assertEquals(Array.from(group.subscriptions.values(), ({ conditions }) => conditions.size), [COUNT / 2, COUNT / 2]);
    const told: number[] = [];
    for (let index = 0; index < COUNT; index++) {
      let tells = 0;
      group.counts.pending--;
      group.counts.cancelled++;
      updateSubscriptions(group, () => tells++);
      if (tells > 0) told.push(index + 1, tells);
    }
    // The first one blocks those who need all to be completed; half of them are what the others wait for.
    assertEquals(told, [1, COUNT / 2, COUNT / 2, COUNT / 2]);
  },
});

Deno.test({
  name: "a bulk cancellation of a group decides those who wait for it",
  permissions: "none",
  fn() {
    const COUNT = 2_000;
    const state = stateAfter(GROUP);
    const members = times(COUNT, (index) => taskWith({ group: "g" }, `m${index}`));
    const subscribers = times(
      COUNT,
      (index) => newTask(`w${index}`, index % 2 === 0 ? { group: "g" } : HALF_CANCELLED),
    );
    evolve(state, { type: "tasks.created", tasks: [...members, ...subscribers] }, 2);
    run(state, { type: "bulk_update", filter: { group: "g" }, action: { type: "cancel" }, isAtomic: true }, 3);
    assertEquals([standing(state, "w0"), standing(state, "w1")], ["blocked", "ready"]);
    assertEquals(state.standings, { ready: COUNT / 2, blocked: COUNT / 2, waiting: 0, delayed: 0 });
  },
});

Deno.test({
  name: "a result is read once for all tasks that come together and ask for it",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")), ...work("x", "a"));
    const node = state.tasks.get("a");
    assert(node !== undefined);
    let reads = 0;
    node.task = {
      ...node.task,
      get result() {
        reads++;
        return '{"n":7}';
      },
    };
    const tasks = times(100, (n) => newTask(`t${n}`, { task: "a", when: { pointer: "/n", equals: n } }));
    evolve(state, { type: "tasks.created", tasks }, 9);
    assertEquals(reads, 1);
    assertEquals([standing(state, "t7"), state.standings.ready], ["ready", 1]);
  },
});

Deno.test({
  name: "any of: the first that is completed is enough, and a failed one keeps nothing from it",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a"), newTask("b"), newTask("t", { any: ["a", "b"] })));
    assertEquals(standing(state, "t"), "waiting");
    run(state, claim("x", "a"), 5);
    run(state, fail("x", "a"), 6);
    assertEquals(standing(state, "t"), "waiting");
    end(state, "b", 7);
    assertEquals(standing(state, "t"), "ready");
    // Retrying the failed one changes nothing any more.
    run(state, retry("a"), 9);
    assertEquals(standing(state, "t"), "ready");
  },
});

Deno.test({
  name: "any of: when all have failed the task is blocked by all of them, until one is retried",
  permissions: "none",
  fn() {
    const state = stateAfter(
      create(newTask("a"), newTask("b"), newTask("t", { any: ["a", "b"] })),
      claim("x", "a"),
      fail("x", "a"),
      cancel("b"),
    );
    assertEquals(standing(state, "t"), "blocked");
    assertEquals(waitingFor(state, "t"), ["a", "b"]);
    run(state, retry("b"), 9);
    assertEquals([standing(state, "t"), waitingFor(state, "t")], ["waiting", ["b"]]);
  },
});

Deno.test({
  name: "at least so many: ready with the last that is needed, blocked when too few are left",
  permissions: "none",
  fn() {
    const ids = ["a", "b", "c", "d"];
    const state = stateAfter(create(...ids.map((id) => newTask(id)), newTask("t", { at_least: 2, of: ids })));
    end(state, "a", 5);
    run(state, cancel("b"), 6);
    run(state, cancel("c"), 7);
    assertEquals(standing(state, "t"), "waiting");
    run(state, cancel("d"), 8);
    assertEquals([standing(state, "t"), waitingFor(state, "t")], ["blocked", ["b", "c", "d"]]);
    run(state, retry("c"), 9);
    assertEquals(standing(state, "t"), "waiting");
    end(state, "c", 10);
    assertEquals(standing(state, "t"), "ready");
  },
});

Deno.test({
  name: "a share of a group is counted anew whenever somebody joins: who was ready may wait again",
  permissions: "none",
  fn() {
    const state = stateAfter(
      GROUP,
      create(taskWith({ group: "g" }, "a"), taskWith({ group: "g" }, "b")),
      create(newTask("t", { at_least: "50%", of: { group: "g" } })),
      ...work("x", "a"),
    );
    assertEquals(standing(state, "t"), "ready");
    run(state, create(taskWith({ group: "g" }, "c")), 10);
    assertEquals(standing(state, "t"), "waiting");
    assertEquals(run(state, claim("x", "b"), 11).answer.task?.id, "b");
    run(state, complete("x", "b"), 12);
    assertEquals([standing(state, "t"), taskOf(state, "t").readyAt], ["ready", 12]);
    // One who leaves counts no more, either.
    run(state, create(taskWith({ group: "g" }, "d"), taskWith({ group: "g" }, "e")), 13);
    assertEquals(standing(state, "t"), "waiting");
    run(state, { type: "update_task", id: "e", settings: { group: null } }, 14);
    assertEquals(standing(state, "t"), "ready");
  },
});

Deno.test({
  name: "a task that is claimed stays claimed when more tasks join the group that it waited for",
  permissions: "none",
  fn() {
    const state = stateAfter(
      GROUP,
      create(taskWith({ group: "g" }, "a"), newTask("t", { group: "g" })),
      ...work("x", "a"),
    );
    run(state, claim("y", "t"), 9);
    run(state, create(taskWith({ group: "g" }, "b")), 10);
    assertEquals(taskOf(state, "t").status, "in_progress");
    run(state, release("y", "t"), 11);
    assertEquals(standing(state, "t"), "waiting");
  },
});

Deno.test({
  name: "an empty group is waited for, and so is one with fewer tasks than are asked for",
  permissions: "none",
  fn() {
    const state = stateAfter(
      GROUP,
      create(newTask("all", { group: "g" }), newTask("two", { at_least: 2, of: { group: "g" } })),
    );
    assertEquals([standing(state, "all"), standing(state, "two")], ["waiting", "waiting"]);
    run(state, create(taskWith({ group: "g" }, "a")), 5);
    end(state, "a", 6);
    assertEquals([standing(state, "all"), standing(state, "two")], ["ready", "waiting"]);
    run(state, remove("a"), 8);
    assertEquals(standing(state, "all"), "waiting");
  },
});

Deno.test({
  name: "the last unfinished member that is deleted or moved away makes the others enough",
  permissions: "none",
  fn() {
    const leavings = [remove("b"), { type: "update_task", id: "b", settings: { group: null } }] as const;
    for (const leaving of leavings) {
      const state = stateAfter(
        GROUP,
        create(taskWith({ group: "g" }, "a"), taskWith({ group: "g" }, "b"), newTask("t", { group: "g" })),
        ...work("x", "a"),
      );
      assertEquals(standing(state, "t"), "waiting");
      run(state, leaving, 9);
      assertEquals(standing(state, "t"), "ready");
    }
  },
});

Deno.test({
  name: "expressions nest, and only what decides is named",
  permissions: "none",
  fn() {
    const dependency: Dependency = { any: [{ all: ["a", "b"] }, { at_least: 2, of: ["c", { any: ["d", "e"] }, "f"] }] };
    const state = stateAfter(create(...[..."abcdef"].map((id) => newTask(id)), newTask("t", dependency)));
    for (const id of ["a", "c", "f"]) {
      assertEquals(standing(state, "t"), "waiting", `before ${id}`);
      end(state, id, 10);
    }
    assertEquals(standing(state, "t"), "ready");
    const blocked = stateAfter(
      create(...[..."abcdef"].map((id) => newTask(id)), newTask("t", dependency)),
      ...["a", "c", "d", "e"].map((id) => cancel(id)),
    );
    assertEquals([standing(blocked, "t"), waitingFor(blocked, "t")], ["blocked", ["a", "c", "d", "e"]]);
    run(blocked, retry("d"), 20);
    assertEquals([standing(blocked, "t"), waitingFor(blocked, "t")], ["waiting", ["d", "f"]]);
  },
});

Deno.test({
  name: "a task can wait for a failure, a cancellation, a skip, or any end",
  permissions: "none",
  fn() {
    const waiters = create(
      newTask("a"),
      newTask("on failed", { task: "a", on: "failed" }),
      newTask("on cancelled", { task: "a", on: "cancelled" }),
      newTask("on skipped", { task: "a", on: "skipped" }),
      newTask("on finished", { task: "a", on: "finished" }),
      newTask("on completed", { task: "a", on: "completed" }),
    );
    const standings = (state: State) =>
      ["failed", "cancelled", "skipped", "finished", "completed"].map((on) => standing(state, `on ${on}`));
    assertEquals(standings(stateAfter(waiters)), times(5, () => "waiting"));
    assertEquals(standings(stateAfter(waiters, ...work("x", "a"))), [
      "skipped",
      "skipped",
      "skipped",
      "ready",
      "ready",
    ]);
    assertEquals(
      standings(stateAfter(waiters, claim("x", "a"), fail("x", "a"))),
      ["ready", "blocked", "blocked", "ready", "blocked"],
    );
    assertEquals(
      standings(stateAfter(waiters, cancel("a"))),
      ["blocked", "ready", "blocked", "ready", "blocked"],
    );
    const skipping = stateAfter(create(newTask("root")), waiters, update("a", { task: "root", on: "failed" }));
    end(skipping, "root", 9);
    assertEquals(standings(skipping), ["skipped", "skipped", "ready", "ready", "skipped"]);
  },
});

Deno.test({
  name: "a condition on the result decides which way things go",
  permissions: "none",
  fn() {
    const tasks = create(
      newTask("review"),
      newTask("fix", { task: "review", when: { pointer: "/verdict", equals: "changes" } }),
      newTask("merge", { task: "review", when: { pointer: "/verdict", equals: "approved" } }),
      newTask("after fix", "fix"),
      newTask("end", { any: ["after fix", "merge"] }),
    );
    const state = stateAfter(tasks, ...work("x", "review", '{"verdict":"approved"}'));
    assertEquals(["fix", "merge", "after fix", "end"].map((id) => standing(state, id)), [
      "skipped",
      "ready",
      "skipped",
      "waiting",
    ]);
    assertEquals(taskOf(state, "fix").reason, 'It depends on review when /verdict equals "changes"');
    end(state, "merge", 9);
    assertEquals(standing(state, "end"), "ready");
    const neither = stateAfter(tasks, ...work("x", "review", '{"verdict":"unsure"}'));
    assertEquals(["fix", "merge", "after fix", "end"].map((id) => standing(neither, id)), times(4, () => "skipped"));
  },
});

Deno.test({
  name: "skipping goes down chains and through diamonds, is written once, and in the record that caused it",
  permissions: "none",
  fn() {
    given(
      create(
        newTask("a"),
        newTask("top", { task: "a", on: "failed" }),
        newTask("left", "top"),
        newTask("right", "top"),
        newTask("bottom", "left", "right"),
        newTask("whatever", { task: "bottom", on: "finished" }),
      ),
      claim("x", "a"),
    ).when(complete("x", "a")).then(
      { type: "task.completed", id: "a", instance: "x", attempt: 1, result: "done" },
      { type: "tasks.skipped", tasks: [{ id: "top", because: "a failed" }] },
      { type: "tasks.skipped", tasks: [{ id: "left", because: "top" }, { id: "right", because: "top" }] },
      { type: "tasks.skipped", tasks: [{ id: "bottom", because: "left" }] },
    );
  },
});

Deno.test({
  name: "a long chain is skipped as well as a short one",
  permissions: "none",
  fn() {
    const count = 3_000;
    const state = stateAfter(create(newTask("t0")));
    for (const part of times(count / 1_000, (index) => index)) {
      run(
        state,
        create(...times(1_000, (index) => {
          const number = 1_000 * part + index + 1;
          return newTask(`t${number}`, number === 1 ? { task: "t0", on: "failed" } : `t${number - 1}`);
        })),
        2,
      );
    }
    end(state, "t0", 5);
    for (const _ of rounds("sweeping", count)) {
      if (!isSweepDue(state, 6)) break;
      run(state, { type: "sweep" }, 6);
    }
    assertEquals([state.counts.skipped, state.counts.pending], [count, 0]);
  },
});

Deno.test({
  name: "what cannot be reached waits, is skipped or fails, as its task says",
  permissions: "none",
  fn() {
    const tasks = create(
      newTask("a"),
      newTask("waits", "a"),
      taskWith({ ifUnreachable: "skip" }, "skips", "a"),
      taskWith({ ifUnreachable: "fail" }, "fails", "a"),
      newTask("after skip", "skips"),
      newTask("on fail", { task: "fails", on: "failed" }),
    );
    given(tasks, claim("x", "a")).when(fail("x", "a")).then(
      { type: "task.failed", id: "a", instance: "x", attempt: 1, error: "broken" },
      { type: "tasks.skipped", tasks: [{ id: "skips", because: "a" }] },
      {
        type: "tasks.abandoned",
        tasks: [{ id: "fails", error: "Its dependencies cannot be met: a", cause: "dependencies" }],
      },
      { type: "tasks.skipped", tasks: [{ id: "after skip", because: "skips" }] },
    );
    const state = stateAfter(tasks, claim("x", "a"), fail("x", "a"));
    assertEquals([standing(state, "waits"), standing(state, "on fail")], ["blocked", "ready"]);
    // What a retry brings back, it brings back for what waits only.
    run(state, retry("a"), 9);
    assertEquals(["waits", "skips", "fails"].map((id) => standing(state, id)), ["waiting", "skipped", "failed"]);
    run(state, retry("skips"), 10);
    run(state, retry("fails"), 11);
    assertEquals(["skips", "fails"].map((id) => standing(state, id)), ["waiting", "waiting"]);
  },
});

Deno.test({
  name: "a skipped task cannot be retried while it would be skipped again",
  permissions: "none",
  fn() {
    given(create(newTask("a"), newTask("b", { task: "a", on: "failed" })), ...work("x", "a")).when(retry("b"))
      .thenRefused("wrong_state", "Cannot retry task b in skipped state: ");
  },
});

Deno.test({
  name: "a task may be created, updated or released into what can never be met, and is skipped there and then",
  permissions: "none",
  fn() {
    const never: Dependency = { task: "a", on: "failed" };
    const done = [create(newTask("a"), newTask("b")), ...work("x", "a")];
    const skipped = { type: "tasks.skipped" as const };
    given(...done).when(create(newTask("c", never))).then(
      { type: "tasks.created", tasks: [newTask("c", never)] },
      { ...skipped, tasks: [{ id: "c", because: "a failed" }] },
    );
    given(...done).when(update("b", never)).then(
      { type: "task.updated", id: "b", dependencies: [never] },
      { ...skipped, tasks: [{ id: "b", because: "a failed" }] },
    );
    given(...done, claim("x", "b")).when({ ...release("x", "b"), dependencies: [never] }).then(
      { type: "task.released", id: "b", instance: "x", attempt: 1, dependencies: [never] },
      { ...skipped, tasks: [{ id: "b", because: "a failed" }] },
    );
  },
});

Deno.test({
  name: "a blocked task names those that failed or were cancelled, and comes back when they are retried",
  permissions: "none",
  fn() {
    const state = stateAfter(
      GROUP,
      create(
        newTask("a"),
        newTask("b"),
        newTask("c"),
        taskWith({ group: "g" }, "m"),
        newTask("t", "a", "b", "c", { group: "g" }),
      ),
      claim("x", "a"),
      fail("x", "a"),
      cancel("c"),
      cancel("m"),
    );
    assertEquals([standing(state, "t"), waitingFor(state, "t")], ["blocked", ["a", "c", "group g"]]);
    ["a", "c", "m"].forEach((id, index) => run(state, retry(id), 9 + index));
    assertEquals([standing(state, "t"), waitingFor(state, "t")], ["waiting", ["a", "b", "c", "group g"]]);
    for (const id of ["a", "b", "c", "m"]) end(state, id, 20);
    assertEquals(standing(state, "t"), "ready");
  },
});

Deno.test({
  name: "cycles are refused with their path, through expressions and groups, however they would come about",
  permissions: "none",
  fn() {
    const refused = (path: readonly string[]) =>
      [
        "cycle",
        `Dependencies would create a cycle: ${path.join(" → ")}; what would help: `,
        { cycle: path, length: path.length - 1 },
      ] as const;
    given().when(create(newTask("a", { any: ["b"] }), newTask("b", { at_least: 1, of: ["a"] })))
      .thenRefused(...refused(["a", "b", "a"]));
    given().when(create(newTask("a", { task: "a", on: "failed" }))).thenRefused(...refused(["a", "a"]));
    given(GROUP).when(create(taskWith({ group: "g" }, "a", { group: "g" }))).thenRefused(
      ...refused(["a", "group g", "a"]),
    );
    given(GROUP).when(
      create(taskWith({ group: "g" }, "a", "b"), newTask("b", { any: ["c", { group: "g" }] }), newTask("c")),
    )
      .thenRefused(...refused(["a", "b", "group g", "a"]));
    const waiting = [GROUP, create(newTask("a"), newTask("b", { group: "g" }), newTask("c", "b"))];
    given(...waiting).when({ type: "update_task", id: "b", settings: { group: "g" } }).thenRefused(
      ...refused(["b", "group g", "b"]),
    );
    given(...waiting).when({ type: "update_task", id: "c", settings: { group: "g" } }).thenRefused(
      ...refused(["c", "b", "group g", "c"]),
    );
    given(...waiting).when(update("b", { all: [{ any: ["c"] }] })).thenRefused(...refused(["b", "c", "b"]));
    given(...waiting, claim("x", "a")).when({ ...release("x", "a"), dependencies: [{ any: ["a"] }] }).thenRefused(
      ...refused(["a", "a"]),
    );
    given(...waiting).when({
      type: "bulk_update",
      filter: { ids: ["a", "c"] },
      action: { type: "move", group: "g" },
      isAtomic: true,
    }).thenRefused(...refused(["c", "b", "group g", "c"]));
  },
});

Deno.test({
  name: "a diamond is no cycle, and neither is leaving a group and waiting for it from then on",
  permissions: "none",
  fn() {
    const diamond = [
      newTask("a"),
      newTask("b", { any: ["a"] }),
      newTask("c", "a", "b"),
      newTask("d", { at_least: 1, of: ["b", "c"] }, "a"),
    ];
    given().when(create(...diamond)).then({ type: "tasks.created", tasks: diamond });
    const changes = { settings: { group: null }, dependencies: [{ group: "g" }] };
    given(GROUP, create(taskWith({ group: "g" }, "a"))).when({ type: "update_task", id: "a", ...changes }).then(
      { type: "task.updated", id: "a", ...changes },
    );
  },
});

Deno.test({
  name: "what is watched by an expression cannot be deleted, and neither can its group",
  permissions: "none",
  fn() {
    const history = [GROUP, create(newTask("a"), newTask("t", { any: ["a", { group: "g" }] }))];
    given(...history).when(remove("a")).thenRefused(
      "has_dependents",
      "Cannot delete task a as it has dependent tasks: t",
    );
    given(...history).when({ type: "delete_group", id: "g" }).thenRefused(
      "has_dependents",
      "Cannot delete group g as tasks are in it or depend on it: t",
    );
    given(...history, update("t")).when(remove("a")).then({ type: "task.deleted", id: "a" });
    given(...history, update("t")).when({ type: "delete_group", id: "g" }).then({ type: "group.deleted", group: "g" });
  },
});

Deno.test({
  name:
    "a claim hands out the results of what was waited for, whichever way it ended, and a completion shows what it unlocked",
  permissions: "none",
  fn() {
    const tasks: readonly NewTask[] = [
      newTask("a"),
      newTask("b"),
      newTask("c"),
      taskWith({ group: "g" }, "m"),
      newTask("t", { any: ["a", "b"] }, { task: "c", on: "failed" }, { group: "g" }),
    ];
    const state = stateAfter(
      GROUP,
      create(...tasks),
      ...work("x", "a", "the result"),
      claim("x", "c"),
      fail("x", "c", "no disk"),
    );
    run(state, claim("x", "m"), 20);
    const { unlocked, unlockedCount } = run(state, complete("x", "m", "of m"), 21).answer;
    assertEquals([unlocked.map(({ id }) => id), unlockedCount], [["t"], 1]);
    const { answer } = run(state, claim("x", "t"), 22);
    assert("inputs" in answer);
    assertEquals(answer.inputs, [
      { task: "a", by: "x", result: "the result" },
      { task: "c", status: "failed", by: "x", result: "no disk" },
      { task: "m", by: "x", result: "of m" },
    ]);
  },
});

Deno.test({
  name: "a task that waits for nothing known is refused with the name that is missing",
  permissions: "none",
  fn() {
    given().when(create(newTask("a", { any: ["none"] }))).thenRefused(
      "dependency_not_found",
      "Dependency task none not found: task a names it",
    );
    given().when(create(newTask("a", { at_least: 1, of: { group: "none" } }))).thenRefused(
      "dependency_not_found",
      "Dependency group none not found: task a names it",
    );
    const state = stateAfter(create(newTask("a")), claim("x", "a"));
    const refusal = refusalOf(() => run(state, { ...release("x", "a"), dependencies: [{ group: "none" }] }, 5));
    assertEquals([refusal.code, taskOf(state, "a").status], ["dependency_not_found", "in_progress"]);
  },
});

/** The readiness of a pending task; else its status. */
function standing(state: State, id: string): string {
  const node = state.tasks.get(id);
  assert(node !== undefined, id);
  return node.standing ?? node.task.status;
}

function waitingFor(state: State, id: string): readonly string[] | undefined {
  const node = state.tasks.get(id);
  assert(node !== undefined, id);
  return viewOf({}, node).waitingFor;
}

function end(state: State, id: string, at: number): void {
  run(state, claim("x", id), at);
  run(state, complete("x", id), at);
}

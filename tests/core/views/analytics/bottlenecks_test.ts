/** Shows that each kind of bottleneck is found in a plan that has it, with what would help, and ranked by what it holds up. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import fc from "fast-check";
import type { Bottleneck, BottleneckKind } from "../../../../src/core/messages/analysis.ts";
import type { TaskSettings } from "../../../../src/core/model/task.ts";
import { countsOf } from "../../../../src/core/state/group_counts.ts";
import { noCounts, type State } from "../../../../src/core/state/state.ts";
import { verdictOf } from "../../../../src/core/state/conditions.ts";
import { analyze, planOf } from "../../../../src/core/views/analytics/analysis.ts";
import { estimateDownstream, reachedFrom } from "../../../../src/core/views/analytics/downstream.ts";
import { measure } from "../../../../src/core/views/analytics/metrics.ts";
import { Verdicts } from "../../../../src/core/views/analytics/verdicts.ts";
import { crowds, gatherings, turns } from "../../arbitraries.ts";
import { claim, complete, create, fail, newTask, run, stateAfter, taskWith, times } from "../../given.ts";
import { play } from "../../play.ts";
import { finish, planWith, remaining, waits } from "./plans.ts";
import { untilReached } from "../../until_reached.ts";

const MINUTE_MS = 60_000;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function bottlenecks(state: State, kind?: BottleneckKind, now = state.now): readonly Bottleneck[] {
  const metrics = measure(state, { limit: 10 }, now);
  const found = finish(analyze(planOf(state, now), { limit: 50, metrics })).bottlenecks;
  return kind === undefined ? found : found.filter((each) => each.kind === kind);
}

/** The kind, subject and sentence of the only bottleneck of a kind. */
function only(state: State, kind: BottleneckKind, now?: number): string {
  const found = bottlenecks(state, kind, now);
  assertEquals(found.length, 1, JSON.stringify(found));
  assert((found[0]?.remedy ?? "").length > 10);
  return `${found[0]?.subject}: ${found[0]?.what}`;
}

test("the task for which most work waits comes first, in the state that it is in", () => {
  const state = stateAfter(
    create(newTask("root"), newTask("small"), newTask("s1", "small"), ...times(4, (n) => newTask(`w${n}`, "root"))),
  );
  assertEquals(bottlenecks(state).map(({ kind, subject, what }) => [kind, subject, what]), [
    ["task", "root", "root is ready and unclaimed, and 4 tasks of 40 min wait for it"],
    ["task", "small", "small is ready and unclaimed, and 1 task of 10 min waits for it"],
  ]);
  run(state, claim("ann", "root"), 9);
  assertMatch(bottlenecks(state)[0]?.what ?? "", /^root is in progress by ann, and 4 tasks of 40 min wait/);
  run(state, fail("ann", "root"), 10);
  const [failed] = bottlenecks(state);
  assertMatch(failed?.what ?? "", /^root is failed, and 4 tasks/);
  assertMatch(failed?.remedy ?? "", /retry_task root/);
});

test("a role that no live instance has, or fewer than its ready tasks need", () => {
  const state = stateAfter(create(...times(3, (n) => taskWith({ role: "reviewer" }, `r${n}`))));
  assertEquals(
    only(state, "requirement"),
    "role reviewer: 3 ready tasks of 30 min need role reviewer, which no live instance has",
  );
  run(state, { type: "register_instance", instance: "x", settings: { roles: ["reviewer"] } }, 9);
  assertEquals(
    only(state, "requirement"),
    "role reviewer: 3 ready tasks of 30 min need role reviewer, which 1 live instance has",
  );
  for (const instance of ["y", "z"]) {
    run(state, { type: "register_instance", instance, settings: { roles: ["reviewer"] } }, 10);
  }
  assertEquals(bottlenecks(state, "requirement"), []);
});

test("a person for whom tasks are reserved, until the reservation ends", () => {
  const assignTo = { instance: "ann", fallbackMs: 60 * MINUTE_MS };
  const state = stateAfter(create(taskWith({ assignTo }, "approve"), newTask("go", "approve")));
  assertEquals(only(state, "person", 30 * MINUTE_MS), "ann: 1 ready task waits for ann alone, for 30 min now");
  assertEquals(bottlenecks(state, "person", 61 * MINUTE_MS), []);
});

test("a lock that is held, and a group that is full or paused, while tasks are ready", () => {
  const locked: TaskSettings = { locks: ["db"] };
  const state = stateAfter(
    { type: "create_group", id: "g", settings: { maxParallel: 1 } },
    create(taskWith(locked, "a"), taskWith(locked, "b"), taskWith({ group: "g" }, "c"), taskWith({ group: "g" }, "d")),
    claim("x", "a"),
    claim("y", "c"),
  );
  assertEquals(only(state, "lock"), "db: Lock db is held by a, and 1 ready task waits for it");
  assertEquals(only(state, "group"), "g: Group g runs no more than 1 task at a time, and 1 ready task waits");
  run(state, { type: "update_group", id: "g", settings: { paused: true, maxParallel: null } }, 9);
  assertEquals(only(state, "group"), "g: Group g is paused, and 1 ready task waits");
});

test("a task that fails again and again, with its last error", () => {
  const state = stateAfter(create(newTask("a")));
  for (const at of [10, 20]) {
    run(state, claim("x", "a"), at * MINUTE_MS);
    run(
      state,
      { type: "fail_task", id: "a", instance: "x", error: "out of memory", isRetryable: true },
      (at + 1) * MINUTE_MS,
    );
  }
  assertEquals(
    only(state, "flaky"),
    "a: 2 attempts at a failed, expired or were lost, the last one with: out of memory",
  );
});

test("an instance that is much slower than usual and holds tasks", () => {
  const state = stateAfter(create(...times(21, (n) => newTask(`t${n}`))));
  let at = MINUTE_MS;
  for (const n of times(20, (n) => n)) {
    const [instance, duration] = n < 5 ? ["slow", 5] as const : ["fast", 1] as const;
    run(state, claim(instance, `t${n}`), at);
    run(state, complete(instance, `t${n}`), at += duration * MINUTE_MS);
  }
  assertEquals(bottlenecks(state, "instance"), []);
  run(state, claim("slow", "t20"), at);
  assertMatch(
    only(state, "instance"),
    /^slow: slow takes 5(\.\d)? min for half of its tasks, where 57.4 s is usual, and holds 1 task$/,
  );
});

test("a paused project comes first, whatever else holds up more, with all tasks that could be claimed later", () => {
  const state = stateAfter(
    create(newTask("run"), newTask("after", "run"), newTask("other")),
    claim("x", "run"),
    { type: "pause_project", reason: "the database moves\n" + "x".repeat(900) },
  );
  const [first, second] = bottlenecks(state);
  assertEquals([first?.kind, first?.subject, first?.heldUpMs], ["project", "project", 20 * MINUTE_MS]);
  assertMatch(first?.what ?? "", /^Nothing can be claimed as the project is paused since .*; 2 tasks of 20 min wait$/s);
  assert((first?.what ?? "").length < 250, first?.what);
  assertMatch(first?.remedy ?? "", /the command resume$/);
  assertEquals(second?.subject, "run");
  run(state, { type: "resume_project" }, 20);
  assertEquals(bottlenecks(state, "project"), []);
});

test("a paused project without tasks that wait holds nothing up", () => {
  const state = stateAfter(create(newTask("run")), claim("x", "run"), { type: "pause_project", reason: "r" });
  assertEquals(bottlenecks(state), []);
});

test("the remedies of delays, of ended and of urgent tasks are those that help", () => {
  const remedyOf = (state: State, subject: string) =>
    bottlenecks(state).find((each) => each.subject === subject)?.remedy;
  const state = stateAfter(
    create(
      taskWith({ notBefore: MINUTE_MS }, "later"),
      taskWith({ backoff: { initialIntervalMs: MINUTE_MS } }, "again"),
      taskWith({ priority: "urgent" }, "now"),
      newTask("bad"),
      { ...newTask("dead", "bad"), ifUnreachable: "fail" },
      ...["later", "again", "now", "bad", "dead"].map((id) => newTask(`after-${id}`, id)),
    ),
    claim("x", "again"),
    { ...fail("x", "again"), isRetryable: true },
    claim("x", "bad"),
    fail("x", "bad"),
  );
  assertEquals(remedyOf(state, "later"), "Start it now: update_task later with clear not_before");
  assertEquals(remedyOf(state, "again"), "Start it now: retry_task again");
  assertMatch(remedyOf(state, "now") ?? "", /get_next_task task_id now$/);
  assertMatch(remedyOf(state, "bad") ?? "", /retry_task bad$/);
  // A retry of what its dependencies have failed would be refused.
  assertEquals(remedyOf(state, "dead"), "See what helps: explain_task dead");
});

test("a slow instance that is registered is drained, which is accepted; another one is looked at", () => {
  for (const isRegistered of [true, false]) {
    const state = stateAfter(create(...times(21, (n) => newTask(`t${n}`))));
    if (isRegistered) run(state, { type: "register_instance", instance: "slow", settings: {} }, 5);
    let at = MINUTE_MS;
    for (const n of times(20, (n) => n)) {
      const [instance, duration] = n < 5 ? ["slow", 5] as const : ["fast", 1] as const;
      run(state, claim(instance, `t${n}`), at);
      run(state, complete(instance, `t${n}`), at += duration * MINUTE_MS);
    }
    run(state, claim("slow", "t20"), at);
    const [found] = bottlenecks(state, "instance");
    if (!isRegistered) {
      assertMatch(found?.remedy ?? "", /get_task_status assigned_to slow$/);
      continue;
    }
    assertEquals(found?.remedy, "Have it claim no more: leave with instance_id slow and drain true");
    run(state, { type: "leave", instance: "slow", isDraining: true }, at);
    assertEquals(state.instances.get("slow")?.instance.status, "draining");
  }
});

test("a plan without anything that waits has no bottleneck", () => {
  assertEquals(bottlenecks(stateAfter(create(newTask("a"), newTask("b")))), []);
});

test("the estimate of what waits for a task is near what does, for wide and for long plans", () => {
  const wide = planWith(waits("root", "r"), ...times(300, (n) => waits(`t${n}`, "r", "root")));
  const long = planWith(waits("root", "r"), ...times(300, (n) => waits(`t${n}`, "r", n === 0 ? "root" : `t${n - 1}`)));
  for (const plan of [wide, long]) {
    const { graph, durationMs, nodeOf } = remaining(plan);
    const root = nodeOf("root") ?? -1;
    const exact = reachedFrom(graph, [root]).reduce((sum, node) => sum + (durationMs[node] ?? 0), 0);
    const estimate = finish(estimateDownstream(graph, durationMs))[root] ?? 0;
    assert(estimate > exact / 2 && estimate < exact * 2, `${estimate} for ${exact}`);
  }
});

test("verdicts from tasks alone are those that the state keeps, after any history", () => {
  const seen = new Set<string>();
  untilReached(() => {
    for (const histories of [turns(), gatherings(), crowds()]) {
      fc.assert(
        fc.property(histories, (turns) => {
          const state = play(turns);
          const verdicts = new Verdicts(
            (id) => state.tasks.get(id)?.task,
            (id) => {
              const group = state.groups.get(id);
              return group === undefined ? noCounts() : countsOf(group);
            },
          );
          for (const node of state.tasks.values()) {
            const all = verdicts.of({ all: node.task.dependencies });
            if (node.task.dependencies.length > 0) assertEquals(all, verdictOf(node), node.task.id);
            seen.add(all);
          }
        }),
        { numRuns: 60 },
      );
    }
  }, { isReached: () => seen.size === 4, told: () => `there are only: ${[...seen]}` });
});

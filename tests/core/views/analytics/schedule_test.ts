/** Shows the schedule of plans that are worked out by hand, and what holds for the schedule of any plan. */

import fc from "fast-check";
import { untilReached } from "../../until_reached.ts";
import { assert, assertEquals } from "@std/assert";
import type { Plan, PlannedTask, Schedule } from "../../../../src/core/messages/analysis.ts";
import type { Verdict } from "../../../../src/core/model/dependency.ts";
import type { Task } from "../../../../src/core/model/task.ts";
import { reachedFrom } from "../../../../src/core/views/analytics/downstream.ts";
import { scheduleOf } from "../../../../src/core/views/analytics/schedule.ts";
import { oldTask, times } from "../../given.ts";
import { finish, planWith, randomPlans, remaining, roles, waits } from "./plans.ts";

const MINUTE_MS = 60_000;
const NO_LIMIT = 1_000;

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function schedule(plan: Plan): Schedule {
  return finish(scheduleOf(remaining(plan), NO_LIMIT));
}

/** Expected durations in minutes, by the role of a task. */
const DURATIONS = roles({ r2: 2 * MINUTE_MS, r3: 3 * MINUTE_MS, r4: 4 * MINUTE_MS, r6: 6 * MINUTE_MS });

test("the schedule of a diamond: its longer side is critical, the other one has slack", () => {
  // a (3) → b (6) → d (2), and a → c (4) → d. The critical path is a, b, d with 11; c may be 2 late.
  const plan = planWith(
    ...DURATIONS,
    waits("a", "r3"),
    waits("b", "r6", "a"),
    waits("c", "r4", "a"),
    waits("d", "r2", "b", "c"),
  );
  const { taskCount, workMs, lengthMs, criticalPath, tightest, parallelism, maxParallelism, profile, sources } =
    schedule(plan);
  assertEquals([taskCount, workMs / MINUTE_MS, lengthMs / MINUTE_MS], [4, 15, 11]);
  assertEquals(criticalPath.map(({ id, startMs }) => [id, startMs / MINUTE_MS]), [["a", 0], ["b", 3], ["d", 9]]);
  assertEquals(tightest.map(({ id, slackMs }) => [id, slackMs / MINUTE_MS]), [["a", 0], ["b", 0], ["d", 0], ["c", 2]]);
  assertEquals([parallelism, maxParallelism], [1.36, 2]);
  // The mean over all parts is the parallelism: 15 / 11.
  assertEquals([profile.length, Math.round(profile.reduce((sum, each) => sum + each, 0) / 20 * 10) / 10], [20, 1.4]);
  assertEquals(sources, { "same requirement": 4 });
});

test("the longest chain counts tasks, not their durations", () => {
  const plan = planWith(
    ...DURATIONS,
    waits("long", "r6"),
    waits("a", "r2"),
    waits("b", "r2", "a"),
    waits("c", "r2", "b"),
    waits("end", "r2", "long"),
  );
  const { longestChain, criticalPath } = schedule(plan);
  assertEquals(longestChain, ["a", "b", "c"]);
  assertEquals(criticalPath.map(({ id }) => id), ["long", "end"]);
});

test("who waits for a group waits for all of its members that remain", () => {
  const member = (id: string, role: string) => ({
    task: oldTask(id, { role, group: "g" }),
    readiness: "ready" as const,
  });
  const done = oldTask("done", { group: "g", status: "completed", startedAt: 0, finishedAt: MINUTE_MS });
  const plan = planWith(...DURATIONS, done, member("m", "r4"), member("n", "r2"), waits("after", "r3", { group: "g" }));
  const { lengthMs, criticalPath } = schedule(plan);
  assertEquals(lengthMs / MINUTE_MS, 7);
  assertEquals(criticalPath.map(({ id }) => id), ["m", "after"]);
});

test("archived tasks of a group count for those that wait for a share of it", () => {
  const open = { task: oldTask("open", { role: "r6", group: "g" }), readiness: "ready" as const };
  const half = waits("half", "r2", { at_least: "50%", of: { group: "g" } });
  const startOfHalf = (completed: number) => {
    const group = { id: "g", createdAt: 0, ...(completed > 0 && { archived: { completed } }) };
    const { tightest } = schedule({ ...planWith(...DURATIONS, open, half), groups: [group] });
    return (tightest.find(({ id }) => id === "half")?.startMs ?? NaN) / MINUTE_MS;
  };
  assertEquals([startOfHalf(0), startOfHalf(1), startOfHalf(1_000_000)], [6, 0, 0]);
});

test("of a redacted result, the verdicts that were kept count", () => {
  const when = { pointer: "/ok", equals: true };
  const key = JSON.stringify(when);
  const startOfLater = (kept: Verdict) => {
    const done = oldTask("done", { status: "completed", result: "[redacted]", keptVerdicts: { [key]: kept } });
    const later = waits("later", "r2", { any: [{ task: "done", when }, "slow"] });
    const { tightest } = schedule(planWith(...DURATIONS, done, waits("slow", "r6"), later));
    return (tightest.find(({ id }) => id === "later")?.startMs ?? NaN) / MINUTE_MS;
  };
  assertEquals([startOfLater("true"), startOfLater("blocked")], [0, 6]);
});

test("a dependency that is met has no edge any more, whatever its other parts are", () => {
  const done = oldTask("done", { status: "completed", startedAt: 0, finishedAt: MINUTE_MS });
  const plan = planWith(
    ...DURATIONS,
    done,
    waits("slow", "r6"),
    { ...waits("either", "r2", { any: ["done", "slow"] }), readiness: "ready" },
    waits("both", "r2", { all: ["done", "slow"] }),
  );
  const starts = schedule(plan).tightest.map(({ id, startMs }) => [id, startMs / MINUTE_MS]);
  assertEquals(Object.fromEntries(starts), { slow: 0, either: 0, both: 6 });
});

test("a failed task that others wait for remains, as it would have to be done again; others do not", () => {
  const failed = (id: string) =>
    oldTask(id, { role: "r4", status: "failed", assignedTo: "x", attempt: 1, startedAt: 0 });
  const plan = planWith(...DURATIONS, failed("f"), failed("unused"), {
    ...waits("after", "r2", "f"),
    readiness: "blocked",
  });
  assertEquals(schedule(plan).criticalPath.map(({ id, state }) => [id, state]), [["f", "failed"], [
    "after",
    "blocked",
  ]]);
  const handled = planWith(...DURATIONS, failed("f"), {
    ...waits("after", "r2", { task: "f", on: "failed" }),
    readiness: "ready",
  });
  assertEquals(schedule(handled).criticalPath.map(({ id }) => id), ["after"]);
});

test("of a running task, what is left of it counts: as long as those took that took longer", () => {
  const running = (startedAt: number) =>
    oldTask("run", { role: "r6", status: "in_progress", assignedTo: "x", attempt: 1, startedAt });
  assertEquals(schedule({ ...planWith(...DURATIONS, running(0)), now: 2 * MINUTE_MS }).lengthMs / MINUTE_MS, 4);
  // Nothing took so long before: its end is as far as that of a new one.
  assertEquals(schedule({ ...planWith(...DURATIONS, running(0)), now: 60 * MINUTE_MS }).lengthMs / MINUTE_MS, 6);
});

test("without enough tasks of a kind, those of the wider kind tell the duration, at last an assumption", () => {
  const sourceOf = (plan: Plan) =>
    schedule(plan).criticalPath.map(({ source, durationMs }) => [source, durationMs / MINUTE_MS]);
  assertEquals(sourceOf(planWith(waits("a", "r"))), [["assumed", 10]]);
  assertEquals(sourceOf(planWith(...roles({ other: 5 * MINUTE_MS }), waits("a", "r"))), [["all tasks", 5]]);
  const inGroup = roles({ r: 7 * MINUTE_MS }).map((task) => ({ ...task, group: "g" }));
  const others = roles({ r: 9 * MINUTE_MS }).map((task) => ({ ...task, id: `other-${task.id}` }));
  const of = (group?: string) => ({
    task: oldTask("a", { role: "r", ...(group !== undefined && { group }) }),
    readiness: "ready" as const,
  });
  assertEquals(sourceOf(planWith(...inGroup, ...others, of("g"))), [["same group", 7]]);
  assertEquals(sourceOf(planWith(...inGroup, ...others, of())), [["same requirement", 8]]);
});

/** A ready task with an estimate of its own. */
function estimated(id: string, role: string, estimateMs: number): PlannedTask {
  return { task: oldTask(id, { role, estimateMs }), readiness: "ready" };
}

test("a task takes what its own estimate says, before what tasks like it took", () => {
  const plan = planWith(
    ...DURATIONS,
    estimated("a", "r2", 7 * MINUTE_MS),
    estimated("b", "unknown", MINUTE_MS),
    waits("c", "r3", "a"),
  );
  const { criticalPath, lengthMs, sources } = schedule(plan);
  assertEquals(criticalPath.map(({ id, durationMs, source }) => [id, durationMs / MINUTE_MS, source]), [
    ["a", 7, "estimate_ms"],
    ["c", 3, "same requirement"],
  ]);
  assertEquals([lengthMs / MINUTE_MS, sources], [10, { estimate_ms: 2, "same requirement": 1 }]);
});

test("of a running task with an estimate, what is left of that counts; beyond it, it is as far as that of a new one", () => {
  const running: Task = {
    ...estimated("run", "r2", 8 * MINUTE_MS).task,
    ...{ status: "in_progress", assignedTo: "x", attempt: 1, startedAt: 0 },
  };
  const lengthAt = (now: number) => schedule({ ...planWith(...DURATIONS, running), now }).lengthMs / MINUTE_MS;
  assertEquals([lengthAt(0), lengthAt(3 * MINUTE_MS), lengthAt(20 * MINUTE_MS)], [8, 5, 8]);
});

test("an imported task that ended in the moment of its import tells no duration", () => {
  const imported = times(9, (n) => oldTask(`old${n}`, { status: "completed", startedAt: 5, finishedAt: 5 }));
  const { sources, workMs } = schedule(planWith(...imported, waits("a", "r")));
  assertEquals([sources, workMs / MINUTE_MS], [{ assumed: 1 }, 10]);
});

test("the schedule of nothing is empty", () => {
  const { taskCount, lengthMs, criticalPath, profile, parallelism } = schedule(planWith(...DURATIONS));
  assertEquals([taskCount, lengthMs, criticalPath, profile, parallelism], [0, 0, [], [], 0]);
});

test("the critical path of any plan is as long as its parts together, and no chain is longer", () => {
  let longer = 0;
  untilReached(() => {
    fc.assert(fc.property(randomPlans, (plan) => {
      const { lengthMs, criticalPath, workMs, tightest, maxParallelism, parallelism } = schedule(plan);
      const durations = new Map(tightest.map(({ id, durationMs }) => [id, durationMs]));
      assertEquals(criticalPath.reduce((sum, { durationMs }) => sum + durationMs, 0), lengthMs);
      for (const chain of chainsOf(plan)) {
        const length = chain.reduce((sum, id) => sum + (durations.get(id) ?? 0), 0);
        assert(length <= lengthMs, `${chain} takes ${length}`);
      }
      assert(lengthMs <= workMs);
      assert(parallelism <= maxParallelism + 0.01);
      longer += Number(criticalPath.length > 2);
    }));
  }, { isReached: () => longer > 10, told: () => `only ${longer} critical paths had more than 2 tasks` });
});

test("slack is never negative, none on the critical path, and a delay by it delays nothing", () => {
  fc.assert(fc.property(randomPlans, fc.nat(), (plan, pick) => {
    const { lengthMs, criticalPath, tightest } = schedule(plan);
    assert(tightest.every(({ slackMs }) => slackMs >= 0));
    const slacks = new Map(tightest.map(({ id, slackMs }) => [id, slackMs]));
    assert(criticalPath.every(({ id }) => slacks.get(id) === 0));
    const late = tightest[pick % tightest.length];
    assert(late !== undefined);
    const finish = (delayMs: number) =>
      finishOf(plan, new Map(tightest.map((each) => [each.id, each.durationMs])), late.id, delayMs);
    assertEquals(finish(late.slackMs), lengthMs);
    assertEquals(finish(late.slackMs + 1), lengthMs + 1);
  }));
});

test("what is reached from a task is what waits for it, through any number of others", () => {
  fc.assert(fc.property(randomPlans, (plan) => {
    const { graph, planned, nodeOf } = remaining(plan);
    for (const chain of chainsOf(plan)) {
      const node = nodeOf(chain[0] ?? "");
      assert(node !== undefined);
      const reached = new Set(reachedFrom(graph, [node]).map((each) => planned[each]?.task.id));
      assert(chain.every((id) => reached.has(id)));
    }
  }));
});

/** Every chain of open tasks that wait for each other, from any task to one for which none waits. */
function chainsOf({ tasks }: Plan): readonly (readonly string[])[] {
  const open = tasks.map(({ task }) => task).filter(({ status }) => status === "pending");
  const chainsFrom = (id: string): readonly (readonly string[])[] => {
    const after = open.filter(({ dependencies }) => dependencies.includes(id));
    return after.length === 0 ? [[id]] : after.flatMap((next) => chainsFrom(next.id).map((chain) => [id, ...chain]));
  };
  return open.flatMap(({ id }) => chainsFrom(id));
}

/** When all is done if one task starts later than it could: by recursion, as a check. */
function finishOf({ tasks }: Plan, durations: ReadonlyMap<string, number>, late: string, delayMs: number): number {
  const open = new Map(tasks.filter(({ task }) => task.status === "pending").map(({ task }) => [task.id, task]));
  const endOf = (id: string): number => {
    const before = (open.get(id)?.dependencies ?? []).map((each) => endOf(String(each)));
    return Math.max(0, ...before) + (id === late ? delayMs : 0) + (durations.get(id) ?? 0);
  };
  return Math.max(...[...open.keys()].map(endOf));
}

/** Shows forecasts of plans whose end is known, and that they follow the rules by which tasks are claimed. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import type { Forecast, Outlook } from "../../../../src/core/messages/analysis.ts";
import { Refusal } from "../../../../src/core/model/refusal.ts";
import { forecast } from "../../../../src/core/rules/forecast/forecast.ts";
import { countPresent } from "../../../../src/core/rules/forecast/rest_of_plan.ts";
import { emptyState, type State } from "../../../../src/core/state/state.ts";
import { planOf } from "../../../../src/core/views/analytics/analysis.ts";
import { measure } from "../../../../src/core/views/analytics/metrics.ts";
import type { NewTask } from "../../../../src/core/model/task.ts";
import { claim, complete, create, newTask, run, stateAfter, taskWith, times } from "../../given.ts";
import { finish } from "../../views/analytics/plans.ts";
import { snapshotOf } from "../../snapshot.ts";
import { MINUTE_MS } from "./simulated_plans.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

function foretell(state: State, instances: readonly number[], now: number, runs = 60): Forecast {
  const { outcomes } = measure(state, { limit: 1 }, now);
  return finish(forecast(planOf(state, now), { outcomes, instances, runs, seed: 7 }));
}

/** A plan after 30 tasks of 10 minutes, the last of which ended at the returned time. */
function experienced(...tasks: readonly NewTask[]): { readonly state: State; readonly now: number } {
  const state = emptyState();
  let now = 1;
  run(state, create(...times(30, (n) => newTask(`past${n}`))), now);
  for (const n of times(30, (n) => n)) {
    run(state, claim("x", `past${n}`), now);
    run(state, complete("x", `past${n}`), now += 10 * MINUTE_MS);
  }
  run(state, create(...tasks), now);
  return { state, now };
}

function medianMinutes(outlook: Outlook | undefined): number {
  return Math.round((outlook?.p50Ms ?? NaN) / MINUTE_MS);
}

test("tasks of known duration end when their number by that of the instances says, and no sooner than their chain", () => {
  const { state, now } = experienced(...times(8, (n) => newTask(`t${n}`)));
  const { outlooks, taskCount, failureRate, sources } = foretell(state, [1, 2, 4, 16], now);
  assertEquals([taskCount, failureRate, sources], [8, 0, { "all tasks": 8 }]);
  assertEquals(outlooks.map(({ endsShare }) => endsShare), [1, 1, 1, 1]);
  for (const [index, expected] of [80, 40, 20, 10].entries()) {
    const median = medianMinutes(outlooks[index]);
    // Durations are drawn with some spread: of several at once, the longest decides.
    assert(median > 0.85 * expected && median < 1.45 * expected, `${median} for ${expected}`);
  }
  const chain = experienced(newTask("a"), newTask("b", "a"), newTask("c", "b"));
  const median = medianMinutes(foretell(chain.state, [8], chain.now).outlooks[0]);
  assert(median > 25 && median < 36, `${median}`);
});

test("the estimate of a task scales its draws, whether it waits or runs, and leaves those of others as they are", () => {
  const hour = { estimateMs: 60 * MINUTE_MS };
  const { state, now } = experienced(taskWith(hour, "long"), newTask("other"));
  const { outlooks, sources } = foretell(state, [1, 2], now);
  assertEquals(sources, { "all tasks": 1, estimate_ms: 1 });
  const [one, two] = outlooks.map(medianMinutes);
  assert(one !== undefined && one > 60 && one < 80, `${one}`);
  assert(two !== undefined && two > 50 && two < 70, `${two}`);
  run(state, claim("y", "other"), now);
  run(state, complete("y", "other"), now + 10 * MINUTE_MS);
  run(state, claim("x", "long"), now + 10 * MINUTE_MS);
  const rest = medianMinutes(foretell(state, [1], now + 50 * MINUTE_MS).outlooks[0]);
  assert(rest > 12 && rest < 28, `${rest}`);
});

test("locks and limits of groups hold in a forecast", () => {
  const locked = experienced(...times(4, (n) => taskWith({ locks: ["l"] }, `t${n}`)));
  assert(medianMinutes(foretell(locked.state, [4], locked.now).outlooks[0]) > 34);
  const { state, now } = experienced();
  run(state, { type: "create_group", id: "g", settings: { maxParallel: 1 } }, now);
  run(state, create(...times(4, (n) => taskWith({ group: "g" }, `t${n}`))), now);
  assert(medianMinutes(foretell(state, [4], now).outlooks[0]) > 34);
  run(state, { type: "update_group", id: "g", settings: { paused: true } }, now);
  assertEquals(foretell(state, [4], now).outlooks[0], { instances: 4, endsShare: 0, stuck: ["t0", "t1", "t2", "t3"] });
});

test("roles hold in a forecast if some instance has them; without one, any can do the task", () => {
  const { state, now } = experienced(...times(4, (n) => taskWith({ role: "r" }, `t${n}`)));
  const free = medianMinutes(foretell(state, [4], now).outlooks[0]);
  for (const [id, roles] of [["a", ["r"]], ["b", []], ["c", []], ["d", []]] as const) {
    run(state, { type: "register_instance", instance: id, settings: { roles } }, now);
  }
  assertEquals(countPresent(planOf(state, now)), 4);
  const bound = medianMinutes(foretell(state, [4], now).outlooks[0]);
  assert(free < 18 && bound > 34, `${free}, then ${bound}`);
});

test("conditions are met as often as they were before", () => {
  const when = { equals: "redo" };
  const { state, now } = experienced(newTask("check"), newTask("again", { task: "check", when }));
  const past = times(10, (n) => n);
  run(state, create(...past.flatMap((n) => [newTask(`c${n}`), newTask(`r${n}`, { task: `c${n}`, when })])), now);
  // It was never met: the task behind it is skipped, and only the check is left to do.
  for (const n of past) {
    run(state, claim("x", `c${n}`), now + n * 10 * MINUTE_MS);
    run(state, complete("x", `c${n}`, "fine"), now + (n + 1) * 10 * MINUTE_MS);
  }
  const later = now + 100 * MINUTE_MS;
  const median = medianMinutes(foretell(state, [1], later).outlooks[0]);
  assert(median >= 7 && median <= 14, `${median}`);
});

test("attempts fail as often as they did before, and are tried again", () => {
  const { state, now } = experienced(newTask("t"));
  let at = now;
  run(state, create(...times(30, (n) => taskWith({ maxAttempts: 1 }, `bad${n}`))), at);
  for (const n of times(30, (n) => n)) {
    run(state, claim("x", `bad${n}`), at);
    run(state, { type: "fail_task", id: `bad${n}`, instance: "x", error: "no" }, at += MINUTE_MS);
  }
  const { failureRate, outlooks: [outlook] } = foretell(state, [1], at, 200);
  assertEquals(failureRate, 0.5);
  // One attempt in two fails, so 2 are needed on average, and 4 in one of eight cases.
  assert((outlook?.p90Ms ?? 0) > 25 * MINUTE_MS, JSON.stringify(outlook));
});

test("where every attempt has failed, tasks without a bound of attempts end all the same in a forecast", () => {
  const state = stateAfter(create(newTask("t"), newTask("bad")));
  for (const n of times(3, (n) => n)) {
    run(state, claim("x", "bad"), 100_000 * (n + 1));
    run(state, { type: "fail_task", id: "bad", instance: "x", error: "no", isRetryable: true }, 100_000 * (n + 1) + 5);
  }
  const { failureRate, outlooks: [outlook] } = foretell(state, [1], 400_000);
  assertEquals([failureRate, outlook?.endsShare], [1, 1]);
});

test("a paused project is forecast as if it were resumed now, and the forecast says so", () => {
  const { state, now } = experienced(newTask("a"));
  const before = foretell(state, [1], now);
  run(state, { type: "pause_project", reason: "r" }, now);
  assertEquals(foretell(state, [1], now), { ...before, isPaused: true });
});

test("a forecast changes nothing, and is the same for the same seed", () => {
  const { state, now } = experienced(...times(8, (n) => newTask(`t${n}`)));
  run(state, claim("x", "t0"), now);
  const before = snapshotOf(state);
  assertEquals(foretell(state, [2], now + 1), foretell(state, [2], now + 1));
  assertEquals(snapshotOf(state), before);
});

test("the forecast of a finished plan is now, and that of too large a plan is refused", () => {
  const { state, now } = experienced();
  assertEquals(foretell(state, [1], now).outlooks[0], { instances: 1, endsShare: 1, p10Ms: 0, p50Ms: 0, p90Ms: 0 });
  const large = experienced(newTask("one more"));
  for (const part of times(5, (part) => part)) {
    run(large.state, create(...times(1_000, (n) => newTask(`${part}-${n}`))), large.now);
  }
  assertThrows(() => foretell(large.state, [1], large.now), Refusal, "Cannot forecast the end of 5001 tasks");
});

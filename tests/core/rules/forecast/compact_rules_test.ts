/** Shows that the compact rules do what the real ones do: every claim, delay and end of random plans, one by one. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Group } from "../../../../src/core/model/group.ts";
import type { Task, TaskSettings } from "../../../../src/core/model/task.ts";
import { blueprintOf } from "../../../../src/core/rules/forecast/blueprint.ts";
import { type Random, randomFrom } from "../../../../src/core/rules/forecast/chance.ts";
import { CompactRules } from "../../../../src/core/rules/forecast/compact_rules.ts";
import { decided } from "../../../../src/core/rules/forecast/conditions.ts";
import { restOf } from "../../../../src/core/rules/forecast/rest_of_plan.ts";
import { realRules, type Rules } from "../../../../src/core/rules/forecast/rules.ts";
import { run } from "../../../../src/core/rules/forecast/run.ts";
import { type Profile, profileOf } from "../../../../src/core/state/eligibility.ts";
import type { Snapshot } from "../../../../src/core/state/snapshot.ts";
import { times } from "../../given.ts";
import { dependenciesOver } from "../../random_dependencies.ts";
import { finish } from "../../views/analytics/plans.ts";

const NOW = 10_000_000;
const GROUPS: readonly Group[] = [
  { id: "g", createdAt: 1 },
  { id: "narrow", createdAt: 1, maxParallel: 1 },
  { id: "paused", createdAt: 1, paused: true },
];
/** The last one has the id of a holder; one holder is nobody of the crew. */
const CREW: readonly Profile[] = [
  profileOf("plain", undefined),
  profileOf("tester", undefined, { roles: ["test"] }),
  profileOf("able", undefined, { roles: ["test", "build"], capabilities: ["deno", "go"] }),
];
const HOLDERS = ["able", "elsewhere", "plain"];

const settings: fc.Arbitrary<TaskSettings> = fc.record({
  priority: fc.constantFrom("low", "normal", "high", "urgent"),
  group: fc.constantFrom("g", "g", "narrow", "narrow", "paused"),
  role: fc.constantFrom("test", "build", "nobody"),
  capabilities: fc.subarray(["deno", "go"]),
  locks: fc.array(fc.constantFrom("l", "m"), { maxLength: 3 }),
  maxAttempts: fc.integer({ min: 1, max: 4 }),
  backoff: fc.record({
    initialIntervalMs: fc.constantFrom(0, 1_000, 900_000),
    coefficient: fc.constantFrom(1, 3),
    maxIntervalMs: fc.constantFrom(500, 2_000_000),
  }, { requiredKeys: [] }),
  notBefore: fc.constantFrom(NOW - 5, NOW, NOW + 1_000, NOW + 2_000_000),
  ifUnreachable: fc.constantFrom("skip", "fail"),
  deadline: fc.constant(NOW + 3_000),
}, { requiredKeys: [] });

const standing: fc.Arbitrary<Partial<Task> & Pick<Task, "status">> = fc.oneof(
  { weight: 8, arbitrary: fc.constant({ status: "pending" } as const) },
  fc.constantFrom(...HOLDERS).map((assignedTo) => ({ status: "in_progress", assignedTo, startedAt: NOW - 7 } as const)),
  fc.record({
    status: fc.constantFrom("completed", "failed", "cancelled", "skipped"),
    assignedTo: fc.constantFrom(...HOLDERS),
  }),
  fc.record({
    failures: fc.constant(1),
    retryAt: fc.constantFrom(NOW - 800_000, NOW - 1, NOW + 5_000),
    readyAt: fc.constantFrom(NOW - 700_000, NOW - 5),
  }, { requiredKeys: [] }).map((fields) => ({ status: "pending", ...fields } as const)),
);

function taskAt(index: number): fc.Arbitrary<Task> {
  const names = { tasks: times(Math.min(index, 6), (back) => `t${index - 1 - back}`), groups: ["g", "narrow"] };
  const early = fc.constantFrom(NOW - 900_000, NOW - 10, NOW - 10, NOW - 10);
  // Mostly plain ids: these alone make tasks of equal rank that continue somebody's work.
  const plain = fc.subarray([...names.tasks], { maxLength: Math.min(index, 2) });
  const dependencies = fc.oneof(plain, plain, dependenciesOver(names));
  return fc.tuple(settings, standing, dependencies, early).map(([settings, standing, dependencies, pendingAt]) => ({
    ...pending(`t${index}`, index + 1),
    pendingAt,
    dependencies,
    ...settings,
    ...standing,
  }));
}

const plans = fc.record({
  tasks: fc.integer({ min: 1, max: 24 }).chain((count) => fc.tuple(...times(count, taskAt))),
  crewSize: fc.integer({ min: 1, max: CREW.length }),
  seed: fc.nat(),
  failureRate: fc.constantFrom(0, 0.2, 0.5),
});

/** Does everything by both rules, and notes what happens. */
function both(snapshot: Snapshot, crew: readonly Profile[], happened: string[]): Rules {
  const real = realRules(snapshot);
  const blueprint = blueprintOf(snapshot, crew);
  assert(blueprint !== undefined);
  const compact = new CompactRules(blueprint);
  const same = <T>(ask: (rules: Rules) => T): T => {
    const expected = ask(real);
    assertEquals(ask(compact), expected, happened.join("\n"));
    return expected;
  };
  const check = () => {
    same((rules) => [rules.countOpen(), rules.nextDelayAt(), ...rules.pendingIds()]);
    same((rules) => HOLDERS.map((id) => rules.holds(id)));
  };
  return {
    nextDelayAt: () => same((rules) => rules.nextDelayAt()),
    advanceClock(now) {
      [real, compact].forEach((rules) => rules.advanceClock(now));
      check();
    },
    holds: (instance) => same((rules) => rules.holds(instance)),
    claim(profile, at) {
      const id = same((rules) => rules.claim(profile, at));
      happened.push(`${at}: ${profile.instance} claims ${id}`);
      check();
      return id;
    },
    end(attempt) {
      [real, compact].forEach((rules) => rules.end(attempt));
      happened.push(`${attempt.at}: ${attempt.id} ${attempt.fails ? "fails" : "is completed"}`);
      check();
    },
    countOpen: () => same((rules) => rules.countOpen()),
    pendingIds: () => same((rules) => [...rules.pendingIds()]),
  };
}

/** Runs a plan by both rules, to its end. */
function workThrough(
  snapshot: Snapshot,
  options: { readonly crew: readonly Profile[]; readonly random: Random; readonly failureRate: number },
): void {
  // Few different durations, so that several attempts end at once.
  const draw = () => 1_000 * Math.floor(1 + 3 * options.random());
  const draws = { duration: draw, rest: draw };
  const estimate = { samples: [], scale: 1, medianMs: 1, source: "all tasks" } as const;
  const estimates = new Map(snapshot.tasks.map(({ id }) => [id, estimate]));
  finish(run({ ...options, snapshot, rules: both(snapshot, options.crew, []), estimates, draws }));
}

Deno.test({
  name: "the compact rules claim, delay and end the same tasks at the same times as the real ones, in any plan",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(plans, ({ tasks, crewSize, seed, failureRate }) => {
        const crew = CREW.slice(0, crewSize);
        const rest = restOf({ tasks: tasks.map((task) => ({ task })), groups: GROUPS, instances: [], now: NOW }, crew);
        const random = randomFrom(seed);
        const snapshot = { ...rest, tasks: decided(rest.tasks, new Map(), random) };
        workThrough(snapshot, { crew, random, failureRate });
      }),
      { numRuns: 2_000 },
    );
  },
});

Deno.test({
  name: "a plan whose tasks are reserved or kept from some has no blueprint: the real rules simulate it",
  permissions: "none",
  fn() {
    const task: Task = { ...pending("t", 1), assignTo: { instance: "plain" } };
    const snapshot = restOf({ tasks: [{ task }], groups: [], instances: [], now: NOW }, CREW);
    assertEquals(blueprintOf(snapshot, CREW), undefined);
  },
});

Deno.test({
  name: "of many tasks of equal rank, both rules look at as many for one that continues the work of an instance",
  permissions: "none",
  fn() {
    for (const own of times(20, (index) => index + 2)) {
      const done = ["elsewhere", "plain"].map((assignedTo, index): Task => {
        return { ...pending(`t${index}`, index), status: "completed", assignedTo };
      });
      const ready = times(20, (index) => {
        return { ...pending(`t${index + 2}`, index + 2), dependencies: [index + 2 === own ? "t1" : "t0"] };
      });
      const plan = { tasks: [...done, ...ready].map((task) => ({ task })), groups: [], instances: [], now: NOW };
      const crew = CREW.slice(0, 1);
      workThrough(restOf(plan, crew), { crew, random: randomFrom(own), failureRate: 0 });
    }
  },
});

function pending(id: string, order: number): Task {
  return { id, description: "", status: "pending", dependencies: [], attempt: 0, order, createdAt: 1, pendingAt: 1 };
}

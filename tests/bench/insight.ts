/**
 * How much processor time an analysis of a plan takes, and a forecast of its end. Both are computed in a worker, so time on
 * the clock would tell more of its neighbours.
 */

import process from "node:process";
import { forecast } from "../../src/core/rules/forecast/forecast.ts";
import { randomFrom } from "../../src/core/rules/forecast/chance.ts";
import { emptyState, type State } from "../../src/core/state/state.ts";
import { analyze, planOf } from "../../src/core/views/analytics/analysis.ts";
import { measure } from "../../src/core/views/analytics/metrics.ts";
import { complete, create, run, times } from "../core/given.ts";
import { MINUTE_MS, randomPlan } from "../core/rules/forecast/simulated_plans.ts";
import { finish } from "../core/views/analytics/plans.ts";
import { medians, type Sample } from "./measure.ts";
import type { Benchmark, Row } from "./row.ts";

const FEW = 1_000;
const MANY = 100_000;
/** As many tasks as a command can create. */
const BATCH = 1_000;
/** Tasks that are done before, from which durations are known. */
const DONE = 30;
const RUNS = 200;
const INSTANCES = [8];

export const insight: Benchmark = async () => {
  const [few, many] = [begun(FEW), begun(MANY)];
  const figures = await medians(
    {
      few: () => cpuMs(() => analysis(few)),
      many: () => cpuMs(() => analysis(many)),
      forecast: () => cpuMs(() => outlook(few)),
    } satisfies Record<string, Sample>,
    { rounds: 5, warmUpRounds: 3 },
  );
  return [
    row("analysis of 1,000 tasks, processor time", figures.few, 10),
    row("analysis of 100,000 tasks, processor time", figures.many, 500),
    row("forecast of 1,000 tasks, 200 runs, processor time", figures.forecast, 1_000),
  ];
};

function row(name: string, value: number, bound: number): Row {
  return { name, value, unit: "ms", target: { of: "value", is: "at most", bound } };
}

interface Begun {
  readonly state: State;
  readonly now: number;
}

/** A random plan of which some tasks are done. */
function begun(size: number): Begun {
  const state = emptyState();
  run(state, { type: "create_group", id: "g", settings: { maxParallel: 2 } }, 1);
  const tasks = randomPlan(randomFrom(1), size);
  for (const batch of times(size / BATCH, (index) => index * BATCH)) {
    run(state, create(...tasks.slice(batch, batch + BATCH)), 1);
  }
  let now = 1;
  for (const instance of times(DONE, (index) => `i${index % 2}`)) {
    const { answer } = run(state, { type: "claim_task", instance }, now);
    if (answer.task === undefined) throw new Error("Cannot begin the plan as no task is ready");
    run(state, complete(instance, answer.task.id), now += 10 * MINUTE_MS);
  }
  return { state, now };
}

function analysis({ state, now }: Begun): void {
  const metrics = measure(state, { limit: 200 }, now);
  finish(analyze(planOf(state, now), { limit: 10, metrics }));
}

function outlook({ state, now }: Begun): void {
  const { outcomes } = measure(state, { limit: 1 }, now);
  finish(forecast(planOf(state, now), { outcomes, instances: INSTANCES, runs: RUNS, seed: 1 }));
}

function cpuMs(work: () => void): Promise<number> {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return Promise.resolve((user + system) / 1_000);
}

/**
 * When the remaining tasks will have ended: the rest of the plan is simulated many times with durations, failures and
 * conditions as they were before (Monte Carlo; of plans first by Van Slyke, "Monte Carlo methods and the PERT problem",
 * 1963). A simulated instance does one task at a time, and begins the next one at once.
 */

import type { Forecast, ForecastOptions, Outlook, Plan } from "../../messages/analysis.ts";
import { Refusal } from "../../model/refusal.ts";
import type { Metrics } from "../../messages/metrics.ts";
import { Estimates, type Samples } from "../../views/analytics/estimates.ts";
import { isOpen } from "../../views/analytics/remaining.ts";
import { blueprintOf } from "./blueprint.ts";
import { Draws, drawShare, randomFrom, type Running } from "./chance.ts";
import { decided, hasConditions, ratesOf } from "./conditions.ts";
import { CompactRules } from "./compact_rules.ts";
import { crewOf, restOf } from "./rest_of_plan.ts";
import { realRules } from "./rules.ts";
import { run, type RunEnd } from "./run.ts";

/** Most tasks of all runs with one number of instances together, and fewest runs all the same. */
const MAX_SIMULATED_TASKS = 200_000;
const MIN_RUNS = 40;

/**
 * Most tasks of a plan that is simulated: the open ones and those that they wait for. A state of so many is made without a
 * pause.
 */
const MAX_TASKS = 5_000;

/** The highest share of attempts that fail in a run: where nothing has succeeded yet, no task without a bound of attempts would end. */
const MAX_FAILURE_RATE = 0.9;

/** How many tasks are read between two places where a caller can pause. */
const STEP = 500;

/**
 * Simulates the rest of a plan. Yields where the caller can pause. O(runs × open tasks × log).
 *
 * @throws Refusal `limit_exceeded` if the rest is too large
 */
export function* forecast(
  plan: Plan,
  { outcomes, ...options }: ForecastOptions & Pick<Metrics, "outcomes">,
): Generator<void, Forecast> {
  const estimates = new Estimates();
  for (const [index, { task }] of plan.tasks.entries()) {
    estimates.add(task);
    if (index % STEP === STEP - 1) yield;
  }
  const open = plan.tasks.filter(({ task }) => isOpen(task));
  const most = Math.max(MIN_RUNS, Math.floor(MAX_SIMULATED_TASKS / Math.max(1, open.length)));
  const runs = Math.min(options.runs, most);
  const bad = outcomes.failed + outcomes.expired + outcomes.lost;
  const failures = { count: bad, total: bad + outcomes.completed };
  const sources: Partial<Record<keyof Forecast["sources"], number>> = {};
  for (const { task } of open) {
    const { source } = estimates.of(task);
    sources[source] = (sources[source] ?? 0) + 1;
  }
  const outlooks: Outlook[] = [];
  for (const instances of options.instances) {
    const ends = yield* simulate(plan, { estimates, failures, instances, runs, seed: options.seed });
    outlooks.push(outlookOf(ends, { instances, now: plan.now }));
  }
  const failureRate = failures.total === 0 ? 0 : Math.round(1_000 * bad / failures.total) / 1_000;
  const isPaused = plan.paused !== undefined;
  return { taskCount: open.length, runs, failureRate, sources, ...(isPaused && { isPaused }), outlooks };
}

interface SimulationOptions {
  readonly estimates: Estimates;
  readonly failures: { readonly count: number; readonly total: number };
  readonly instances: number;
  readonly runs: number;
  readonly seed: number;
}

function* simulate(plan: Plan, options: SimulationOptions): Generator<void, readonly RunEnd[]> {
  const { failures, instances, runs, seed } = options;
  const crew = crewOf(plan, instances);
  const snapshot = restOf(plan, crew);
  const { length } = snapshot.tasks;
  if (length > MAX_TASKS) {
    throw new Refusal(
      "limit_exceeded",
      `Cannot forecast the end of ${length} tasks: at most ${MAX_TASKS} can be simulated. Without a forecast, analyze_plan ` +
        "tells the critical path of any number",
      { count: length, limit: MAX_TASKS },
    );
  }
  const isConditional = snapshot.tasks.some(hasConditions);
  const rates = ratesOf(plan);
  const running = runningIn(plan, options.estimates);
  const estimates = new Map(snapshot.tasks.map((task) => [task.id, options.estimates.of(task)]));
  yield;
  const common = isConditional ? undefined : blueprintOf(snapshot, crew);
  yield;
  const ends: RunEnd[] = [];
  for (let index = 0; index < runs; index++) {
    // The same numbers for each number of instances, so that these differ by nothing else.
    const random = randomFrom(seed * 1_000_003 + index);
    const tasks = isConditional ? decided(snapshot.tasks, rates, random) : snapshot.tasks;
    const failureRate = Math.min(MAX_FAILURE_RATE, drawShare(random, failures));
    const draws = new Draws(random, running);
    const decidedPlan = { ...snapshot, tasks };
    const blueprint = isConditional ? blueprintOf(decidedPlan, crew) : common;
    const rules = blueprint === undefined ? realRules(decidedPlan) : new CompactRules(blueprint);
    yield;
    ends.push(yield* run({ snapshot: decidedPlan, rules, crew, estimates, draws, random, failureRate }));
  }
  return ends;
}

function runningIn({ tasks, now }: Plan, estimates: Estimates): Running {
  const running = new Map<Samples, number[]>();
  for (const { task } of tasks) {
    if (task.status !== "in_progress") continue;
    const { samples, scale } = estimates.of(task);
    const elapsedMs = Math.max(0, now - (task.startedAt ?? now));
    running.set(samples, [...running.get(samples) ?? [], elapsedMs / scale]);
  }
  return running;
}

function outlookOf(
  ends: readonly RunEnd[],
  { instances, now }: { readonly instances: number; readonly now: number },
): Outlook {
  const durations = ends.flatMap((end) => "at" in end ? end.at - now : []).sort((a, b) => a - b);
  const stuck = ends.flatMap((end) => "stuck" in end ? [end.stuck] : [])[0];
  const outside = certainlyBelow(durations.length, 0.1);
  const p10Ms = durations[outside];
  const p50Ms = durations[durations.length >> 1];
  const p90Ms = durations[durations.length - 1 - outside];
  return {
    instances,
    endsShare: ends.length === 0 ? 0 : Math.round(100 * durations.length / ends.length) / 100,
    ...(p10Ms !== undefined && p50Ms !== undefined && p90Ms !== undefined && { p10Ms, p50Ms, p90Ms }),
    ...(stuck !== undefined && { stuck }),
  };
}

/** How sure the interval is to hold the share of runs that it stands for. */
const CONFIDENCE = 0.95;

/**
 * How many of the least values of a sample are below the quantile `q` for certain, with `CONFIDENCE`: a bound of that
 * quantile that few runs do not make too narrow (Wilks, "Determination of sample sizes for setting tolerance limits", 1941).
 */
function certainlyBelow(size: number, q: number): number {
  let probability = (1 - q) ** size;
  let sum = probability;
  let count = 0;
  // The number of values below the quantile is binomial.
  while (sum <= 1 - CONFIDENCE && count < size) {
    probability *= (size - count) / (count + 1) * q / (1 - q);
    count++;
    sum += probability;
  }
  return Math.max(0, count - 1);
}

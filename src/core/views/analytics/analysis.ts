/**
 * The analysis of a plan: its schedule and its bottlenecks. It works on a copy of the plan, so that it can pause while the
 * plan goes on.
 */

import type { Analysis, Plan } from "../../messages/analysis.ts";
import type { Metrics } from "../../messages/metrics.ts";
import { readinessOf } from "../../state/readiness.ts";
import type { ReadonlyState } from "../../state/state.ts";
import { bottlenecksOf } from "./bottlenecks.ts";
import { remainingOf } from "./remaining.ts";
import { scheduleOf } from "./schedule.ts";

/** The plan as the caller sees it. O(tasks), and copies none. */
export function planOf(state: ReadonlyState, now: number): Plan {
  return {
    tasks: Array.from(state.tasks.values(), (node) => {
      const readiness = readinessOf(node);
      return readiness === undefined ? { task: node.task } : { task: node.task, readiness };
    }),
    groups: Array.from(state.groups.values(), ({ group }) => group),
    instances: Array.from(state.instances.values(), ({ instance }) => instance),
    ...(state.pause !== undefined && { paused: state.pause }),
    now,
  };
}

export interface AnalysisOptions {
  /** Most tasks in each list of the schedule, and most bottlenecks. */
  readonly limit: number;
  /** Those of all that the caller sees. */
  readonly metrics: Pick<Metrics, "instances" | "runMs">;
}

/** Analyses a plan. Yields where the caller can pause. O(tasks + dependencies). */
export function* analyze(plan: Plan, { limit, metrics }: AnalysisOptions): Generator<void, Analysis> {
  const remaining = yield* remainingOf(plan);
  const schedule = yield* scheduleOf(remaining, limit);
  return { schedule, bottlenecks: yield* bottlenecksOf(plan, { remaining, metrics }, limit) };
}

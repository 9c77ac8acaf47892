/** Analyzes the plan of a caller, or forecasts its end, on a copy of the plan, so that it may take its time. */

import type { Analysis, Forecast, Plan } from "../core/messages/analysis.ts";
import type { Metrics } from "../core/messages/metrics.ts";
import type { QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import { forecast } from "../core/rules/forecast/forecast.ts";
import { countPresent } from "../core/rules/forecast/rest_of_plan.ts";
import { analyze } from "../core/views/analytics/analysis.ts";
import { inSlices } from "./slices.ts";

/** Most instances that are compared to find slow ones. */
const MAX_INSTANCES = 200;

/** How often the rest of a plan is simulated with each number of instances. */
const RUNS = 200;

/** The seed of forecasts that are given none: the same plan has the same forecast. */
const DEFAULT_SEED = 1;

/** How long a slice takes beside calls of the same thread, in milliseconds. */
const SLICE_MS = 2;

/** What is to be computed. */
export type Study =
  | { readonly type: "analysis"; readonly limit: number }
  | { readonly type: "forecast"; readonly instances?: readonly number[]; readonly seed?: number };

export interface Studies {
  readonly analysis: Analysis;
  readonly forecast: Forecast;
}

export type StudyOf<K extends Study["type"]> = Study & { readonly type: K };

/** Computes an analysis or a forecast of a plan; `signal` is aborted when nobody waits for it any more. */
export type Analyst = <K extends Study["type"]>(study: StudyOf<K>, signal: AbortSignal) => Promise<Studies[K]>;

/** A plan, and what was done in it, at one moment. */
export interface StudiedPlan {
  readonly plan: Plan;
  readonly metrics: Metrics;
}

/** The queries whose answers, of the same moment, are a `StudiedPlan`. */
export const STUDIED = {
  plan: { type: "get_plan" },
  metrics: { type: "measure", limit: MAX_INSTANCES },
} as const satisfies Readonly<Record<keyof StudiedPlan, QueryOf<QueryType>>>;

/**
 * An analyst in this thread, in slices between which calls are answered.
 *
 * @param query answers a query of the caller, who gets only what it may see
 */
export function localAnalyst(query: <K extends QueryType>(query: QueryOf<K>) => Promise<ResultOf<K>>): Analyst {
  return async (study, signal) => {
    const plan = await query(STUDIED.plan);
    const metrics = await query(STUDIED.metrics);
    return await inSlices(studyOf({ plan, metrics }, study), { signal, sliceMs: SLICE_MS });
  };
}

/**
 * The computation of a study, which yields where it can pause. A forecast is by default for as many instances as there are
 * now, and twice as many.
 *
 * @throws Refusal if the plan is too large for a forecast
 */
export function studyOf<K extends Study["type"]>(
  { plan, metrics }: StudiedPlan,
  study: StudyOf<K>,
): Generator<void, Studies[K]>;
export function studyOf({ plan, metrics }: StudiedPlan, study: Study): Generator<void, Studies[Study["type"]]> {
  if (study.type === "analysis") return analyze(plan, { limit: study.limit, metrics });
  const present = countPresent(plan);
  const { instances = [present, 2 * present], seed = DEFAULT_SEED } = study;
  return forecast(plan, { instances, runs: RUNS, seed, outcomes: metrics.outcomes });
}

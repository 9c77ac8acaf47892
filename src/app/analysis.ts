/** Analyzes the plan of a caller, or forecasts its end, on a copy, in slices, so that no call waits for it. */

import type { Analysis, Forecast } from "../core/messages/analysis.ts";
import type { QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import { forecast } from "../core/rules/forecast/forecast.ts";
import { countPresent } from "../core/rules/forecast/rest_of_plan.ts";
import { analyze } from "../core/views/analytics/analysis.ts";
import { inSlices } from "./slices.ts";

/** Most instances that are compared to find slow ones. */
const MAX_INSTANCES = 200;

/** How often the rest of a plan is simulated with each number of instances. */
const RUNS = 100;

/** The seed of forecasts that are given none: the same plan has the same forecast. */
const DEFAULT_SEED = 1;

export interface Analyst {
  /** Answers a query of the caller, who gets only what it may see. */
  readonly query: <K extends QueryType>(query: QueryOf<K>) => Promise<ResultOf<K>>;
  /** Aborted when nobody waits for the analysis any more. */
  readonly signal: AbortSignal;
}

/** @throws Refusal if the caller may not see the plan */
export async function analyzePlan(
  { query, signal }: Analyst,
  options: { readonly limit: number },
): Promise<Analysis> {
  const plan = await query({ type: "get_plan" });
  const metrics = await query({ type: "measure", limit: MAX_INSTANCES });
  return await inSlices(analyze(plan, { ...options, metrics }), signal);
}

/**
 * Forecasts when the plan of a caller will be done with some numbers of instances. Default: as many as there are now, and
 * twice as many.
 *
 * @throws Refusal if the caller may not see the plan, or it is too large
 */
export async function forecastPlan(
  { query, signal }: Analyst,
  { instances, seed = DEFAULT_SEED }: { readonly instances?: readonly number[]; readonly seed?: number },
): Promise<Forecast> {
  const plan = await query({ type: "get_plan" });
  const { outcomes } = await query({ type: "measure", limit: 1 });
  const present = countPresent(plan);
  const options = { instances: instances ?? [present, 2 * present], runs: RUNS, seed };
  return await inSlices(forecast(plan, { ...options, outcomes }), signal);
}

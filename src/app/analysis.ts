/** Analyzes the plan of a caller on a copy, in slices, so that no call waits for it. */

import type { Analysis } from "../core/messages/analysis.ts";
import type { QueryOf, QueryType, ResultOf } from "../core/messages/queries.ts";
import { analyze } from "../core/views/analytics/analysis.ts";
import { inSlices } from "./slices.ts";

/** Most instances that are compared to find slow ones. */
const MAX_INSTANCES = 200;

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

/** Runs the schedules of many seeds, and describes the first that fails in the smallest form that still does. */

import { describeFindings } from "../explore.ts";
import { shrink } from "../shrink.ts";
import { type Plan, planOf } from "./plan.ts";
import { type Result, runPlan } from "./run.ts";
import type { Sql } from "./sql.ts";

/** What schedules came to, all together. */
export interface Explored {
  readonly events: number;
  readonly calls: number;
  readonly records: number;
  /** What is wrong with the first schedule that failed, after which no other was run. */
  readonly failure: readonly string[] | undefined;
}

/** Runs the plans of the seeds `from`, `from + 1` and so on, of those that begin with `seed`. */
export async function explore(
  sql: Sql,
  { seed, from, schedules }: { readonly seed: string; readonly from: number; readonly schedules: number },
): Promise<Explored> {
  const plans = Array.from({ length: schedules }, (_, index) => planOf(`${seed}.${from + index}`));
  return await runAll(plans, sql);
}

export async function runAll(plans: readonly Plan[], sql: Sql): Promise<Explored> {
  const sum = { events: 0, calls: 0, records: 0 };
  for (const plan of plans) {
    const result = await runPlan(plan, sql);
    sum.events += result.events;
    sum.calls += result.history.calls.length;
    sum.records += result.history.records.length;
    if (result.findings.length > 0) return { ...sum, failure: await describeFailure(result, sql) };
  }
  return { ...sum, failure: undefined };
}

async function describeFailure(result: Result, sql: Sql): Promise<readonly string[]> {
  const fails = async (smaller: Plan) => (await runPlan(smaller, sql)).findings.length > 0;
  const smallest = await runPlan(await shrink(result.plan, fails), sql);
  return [
    `The simulated schedule of seed ${result.plan.seed} fails; the smallest one like it is`,
    `    deno task simulate:postgres --plan '${JSON.stringify(smallest.plan)}'`,
    ...describeFindings(smallest),
  ];
}

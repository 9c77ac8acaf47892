/** Runs the schedules of many seeds, and describes the first that fails in the smallest form that still does. */

import { describeViolation } from "../history/report.ts";
import { type Plan, planOf } from "./plan.ts";
import { type Result, runPlan } from "./run.ts";
import { shrink } from "./shrink.ts";
import type { Threads } from "./threads.ts";

/** Most violations of a kind that are described. */
const MAX_DESCRIBED = 2;

/** What schedules came to, all together. */
export interface Explored {
  readonly schedules: number;
  readonly turns: number;
  readonly records: number;
  readonly calls: number;
  /** How many messages webhooks got. */
  readonly delivered: number;
  /** What is wrong with the first schedule that failed, after which no other was run. */
  readonly failure: readonly string[] | undefined;
}

/** Runs the plans of the seeds `from`, `from + 1` and so on, of those that begin with `seed`. */
export async function explore(
  threads: Threads,
  { seed, from, schedules }: { readonly seed: string; readonly from: number; readonly schedules: number },
): Promise<Explored> {
  const sum = { turns: 0, records: 0, calls: 0, delivered: 0 };
  for (let index = from; index < from + schedules; index++) {
    const result = await runPlan(planOf(`${seed}.${index}`), threads);
    sum.turns += result.turns;
    sum.records += result.history.records.length;
    sum.calls += result.history.calls.length;
    sum.delivered += result.delivered;
    if (result.findings.length === 0) continue;
    return { ...sum, schedules: index - from + 1, failure: await describeFailure(result, threads) };
  }
  return { ...sum, schedules, failure: undefined };
}

/** What is wrong with a schedule, its smallest form, and how to run it again. */
export async function describeFailure(result: Result, threads: Threads): Promise<readonly string[]> {
  const { plan } = result;
  const fails = async (smaller: Plan) => (await runPlan(smaller, threads)).findings.length > 0;
  const smallest = await runPlan(await shrink(plan, fails), threads);
  return [
    `The schedule of seed ${plan.seed} fails; the smallest one like it is`,
    `    deno task simulate --plan '${JSON.stringify(smallest.plan)}'`,
    ...describeFindings(smallest),
    "The first schedule found:",
    `    deno task simulate --plan '${JSON.stringify(plan)}'`,
    ...describeFindings(result),
  ];
}

/** What is wrong with a schedule of any store, and its last operations. */
export function describeFindings(
  { findings, history, lastOperations }: Pick<Result, "findings" | "history" | "lastOperations">,
): readonly string[] {
  return [
    ...findings.flatMap(({ what, violations }) => [
      `✗ ${what}`,
      ...violations.slice(0, MAX_DESCRIBED)
        .flatMap((violation) => describeViolation(violation, history))
        .map((line) => `    ${line}`),
      ...violations.length > MAX_DESCRIBED ? [`    … and ${violations.length - MAX_DESCRIBED} more`] : [],
    ]),
    "Its last operations:",
    ...lastOperations.map((line) => `    ${line}`),
  ];
}

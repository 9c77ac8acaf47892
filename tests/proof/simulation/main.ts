/**
 * Simulates processes that share a data directory, on a disk that fails and loses power, in schedules that follow from
 * a seed; and checks what each leaves behind. Ends at the first schedule that fails.
 *
 *     main.ts --schedules N --seed S
 *     main.ts --plan JSON
 */

import { describeFindings, explore } from "./explore.ts";
import { parseOptions } from "./options.ts";
import { MAX_WORKERS, type Plan } from "./plan.ts";
import { runPlan } from "./run.ts";
import { Threads } from "./threads.ts";

/** After how many schedules it is told how far things are. */
const ROUND = 500;

async function main(): Promise<number> {
  const { seed, schedules, plan } = parseOptions<Plan>(Deno.args, String(Math.floor(Math.random() * 1e9)));
  await using threads = await Threads.start(plan?.workers ?? MAX_WORKERS);
  return plan === undefined ? await exploreAll(threads, seed, schedules) : await runOne(threads, plan);
}

async function exploreAll(threads: Threads, seed: string, schedules: number): Promise<number> {
  console.log(`Seed ${seed}: ${schedules} schedules`);
  for (let from = 0; from < schedules; from += ROUND) {
    const start = performance.now();
    const round = { seed, from, schedules: Math.min(ROUND, schedules - from) };
    const { failure, turns, calls, records } = await explore(threads, round);
    if (failure !== undefined) {
      for (const line of failure) console.log(line);
      return 1;
    }
    const seconds = (performance.now() - start) / 1_000;
    console.log(
      `${from + round.schedules} schedules hold; of the last ${round.schedules}: ${calls} calls, ${records} records, ` +
        `${turns} turns, ${Math.round(turns / seconds)} a second`,
    );
  }
  return 0;
}

async function runOne(threads: Threads, plan: Plan): Promise<number> {
  const result = await runPlan(plan, threads);
  for (const line of describeFindings(result)) console.log(line);
  return result.findings.length === 0 ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());

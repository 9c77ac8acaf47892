/**
 * Simulates processes that share a plan in PostgreSQL, over a network and with a server that fail, in schedules that
 * follow from a seed. Ends at the first schedule that fails.
 *
 *     main.ts --schedules N --seed S
 *     main.ts --plan JSON
 */

import { startPostgres } from "../../../support/postgres.ts";
import { parseOptions } from "../options.ts";
import { explore, type Explored, runAll } from "./explore.ts";
import { installMachines } from "./machine.ts";
import type { Plan } from "./plan.ts";
import { Sql } from "./sql.ts";

/** After how many schedules it is told how far things are. */
const ROUND = 100;

async function main(): Promise<number> {
  const { seed, schedules, plan } = parseOptions<Plan>(Deno.args, String(Math.floor(Math.random() * 1e9)));
  await using cluster = await startPostgres();
  await using sql = await Sql.open(cluster);
  using _machines = installMachines();
  if (plan !== undefined) return tell(await runAll([plan], sql), "the plan holds");
  console.log(`Seed ${seed}: ${schedules} schedules`);
  for (let from = 0; from < schedules; from += ROUND) {
    const count = Math.min(ROUND, schedules - from);
    const code = tell(await explore(sql, { seed, from, schedules: count }), `${from + count} schedules hold`);
    if (code !== 0) return code;
  }
  return 0;
}

/** Prints what schedules came to; returns the exit code. */
function tell({ failure, calls, records, events }: Explored, held: string): number {
  console.log(failure?.join("\n") ?? `${held}; of the last: ${calls} calls, ${records} records, ${events} events`);
  return failure === undefined ? 0 : 1;
}

if (import.meta.main) Deno.exit(await main());

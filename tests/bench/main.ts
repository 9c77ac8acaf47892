/**
 * Measures what matters to users, each beside the least that the machine allows in the same run, and prints a table.
 * A report, not a test: it fails only if something breaks.
 */

import { makeTemporaryDirectory } from "../support/temp.ts";
import { archive } from "./archive.ts";
import { answers } from "./answers.ts";
import { coreGrowth } from "./core_growth.ts";
import { durableCalls } from "./durable_calls.ts";
import { engineRate } from "./engine_rate.ts";
import { firstGraph } from "./http/first_graph.ts";
import { growth } from "./growth.ts";
import { handlers } from "./handlers.ts";
import { dashboards } from "./http/dashboards.ts";
import { httpEvents } from "./http/events.ts";
import { httpMemory } from "./http/memory.ts";
import { webhooks } from "./http/webhooks.ts";
import { httpRates } from "./http/rates.ts";
import { insight } from "./insight.ts";
import { journal } from "./journal.ts";
import { pipelinedCalls } from "./pipelined_calls.ts";
import { planRows } from "./plan_rows.ts";
import { postgres } from "./postgres.ts";
import { type Bench, type Benchmark, floorsOf, isKept, type Row, tableOf } from "./row.ts";
import { racing } from "./racing.ts";
import { scheduling } from "./scheduling.ts";
import { startup } from "./startup.ts";
import { toolsList } from "./tools_list.ts";
import { waking } from "./waking.ts";

const BENCHMARKS: readonly { readonly name: string; readonly run: Benchmark }[] = [
  { name: "durable calls", run: durableCalls },
  { name: "core", run: coreGrowth },
  { name: "insight", run: insight },
  { name: "journal", run: journal },
  { name: "growth", run: growth },
  { name: "scheduling", run: scheduling },
  { name: "waking", run: waking },
  { name: "racing", run: racing },
  { name: "engine", run: engineRate },
  { name: "calls in flight", run: pipelinedCalls },
  { name: "http rates", run: httpRates },
  { name: "http events", run: httpEvents },
  { name: "dashboards", run: dashboards },
  { name: "first graph", run: firstGraph },
  { name: "webhooks", run: webhooks },
  { name: "http memory", run: httpMemory },
  { name: "handlers", run: handlers },
  { name: "start and memory", run: startup },
  { name: "archive", run: archive },
  { name: "tools/list", run: toolsList },
  { name: "answers", run: answers },
  { name: "plan rows", run: planRows },
  { name: "postgresql", run: postgres },
];

/** Runs all benchmarks, or those whose names contain an argument. */
async function main(args: readonly string[]): Promise<void> {
  const chosen = BENCHMARKS.filter(({ name }) => args.length === 0 || args.some((arg) => name.includes(arg)));
  if (chosen.length === 0) throw new Error(`There are only: ${BENCHMARKS.map(({ name }) => name).join(", ")}`);
  const directory = await makeTemporaryDirectory("orchestrator-bench-");
  try {
    const rows: Row[] = [];
    for (const benchmark of chosen) rows.push(...await runOne(benchmark, { directory }));
    print(rows);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

async function runOne({ name, run }: typeof BENCHMARKS[number], bench: Bench): Promise<readonly Row[]> {
  const start = performance.now();
  const rows = await run(bench);
  console.error(`measured ${name} in ${((performance.now() - start) / 1000).toFixed(1)} s`);
  return rows;
}

function print(rows: readonly Row[]): void {
  const missed = rows.filter((row) => !isKept(row));
  const machine = `${navigator.hardwareConcurrency} cores, ${Deno.build.os}, Deno ${Deno.version.deno}`;
  console.log(`\nMedians, where nothing else is said, on ${machine}\n`);
  for (const line of tableOf(rows)) console.log(line);
  console.log("\nFloors, measured in turn with the values:\n");
  for (const line of floorsOf(rows)) console.log(line);
  console.log(missed.length === 0 ? "\nAll targets kept" : `\n${missed.length} of ${rows.length} targets missed`);
}

if (import.meta.main) await main(Deno.args);

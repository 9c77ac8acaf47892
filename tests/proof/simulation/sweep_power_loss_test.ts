/** Shows that a schedule holds at whichever of its operations power is lost. */

import { assert, assertEquals } from "@std/assert";
import { runPlan } from "./run.ts";
import { losesPower, plansOf, runAll, SCENARIO } from "./sweep.ts";
import { Threads } from "./threads.ts";

Deno.test("simulation: at whichever operation of a schedule power is lost, it holds", async () => {
  await using threads = await Threads.start(SCENARIO.workers);
  const { operations } = await runPlan(SCENARIO, threads);
  const plans = plansOf(SCENARIO, operations).filter(losesPower);
  assert(plans.length > operations.length, `${plans.length} plans for ${operations.length} operations`);
  assertEquals((await runAll(plans, threads))?.join("\n"), undefined);
});

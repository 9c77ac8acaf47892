/** Shows that a schedule holds whichever of its operations fails, and at whichever of them a process dies. */

import { assert, assertEquals } from "@std/assert";
import { runPlan } from "./run.ts";
import { losesPower, plansOf, runAll, SCENARIO } from "./sweep.ts";
import { Threads } from "./threads.ts";

Deno.test("simulation: whatever goes wrong with whichever operation of a schedule, it holds", async () => {
  await using threads = await Threads.start(SCENARIO.workers);
  const { findings, operations, history, segments } = await runPlan(SCENARIO, threads);
  assertEquals(findings, []);
  assert(history.calls.length >= 11 && segments > 2, `${history.calls.length} calls, ${segments} segments`);
  const renames = operations.filter(({ name }) => name === "rename").length;
  assert(renames >= 4, `${renames} renames`);
  const plans = plansOf(SCENARIO, operations).filter((plan) => !losesPower(plan));
  assert(plans.length > 2 * operations.length, `${plans.length} plans for ${operations.length} operations`);
  assertEquals((await runAll(plans, threads))?.join("\n"), undefined);
});

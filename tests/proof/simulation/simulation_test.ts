/** Runs schedules of fixed seeds: whatever goes wrong in them, what was acknowledged is there, once and in order. */

import { assert, assertEquals } from "@std/assert";
import { explore } from "./explore.ts";
import { MAX_WORKERS, planOf } from "./plan.ts";
import { runPlan } from "./run.ts";
import { Threads } from "./threads.ts";

const SCHEDULES = 200;

Deno.test(`simulation: ${SCHEDULES} schedules lose nothing, do nothing twice, and answer by the rules`, async () => {
  await using threads = await Threads.start(MAX_WORKERS);
  const found = await explore(threads, { seed: "a", from: 0, schedules: SCHEDULES });
  const { failure, schedules, calls, records, delivered } = found;
  assertEquals(failure?.join("\n"), undefined);
  assert(calls > 10 * schedules && records > 6 * schedules, `${calls} calls, ${records} records`);
  assert(delivered > schedules, `${delivered} messages to webhooks`);
});

Deno.test("simulation: the same seed is the same schedule, operation by operation, another seed another", async () => {
  await using threads = await Threads.start(MAX_WORKERS);
  await using others = await Threads.start(MAX_WORKERS);
  const seeds = Array.from({ length: 12 }, (_, index) => `same ${index}`);
  const digests: string[] = [];
  for (const [index, seed] of seeds.entries()) {
    const plan = { ...planOf(seed), webhooks: index % 2 };
    const { digest } = await runPlan(plan, threads);
    assertEquals((await runPlan(plan, others)).digest, digest);
    digests.push(digest);
  }
  assertEquals(new Set(digests).size, seeds.length);
});

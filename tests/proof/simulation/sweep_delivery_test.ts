/** Shows that webhooks get everything at whichever step of a delivery the process dies that delivers. */

import { assert, assertEquals } from "@std/assert";
import type { Plan } from "./plan.ts";
import { runPlan } from "./run.ts";
import { runAll, SCENARIO } from "./sweep.ts";
import { Threads } from "./threads.ts";

/** Two processes that both deliver, as the seed says, for long enough that the other one can take over. */
const DELIVERING: Plan = { ...SCENARIO, seed: "d4", calls: 2, maxPauseMs: 800, webhooks: 1 };

Deno.test("simulation: at whichever step of a delivery a process dies, webhooks get everything in order", async () => {
  await using threads = await Threads.start(DELIVERING.workers);
  const { findings, operations, delivered } = await runPlan(DELIVERING, threads);
  assertEquals(findings, []);
  const first = operations.findIndex(({ name }) => name === "post");
  const posts = operations.filter(({ name }) => name === "post").length;
  assert(posts >= 4 && delivered === posts, `${posts} messages, of which ${delivered} were taken`);
  const plans = operations.flatMap(({ name }, index): readonly Plan[] => {
    if (index < first || (name !== "post" && name !== "rename")) return [];
    const kill = { type: "kill", at: index + 1 } as const;
    return (["before", "after"] as const).map((moment) => ({ ...DELIVERING, faults: [{ ...kill, moment }] }));
  });
  assertEquals((await runAll(plans, threads))?.join("\n"), undefined);
});

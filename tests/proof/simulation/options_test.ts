/** Shows how a failing plan is made smaller. */

import { assertEquals } from "@std/assert";
import { type Plan, planOf } from "./plan.ts";
import { shrink } from "./shrink.ts";

Deno.test("simulate: a failing plan loses what its failure does not need", async () => {
  const plan: Plan = {
    ...planOf("s"),
    workers: 4,
    calls: 9,
    faults: [
      { type: "pause", at: 3, pauseMs: 5 },
      { type: "kill", at: 40, moment: "after" },
      { type: "error", at: 50, code: "EIO" },
    ],
  };
  const smallest = await shrink(plan, ({ workers, calls, faults }) => {
    return Promise.resolve(workers > 1 && calls > 2 && faults.some(({ type, at }) => type === "kill" && at > 6));
  });
  assertEquals(smallest, { ...plan, workers: 2, calls: 3, faults: [{ type: "kill", at: 7, moment: "after" }] });
});

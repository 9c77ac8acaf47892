/** Shows what the simulate command takes, and how a failing plan is made smaller. */

import { assertEquals, assertThrows } from "@std/assert";
import { parseOptions } from "./options.ts";
import { planOf } from "./plan.ts";
import { shrink } from "./shrink.ts";

Deno.test("simulate: options have defaults and bounds", () => {
  assertEquals(parseOptions([], "5"), { seed: "5", schedules: 10_000 });
  assertEquals(parseOptions(["--schedules", "7", "--seed", "s"], "5"), { seed: "s", schedules: 7 });
  const plan = planOf("s");
  assertEquals(parseOptions(["--plan", JSON.stringify(plan)], "5").plan, plan);
  assertThrows(() => parseOptions(["--schedules", "0"], "5"), Error, "--schedules must be");
  assertThrows(() => parseOptions(["--other"], "5"), Error);
});

Deno.test("simulate: a failing plan loses what its failure does not need", async () => {
  const plan = {
    ...planOf("s"),
    workers: 4,
    calls: 9,
    faults: [
      { type: "pause", at: 3, pauseMs: 5 },
      { type: "kill", at: 40, moment: "after" },
      { type: "error", at: 50, code: "EIO" },
    ] as const,
  };
  const smallest = await shrink(plan, ({ workers, calls, faults }) => {
    return Promise.resolve(workers > 1 && calls > 2 && faults.some(({ type, at }) => type === "kill" && at > 6));
  });
  assertEquals(smallest, { ...plan, workers: 2, calls: 3, faults: [{ type: "kill", at: 7, moment: "after" }] });
});

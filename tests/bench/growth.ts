/** Whether a call costs more when there are many tasks. */

import { startServer } from "../support/server.ts";
import { agentOf } from "./agent_cycle.ts";
import { filledStore } from "./filled_store.ts";
import { medians, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

export const FEW_TASKS = 1_000;
export const MANY_TASKS = 100_000;

const ROUNDS = { rounds: 300, warmUpRounds: 50 };

export const growth: Benchmark = async (bench) => {
  await using few = await startServer(await filledStore(bench, FEW_TASKS));
  await using many = await startServer(await filledStore(bench, MANY_TASKS));
  const inFew = agentOf(few, "agent");
  const inMany = agentOf(many, "agent");
  const measured = await medians({
    createFloor: () => timed(inFew.create),
    create: () => timed(inMany.create),
    claimFloor: () => timed(inFew.claim),
    claim: () => timed(inMany.claim),
    completeFloor: () => timed(inFew.complete),
    complete: () => timed(inMany.complete),
  }, ROUNDS);
  return (["create", "claim", "complete"] as const).map((step) => ({
    name: `${step}, 100,000 tasks`,
    value: measured[step],
    floor: { value: measured[`${step}Floor`], what: "the same with 1,000 tasks" },
    unit: "ms",
    target: { of: "ratio", is: "at most", bound: 1.5 },
  }));
};

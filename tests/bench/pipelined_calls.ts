/** How many durable calls a server answers to a client that keeps many in flight. */

import { startServer } from "../support/server.ts";
import { agentOf, cycle, CYCLE_CALLS } from "./agent_cycle.ts";
import { medians, startBareServer, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

const IN_FLIGHT = 256;
const CYCLES = 8;
const CALLS = IN_FLIGHT * CYCLES * CYCLE_CALLS;
const ROUNDS = { rounds: 9, warmUpRounds: 4 };

export const pipelinedCalls: Benchmark = async ({ directory }) => {
  await using ours = await startServer(`${directory}/pipelined`);
  await using bare = await startBareServer();
  const agents = Array.from({ length: IN_FLIGHT }, (_, index) => agentOf(ours, `agent-${index}`));
  const rateOf = async (eachOf: (index: number) => Promise<unknown>) =>
    CALLS / await timed(() => Promise.all(agents.map((_, index) => eachOf(index)))) * 1000;
  const { value, floor } = await medians({
    value: () =>
      rateOf(async (index) => {
        const agent = agents[index];
        for (let cycles = 0; agent !== undefined && cycles < CYCLES; cycles++) await cycle(agent);
      }),
    floor: () =>
      rateOf(async () => {
        for (let calls = 0; calls < CYCLES * CYCLE_CALLS; calls++) await bare.call("empty");
      }),
  }, ROUNDS);
  return [{
    name: `${IN_FLIGHT} durable calls in flight`,
    value,
    floor: { value: floor, what: `${IN_FLIGHT} calls of an empty tool in flight` },
    unit: "/s",
    target: { of: "ratio", is: "at least", bound: 0.6 },
  }];
};

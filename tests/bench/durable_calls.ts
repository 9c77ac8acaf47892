/** One agent, one call after the other: what a durable answer costs beyond the protocol and the disk. */

import { startServer } from "../support/server.ts";
import { agentOf, cycle, CYCLE_CALLS } from "./agent_cycle.ts";
import { openDiskFloor } from "./disk_floor.ts";
import { medians, startBareServer, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

const ROUNDS = { rounds: 300, warmUpRounds: 100 };

/** About as long as a record. */
const RECORD = new Uint8Array(200);

export const durableCalls: Benchmark = async ({ directory }) => {
  await using ours = await startServer(`${directory}/durable`);
  await using bare = await startBareServer();
  using disk = openDiskFloor(`${directory}/durable-floor`);
  const agent = agentOf(ours, "agent");
  const bareCall = async () => {
    await bare.call("empty");
    disk.append(RECORD);
  };
  const { value, floor } = await medians({
    value: async () => await timed(() => cycle(agent)) / CYCLE_CALLS,
    floor: async () => await timed(bareCall),
  }, ROUNDS);
  return [{
    name: "durable call, one at a time",
    value,
    floor: { value: floor, what: "an empty tool's call, then lock + append + fdatasync" },
    unit: "ms",
    target: { of: "ratio", is: "at most", bound: 2 },
  }];
};

/** One agent, one call after the other: what a durable answer costs beyond the protocol and the disk. */

import { startServer } from "../support/server.ts";
import { agentOf, stepByStep } from "./agent_cycle.ts";
import { openDiskFloor } from "./disk_floor.ts";
import { figuresOf, quantile, startBareServer, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

/** Many, so that one in a hundred is more than a few. */
const ROUNDS = { rounds: 2_400, warmUpRounds: 300 };

/** About as long as a record. */
const RECORD = new Uint8Array(200);

/** What is told of the times: the median, and what all but one in a hundred keep. */
const QUANTILES = [
  { name: "p50", share: 0.5, bound: 2 },
  { name: "p99", share: 0.99, bound: 2.5 },
] as const;

export const durableCalls: Benchmark = async ({ directory }) => {
  await using ours = await startServer(`${directory}/durable`);
  await using bare = await startBareServer();
  using disk = openDiskFloor(`${directory}/durable-floor`);
  const step = stepByStep(agentOf(ours, "agent"));
  const bareCall = async () => {
    await bare.call("empty");
    disk.append(RECORD);
  };
  const figures = await figuresOf({
    value: () => timed(step),
    floor: () => timed(bareCall),
  }, ROUNDS);
  return QUANTILES.map(({ name, share, bound }) => ({
    name: `durable call, one at a time, ${name}`,
    value: quantile(figures.value, share),
    floor: { value: quantile(figures.floor, share), what: "an empty tool's call, then lock + append + fdatasync" },
    unit: "ms",
    target: { of: "ratio", is: "at most", bound },
  }));
};

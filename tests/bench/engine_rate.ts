/** How many durable commands the engine itself carries out, without the protocol, while many wait at a time. */

import { Engine } from "../../src/app/engine.ts";
import { realDisk } from "../../src/store/disk.ts";
import { FileJournal } from "../../src/store/file_journal.ts";
import { noCheckpoints } from "../../src/store/memory.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { CYCLE_CALLS } from "./agent_cycle.ts";
import { openDiskFloor } from "./disk_floor.ts";
import { medians, timed } from "./measure.ts";
import type { Benchmark } from "./row.ts";

const IN_FLIGHT = 256;
const CYCLES = 10;
const COMMANDS = IN_FLIGHT * CYCLES * CYCLE_CALLS;
const ROUNDS = { rounds: 9, warmUpRounds: 2 };

/** As many bytes as the records of a batch. */
const BATCH = new Uint8Array(IN_FLIGHT * 290);

export const engineRate: Benchmark = async ({ directory }) => {
  const log = createLog(console.error);
  const options = { directory: `${directory}/engine`, disk: realDisk, now: Date.now, log };
  const journal = new FileJournal(options);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log, now: Date.now });
  using disk = openDiskFloor(`${directory}/engine-floor`);
  let created = 0;
  const agent = async (instance: string) => {
    for (let cycle = 0; cycle < CYCLES; cycle++) {
      const task = { id: `task-${++created}`, description: "Something to be done by an agent", dependencies: [] };
      await engine.execute({ type: "create_tasks", tasks: [task] }, instance);
      const claim = await engine.execute({ type: "claim_task", instance }, instance);
      if (claim.task === undefined) throw new Error(`There is no task to claim: ${claim.none.message}`);
      const { id } = claim.task;
      await engine.execute({ type: "complete_task", id, instance, result: "Done, as it was asked for" }, instance);
    }
  };
  const agents = Array.from({ length: IN_FLIGHT }, (_, index) => `agent-${index}`);
  try {
    const { value, floor } = await medians({
      value: async () => COMMANDS / await timed(() => Promise.all(agents.map(agent))) * 1000,
      floor: async () => IN_FLIGHT / await timed(() => disk.append(BATCH)) * 1000,
    }, ROUNDS);
    return [{
      name: `engine, ${IN_FLIGHT} commands in flight`,
      value,
      floor: { value: floor, what: `lock + append of ${IN_FLIGHT} records at once + fdatasync` },
      unit: "/s",
      target: { of: "value", is: "at least", bound: 20_000 },
    }];
  } finally {
    await engine.close();
    await journal.close();
  }
};

/**
 * How many durable commands the engine itself carries out, without the protocol: one at a time, and while many wait.
 * Beside the disk, and beside SQLite that makes the same transactions durable in the same process.
 */

import { localOperator } from "../../src/core/model/access.ts";
import { Engine } from "../../src/app/engine.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type Cycle, cycle, CYCLE_CALLS, stepByStep } from "./agent_cycle.ts";
import { openDiskFloor } from "./disk_floor.ts";
import { medians, timed } from "./measure.ts";
import type { Bench, Benchmark, Row } from "./row.ts";
import { openSqlite, type SqliteFloor, type SqliteSteps } from "./sqlite_floor.ts";

const SEQUENTIAL_ROUNDS = { rounds: 1_500, warmUpRounds: 300 };

const IN_FLIGHT = 256;
const CYCLES = 10;
const COMMANDS = IN_FLIGHT * CYCLES * CYCLE_CALLS;
const ROUNDS = { rounds: 9, warmUpRounds: 2 };

/** About as long as a record; and as many bytes as the records of a batch. */
const RECORD = new Uint8Array(290);
const BATCH = new Uint8Array(IN_FLIGHT * RECORD.length);

const RESULT = "Done, as it was asked for";

export const engineRate: Benchmark = async (bench) => [...await sequentialRows(bench), ...await inFlightRows(bench)];

async function sequentialRows({ directory }: Bench): Promise<readonly Row[]> {
  await using engine = await startEngine(`${directory}/engine-sequential`);
  using sqlite = openSqlite(`${directory}/sequential.sqlite`);
  using disk = openDiskFloor(`${directory}/engine-sequential-floor`);
  const ours = stepByStep(engine.agent("agent"));
  const theirs = stepByStep(sqliteAgent(sqlite, "agent"));
  const measured = await medians({
    value: () => timed(ours),
    sqlite: () => timed(theirs),
    disk: () => timed(() => disk.append(RECORD)),
  }, SEQUENTIAL_ROUNDS);
  return [
    {
      name: "engine, one command at a time",
      value: measured.value,
      floor: { value: measured.disk, what: "lock + append of a record + fdatasync" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 2.5 },
    },
    {
      name: "engine, one command at a time, and SQLite",
      value: measured.value,
      floor: { value: measured.sqlite, what: "SQLite (WAL, synchronous=FULL), a transaction for each" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 1.5 },
    },
  ];
}

async function inFlightRows({ directory }: Bench): Promise<readonly Row[]> {
  await using engine = await startEngine(`${directory}/engine`);
  using sqlite = openSqlite(`${directory}/batches.sqlite`);
  using disk = openDiskFloor(`${directory}/engine-floor`);
  const agents = Array.from({ length: IN_FLIGHT }, (_, index) => `agent-${index}`);
  const cycles = async (agent: Cycle) => {
    for (let cycles = 0; cycles < CYCLES; cycles++) await cycle(agent);
  };
  const measured = await medians({
    value: async () =>
      COMMANDS / await timed(() => Promise.all(agents.map((instance) => cycles(engine.agent(instance))))) * 1000,
    sqlite: async () => COMMANDS / await timed(() => sqliteBatches(sqlite, agents)) * 1000,
    disk: async () => IN_FLIGHT / await timed(() => disk.append(BATCH)) * 1000,
  }, ROUNDS);
  return [
    {
      name: `engine, ${IN_FLIGHT} commands in flight`,
      value: measured.value,
      floor: { value: measured.disk, what: `lock + append of ${IN_FLIGHT} records at once + fdatasync` },
      unit: "/s",
      target: { of: "value", is: "at least", bound: 20_000 },
    },
    {
      name: `engine, ${IN_FLIGHT} commands in flight, and SQLite`,
      value: measured.value,
      floor: { value: measured.sqlite, what: `SQLite, ${IN_FLIGHT} steps in each transaction, no rules, no history` },
      unit: "/s",
      target: { of: "ratio", is: "at least", bound: 0.4 },
    },
  ];
}

/** An engine on a journal of its own. */
async function startEngine(directory: string) {
  const log = createLog(console.error);
  const journal = new FileJournal({ directory, disk: realDisk, now: Date.now, log });
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  let created = 0;
  return {
    agent(instance: string): Cycle {
      let id = "";
      return {
        async create() {
          const task = { id: `task-${++created}`, description: "Something to be done by an agent", dependencies: [] };
          await engine.execute({ type: "create_tasks", tasks: [task] }, localOperator(instance));
        },
        async claim() {
          const claim = await engine.execute({ type: "claim_task", instance }, localOperator(instance));
          if (claim.task === undefined) throw new Error(`There is no task to claim: ${claim.none.message}`);
          id = claim.task.id;
        },
        async complete() {
          await engine.execute({ type: "complete_task", id, instance, result: RESULT }, localOperator(instance));
        },
      };
    },
    async [Symbol.asyncDispose](): Promise<void> {
      await engine.close();
      await journal.close();
    },
  };
}

let sqliteCreated = 0;

function sqliteAgent(sqlite: SqliteSteps, instance: string) {
  let id: string | undefined;
  return {
    create: () => sqlite.create(`task-${++sqliteCreated}`),
    claim() {
      id = sqlite.claim(instance);
    },
    complete() {
      if (id === undefined) throw new Error("There is no task to complete");
      sqlite.complete(id, instance, RESULT);
    },
  };
}

/** The cycles of all agents, as a server on SQLite would batch them: a step of each in one transaction. */
function sqliteBatches(sqlite: SqliteFloor, instances: readonly string[]): void {
  for (let cycles = 0; cycles < CYCLES; cycles++) {
    const held = new Map<string, string>();
    sqlite.together((steps) => instances.forEach(() => steps.create(`task-${++sqliteCreated}`)));
    sqlite.together((steps) => {
      for (const instance of instances) held.set(instance, steps.claim(instance) ?? "");
    });
    sqlite.together((steps) => held.forEach((id, instance) => steps.complete(id, instance, RESULT)));
  }
}

/**
 * Whether archived tasks cost anything: the start and memory of a server whose journal has many of them, beside one that
 * never had a task, and what archiving them costs.
 */

import { Engine } from "../../src/app/engine.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { CheckpointFiles } from "../../src/store/file/checkpoint_files.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { programArgs } from "../support/server.ts";
import { median, medians, startOnce, timed } from "./measure.ts";
import type { Bench, Benchmark } from "./row.ts";
import { memoriesOf } from "./startup.ts";

/** How many tasks are archived, and how many come and go at once. */
const ARCHIVED = 200_000;
const PART = 1_000;

const ROUNDS = { rounds: 11, warmUpRounds: 2 };

const OPERATOR = localOperator("bench");

export const archive: Benchmark = async (bench) => {
  const { directory, lifeMs, archiveMs } = await archivedStore(bench);
  const many = programArgs(directory);
  let stores = 0;
  const empty = () => programArgs(`${bench.directory}/without-archive-${++stores}`);
  const measured = await medians({
    many: () => startOnce(many, ({ elapsedMs }) => elapsedMs),
    empty: () => startOnce(empty(), ({ elapsedMs }) => elapsedMs),
  }, ROUNDS);
  const count = ARCHIVED.toLocaleString("en");
  const rows = [
    {
      name: `archive of 1,000 tasks, ${count} in all`,
      value: archiveMs,
      floor: { value: lifeMs, what: "their creation, claims and completions" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 1 },
    },
    {
      name: `start, ${count} archived tasks`,
      value: measured.many,
      floor: { value: measured.empty, what: "the same with no tasks" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 1.1 },
    },
  ] as const;
  if (Deno.build.os !== "linux") return rows;
  return [...rows, {
    name: `memory, ${count} archived tasks`,
    value: (await memoriesOf(many)).VmRSS,
    floor: { value: (await memoriesOf(empty())).VmRSS, what: "the same with no tasks" },
    unit: "MB",
    target: { of: "ratio", is: "at most", bound: 1.1 },
  }];
};

/** A data directory through which tasks have gone, with a fresh checkpoint; and what a part of them took to archive. */
async function archivedStore({ directory: parent }: Bench) {
  const directory = `${parent}/archived`;
  const options = { directory, disk: realDisk, now: Date.now, log: createLog(console.error) };
  const journal = new FileJournal(options);
  const checkpoints = new CheckpointFiles(options);
  const engine = await Engine.start({ journal, checkpoints, log: options.log });
  const figures: { readonly lifeMs: number; readonly archiveMs: number }[] = [];
  await engine.execute({ type: "create_group", id: "g", settings: {} }, OPERATOR);
  for (let first = 0; first < ARCHIVED; first += PART) {
    const tasks = Array.from({ length: PART }, (_, index) => newTask(first + index));
    const lifeMs = await timed(() => Promise.all(tasks.map((task) => liveThrough(engine, task))));
    const filter = { status: ["completed"] } as const;
    const archiveMs = await timed(() => engine.execute({ type: "archive_tasks", filter }, OPERATOR));
    figures.push({ lifeMs, archiveMs });
  }
  const { snapshot, position } = await engine.checkpoint();
  await checkpoints.save(snapshot, position);
  await engine.close();
  checkpoints.close();
  await journal.close();
  return {
    directory,
    lifeMs: median(figures.map((each) => each.lifeMs)),
    archiveMs: median(figures.map((each) => each.archiveMs)),
  };
}

async function liveThrough(engine: Engine, task: NewTask): Promise<void> {
  const holding = { instance: "agent", id: task.id };
  await engine.execute({ type: "create_tasks", tasks: [task] }, OPERATOR);
  await engine.execute({ type: "claim_task", ...holding }, OPERATOR);
  await engine.execute({ type: "complete_task", ...holding, result: "It reads the file, and checks it." }, OPERATOR);
}

function newTask(index: number): NewTask {
  const description = `Look into the module, and write down what it does (${index})`;
  return { id: `task-${index}`, description, dependencies: [], group: "g" };
}

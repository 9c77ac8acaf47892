/**
 * Whether archived tasks cost anything: the start and memory of a server whose journal has many of them, beside one that
 * has none, and what archiving costs beside deleting.
 */

import { Engine } from "../../src/app/engine.ts";
import { localOperator } from "../../src/core/model/access.ts";
import type { Event } from "../../src/core/messages/events.ts";
import { CheckpointFiles } from "../../src/store/file/checkpoint_files.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { oldTask } from "../core/given.ts";
import { programArgs } from "../support/server.ts";
import { append, type Undated } from "../support/store.ts";
import { medians, startOnce, timed } from "./measure.ts";
import type { Bench, Benchmark, Row } from "./row.ts";
import { memoriesOf } from "./startup.ts";

/** How many tasks are archived, and how many come and go at once. */
const ARCHIVED = 1_000_000;
const PART = 1_000;

const START_ROUNDS = { rounds: 11, warmUpRounds: 2 };
const ARCHIVE_ROUNDS = { rounds: 20, warmUpRounds: 3 };

const OPERATOR = localOperator("bench");

export const archive: Benchmark = async (bench) => [
  ...await archiveRows(bench),
  ...await startRows(bench),
];

async function archiveRows({ directory }: Bench): Promise<readonly Row[]> {
  await using store = await startEngine(`${directory}/archiving`);
  const { engine } = store;
  let next = 0;
  const fill = async () => {
    const tasks = Array.from({ length: PART }, () => oldTask(`task-${next++}`, { status: "completed", group: "g" }));
    await engine.execute({ type: "import_tasks", tasks }, OPERATOR);
  };
  const emptied = async (action: "archive" | "delete") => {
    await fill();
    const filter = { group: "g" };
    return action === "archive"
      ? await timed(() => engine.execute({ type: "archive_tasks", filter }, OPERATOR))
      : await timed(() => {
        return engine.execute({ type: "bulk_update", filter, action: { type: "delete" }, isAtomic: true }, OPERATOR);
      });
  };
  const measured = await medians({
    archive: () => emptied("archive"),
    delete: () => emptied("delete"),
  }, ARCHIVE_ROUNDS);
  return [{
    name: "archive of 1,000 tasks",
    value: measured.archive,
    floor: { value: measured.delete, what: "their deletion" },
    unit: "ms",
    target: { of: "ratio", is: "at most", bound: 1.2 },
  }];
}

async function startRows(bench: Bench): Promise<readonly Row[]> {
  const many = programArgs(await archivedStore(bench, ARCHIVED));
  let empty = 0;
  const none = () => programArgs(`${bench.directory}/empty-${++empty}`);
  const measured = await medians({
    many: () => startOnce(many, ({ elapsedMs }) => elapsedMs),
    none: () => startOnce(none(), ({ elapsedMs }) => elapsedMs),
  }, START_ROUNDS);
  const what = "the same with none";
  const count = ARCHIVED.toLocaleString("en");
  const start: Row = {
    name: `start, ${count} archived tasks`,
    value: measured.many,
    floor: { value: measured.none, what },
    unit: "ms",
    target: { of: "ratio", is: "at most", bound: 1.3 },
  };
  if (Deno.build.os !== "linux") return [start];
  return [start, {
    name: `memory, ${count} archived tasks`,
    value: (await memoriesOf(many)).VmRSS,
    floor: { value: (await memoriesOf(none())).VmRSS, what },
    unit: "MB",
    target: { of: "ratio", is: "at most", bound: 1.2 },
  }];
}

/** A data directory through which tasks have gone, with a fresh checkpoint. */
async function archivedStore({ directory: parent }: Bench, count: number): Promise<string> {
  const directory = `${parent}/archived-${count}`;
  const journal = new FileJournal(optionsOf(directory));
  let position = journal.origin;
  for (let first = 0; first < count; first += PART) {
    const ids = Array.from({ length: PART }, (_, index) => `task-${first + index}`);
    const drafts = [...ids.flatMap(lifeOf), draftOf("archive_tasks", { type: "tasks.archived", tasks: ids })];
    ({ position } = await append(journal, drafts, position));
  }
  await journal.close();
  await using store = await startEngine(directory);
  const { snapshot, position: end } = await store.engine.checkpoint();
  await store.checkpoints.save(snapshot, end);
  return directory;
}

function optionsOf(directory: string) {
  return { directory, disk: realDisk, now: Date.now, log: createLog(console.error) };
}

async function startEngine(directory: string) {
  const options = optionsOf(directory);
  const journal = new FileJournal(options);
  const checkpoints = new CheckpointFiles(options);
  const engine = await Engine.start({ journal, checkpoints, log: options.log });
  return {
    engine,
    checkpoints,
    async [Symbol.asyncDispose]() {
      await engine.close();
      checkpoints.close();
      await journal.close();
    },
  };
}

/** The records of a task from its creation to its result. */
function lifeOf(id: string): readonly Undated[] {
  const held = { id, instance: "agent", attempt: 1 };
  const task = { id, description: "Look into the module, and write down what it does", dependencies: [] };
  return [
    draftOf("create_tasks", { type: "tasks.created", tasks: [task] }, { type: "tasks.ready", tasks: [id] }),
    draftOf("claim_task", { type: "task.claimed", ...held }),
    draftOf("complete_task", { type: "task.completed", ...held, result: "It reads the file, and checks it." }),
  ];
}

function draftOf(command: string, ...events: readonly Event[]): Undated {
  return { actor: "bench", command, events };
}

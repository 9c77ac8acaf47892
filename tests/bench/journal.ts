/**
 * What the journal costs beyond the disk, and what reading it and its checkpoint costs beyond parsing: the price of the
 * hash chain, of the checks and of keeping the process responsive meanwhile.
 */

import type { Position } from "../../src/app/ports.ts";
import { fromPosition } from "../../src/store/file/file_position.ts";
import { evolveRecord } from "../../src/core/state/evolve.ts";
import { restore, type Snapshot, snapshotOf } from "../../src/core/state/snapshot.ts";
import { emptyState, type State } from "../../src/core/state/state.ts";
import { CheckpointFiles } from "../../src/store/file/checkpoint_files.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { createLog } from "../../src/telemetry/log.ts";
import type { Undated } from "../support/store.ts";
import { openDiskFloor } from "./disk_floor.ts";
import { medians, timed } from "./measure.ts";
import type { Bench, Benchmark, Row } from "./row.ts";

const GROUP = 256;
const APPEND_ROUNDS = { rounds: 300, warmUpRounds: 50 };

const RECORDS = 100_000;
const TASKS = 100_000;
const ROUNDS = { rounds: 5, warmUpRounds: 1 };

/** Records written at once where only their number matters. */
const FILL_BATCH = 1_000;

/** The commands of a task's life. */
const LIFE = 3;

export const journal: Benchmark = async (bench) => [
  ...await appendRows(bench),
  ...await replayRows(bench),
  ...await checkpointRows(bench),
];

async function appendRows({ directory }: Bench): Promise<readonly Row[]> {
  await using store = openStore(`${directory}/append`);
  using disk = openDiskFloor(`${directory}/append-floor`);
  let next = 0;
  const draftsOf = (count: number) => Array.from({ length: count }, () => draftOf(next++));
  const append = async (count: number) => {
    const drafts = draftsOf(count);
    return await timed(() => store.append(drafts));
  };
  // About as many bytes as such records have.
  const before = await store.append(draftsOf(LIFE));
  const after = await store.append(draftsOf(GROUP));
  const group = new Uint8Array(fromPosition(after).offset - fromPosition(before).offset);
  const one = group.subarray(0, group.length / GROUP);
  const measured = await medians({
    one: () => append(1),
    oneFloor: () => timed(() => disk.append(one)),
    group: () => append(GROUP),
    groupFloor: () => timed(() => disk.append(group)),
  }, APPEND_ROUNDS);
  return [
    {
      name: "append of a record",
      value: measured.one,
      floor: { value: measured.oneFloor, what: "lock + append of as many bytes + fdatasync" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 2 },
    },
    {
      name: `append of ${GROUP} records at once`,
      value: measured.group,
      floor: { value: measured.groupFloor, what: "lock + append of as many bytes + fdatasync" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 5 },
    },
  ];
}

async function replayRows({ directory }: Bench): Promise<readonly Row[]> {
  await using store = openStore(`${directory}/replay`);
  for (let next = 0; next < RECORDS; next += FILL_BATCH) {
    await store.append(Array.from({ length: FILL_BATCH }, (_, index) => draftOf(next + index)));
  }
  const measured = await medians({
    read: async () => RECORDS / await timed(() => store.replay(() => {})) * 1000,
    replay: async () => {
      const state = emptyState();
      return RECORDS / await timed(() => store.replay((record) => evolveRecord(state, record))) * 1000;
    },
    floor: async () => RECORDS / await timed(() => parseLines(`${directory}/replay/journal`)) * 1000,
  }, ROUNDS);
  const floor = {
    value: measured.floor,
    what: "read + JSON.parse of the same lines; a reader also checks SHA-256 of each",
  };
  return [
    {
      name: "journal read, records",
      value: measured.read,
      floor,
      unit: "/s",
      target: { of: "ratio", is: "at least", bound: 0.15 },
    },
    {
      name: "journal replayed, records",
      value: measured.replay,
      floor: { ...floor, what: `${floor.what}, and makes the state` },
      unit: "/s",
      target: { of: "ratio", is: "at least", bound: 0.1 },
    },
  ];
}

async function checkpointRows({ directory }: Bench): Promise<readonly Row[]> {
  const path = `${directory}/checkpoint`;
  await using store = openStore(path);
  const checkpoints = new CheckpointFiles({ directory: path, disk: realDisk, now: Date.now, log: LOG });
  const snapshot = snapshotOf(await filledState());
  let next = 0;
  const measured = await medians({
    save: async () => {
      // There is nothing to save where nothing was written.
      const position = await store.append([draftOf(next)]);
      next += LIFE;
      return await timed(() => checkpoints.save(snapshot, position));
    },
    saveFloor: () => timed(() => writeJson(`${directory}/checkpoint-floor`, snapshot)),
    load: () => timed(() => checkpoints.load()),
    loadAndRestore: () =>
      timed(async () => {
        const loaded = await checkpoints.load();
        if (loaded === undefined) throw new Error("The checkpoint cannot be used");
        restore(loaded.snapshot);
      }),
    loadFloor: () => timed(() => JSON.parse(Deno.readTextFileSync(`${path}/tasks.json`))),
  }, ROUNDS);
  checkpoints.close();
  const tasks = `${TASKS.toLocaleString("en-US")} tasks`;
  const loadFloor = {
    value: measured.loadFloor,
    what: "read + JSON.parse of the same bytes; a load also checks SHA-256",
  };
  return [
    {
      name: `checkpoint written, ${tasks}`,
      value: measured.save,
      floor: { value: measured.saveFloor, what: "JSON.stringify + write + fsync of the same tasks" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 3 },
    },
    {
      name: `checkpoint loaded, ${tasks}`,
      value: measured.load,
      floor: loadFloor,
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 2 },
    },
    {
      name: `checkpoint loaded and restored, ${tasks}`,
      value: measured.loadAndRestore,
      floor: { ...loadFloor, what: `${loadFloor.what}, and all indexes are made` },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 3 },
    },
  ];
}

const LOG = createLog(console.error);

/** A journal to which records are appended, and from which all are read. */
function openStore(directory: string) {
  const journal = new FileJournal({ directory, disk: realDisk, now: Date.now, log: LOG });
  let position: Position = journal.origin;
  return {
    async append(drafts: readonly Undated[]): Promise<Position> {
      return position = await journal.transact(position, {
        follow: () => {},
        decide: (at, append) => drafts.forEach((draft) => append({ ...draft, at })),
      });
    },
    async replay(each: (record: Parameters<typeof evolveRecord>[1]) => void): Promise<void> {
      for await (const { records } of journal.read(journal.origin)) records.forEach(each);
    },
    [Symbol.asyncDispose]: () => journal.close(),
  };
}

/** The steps of one task after the other: created, claimed, completed. */
function draftOf(index: number): Undated {
  const id = `task-${Math.floor(index / LIFE)}`;
  const instance = `agent-${Math.floor(index / LIFE) % 10}`;
  const step = index % LIFE;
  if (step === 0) {
    const task = { id, description: "Something to be done by an agent", dependencies: [] };
    return { actor: instance, command: "create_tasks", events: [{ type: "tasks.created", tasks: [task] }] };
  }
  if (step === 1) {
    const claimed = { type: "task.claimed", id, instance, attempt: 1 } as const;
    return { actor: instance, command: "claim_task", events: [claimed] };
  }
  const completed = { type: "task.completed", id, instance, attempt: 1, result: "Done, as it was asked for" } as const;
  return { actor: instance, command: "complete_task", events: [completed] };
}

/** Tasks of which a third each is completed, in progress and pending. */
function filledState(): State {
  const state = emptyState();
  for (let index = 0; index < TASKS * LIFE; index++) {
    const isDone = index % LIFE <= Math.floor(index / LIFE) % LIFE;
    if (isDone) evolveRecord(state, { ...draftOf(index), seq: index + 1, at: Date.now() });
  }
  return state;
}

/** Parses the lines of all files of a directory, without looking at what they say. */
function parseLines(directory: string): void {
  for (const { name } of Deno.readDirSync(directory)) {
    for (const line of Deno.readTextFileSync(`${directory}/${name}`).split("\n")) if (line !== "") JSON.parse(line);
  }
}

function writeJson(path: string, { tasks }: Snapshot): void {
  using file = Deno.openSync(path, { write: true, create: true, truncate: true });
  const bytes = new TextEncoder().encode(JSON.stringify(Object.fromEntries(tasks.map((task) => [task.id, task]))));
  for (let written = 0; written < bytes.length;) written += file.writeSync(bytes.subarray(written));
  file.syncSync();
}

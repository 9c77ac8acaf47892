/**
 * Processes that race for the tasks of one directory: how many durable claims they make together, how fairly, and how
 * long the slowest wait. That no task is claimed twice or lost is checked after each race.
 */

import { localOperator } from "../../src/core/model/access.ts";
import { Engine } from "../../src/app/engine.ts";
import { MAX_BATCH_TASKS } from "../../src/core/model/limits.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import { realDisk } from "../../src/store/file/disk.ts";
import { FileJournal } from "../../src/store/file/file_journal.ts";
import { noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { createLog } from "../../src/telemetry/log.ts";
import { type Child, startChild } from "../support/child.ts";
import { median, quantile } from "./measure.ts";
import type { Kind, Result } from "./racer.ts";
import type { Benchmark, Row } from "./row.ts";
import { openSqlite } from "./sqlite_floor.ts";

const PROCESSES = [1, 2, 4, 8, 16] as const;

/** The number of processes for which the targets are. */
const MEASURED = 8;
const ROUNDS = 3;

/** More than can be claimed in a race. */
const TASKS = 80_000;

const RACER = new URL("racer.ts", import.meta.url);

/** It may have to start a server. */
const PERMISSIONS = ["--allow-read", "--allow-write", "--allow-run", "--allow-env"];

/** What a race came to. */
interface Outcome {
  /** Of all processes together, in a second. */
  readonly rate: number;
  /** The least that a process did, as a part of the most. */
  readonly fairness: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export const racing: Benchmark = async ({ directory }) => {
  let races = 0;
  const raceOf = (kind: Kind, processes: number) => race(kind, processes, `${directory}/race-${++races}`);
  const rows: Row[] = [];
  for (const processes of PROCESSES) {
    const taken: Record<Kind, Outcome[]> = { engine: [], server: [], sqlite: [], disk: [] };
    const isMeasured = processes === MEASURED;
    for (let round = 0; round < (isMeasured ? ROUNDS : 1); round++) {
      for (const kind of ["engine", "disk", "sqlite"] as const) taken[kind].push(await raceOf(kind, processes));
    }
    if (isMeasured) taken.server.push(await raceOf("server", processes));
    rows.push(...rowsOf(processes, taken));
  }
  return rows;
};

function rowsOf(processes: number, taken: Readonly<Record<Kind, readonly Outcome[]>>): readonly Row[] {
  const of = (kind: Kind, figure: keyof Outcome) => median(taken[kind].map((outcome) => outcome[figure]));
  const who = `${processes} process${processes === 1 ? "" : "es"}`;
  const disk = { value: of("disk", "rate"), what: `${who} that only lock, append, unlock, fdatasync` };
  const sqlite = { value: of("sqlite", "rate"), what: `${who} that claim in SQLite (WAL, synchronous=FULL)` };
  const rate = { value: of("engine", "rate"), unit: "/s" } as const;
  const besideSqlite: Row = { ...rate, name: `claims by ${who}, and SQLite`, floor: sqlite };
  const besideDisk: Row = { ...rate, name: `claims by ${who}`, floor: disk };
  if (processes !== MEASURED) return [besideDisk, besideSqlite];
  return [
    { ...besideDisk, target: { of: "ratio", is: "at least", bound: 0.5 } },
    besideSqlite,
    {
      ...rate,
      name: `claims by ${who}, in total`,
      target: { of: "value", is: "at least", bound: 4_000 },
    },
    {
      name: `claim by one of ${who}, p99`,
      value: of("engine", "p99Ms"),
      floor: { value: of("engine", "p50Ms"), what: "the median of the same" },
      unit: "ms",
      target: { of: "ratio", is: "at most", bound: 25 },
    },
    {
      name: `claims of the slowest of ${who}`,
      value: of("engine", "fairness"),
      unit: "%",
      target: { of: "value", is: "at least", bound: 50 },
    },
    {
      name: `claims by ${who}, through MCP`,
      value: of("server", "rate"),
      floor: { value: rate.value, what: `${who} without MCP` },
      unit: "/s",
    },
  ];
}

/** Lets processes race in a directory of their own, which is gone afterwards. */
async function race(kind: Kind, processes: number, directory: string): Promise<Outcome> {
  await Deno.mkdir(directory);
  await fill(kind, directory);
  await using stack = new AsyncDisposableStack();
  const racers = Array.from(
    { length: processes },
    (_, index) => stack.use(startChild(RACER, [kind, directory, `racer-${index}`], { permissions: PERMISSIONS })),
  );
  for (const { lines } of racers) await lines.next();
  const results = await Promise.all(racers.map(resultOf));
  await Promise.all(racers.map(({ process }) => process.status));
  if (kind === "engine" || kind === "server") await checkClaims(directory, results);
  await Deno.remove(directory, { recursive: true });
  return outcomeOf(results);
}

async function resultOf({ lines, endInput }: Child): Promise<Result> {
  await endInput();
  const { value } = await lines.next();
  if (value === undefined) throw new Error("A racer has ended without a result");
  // Printed by racer.ts in this form.
  return JSON.parse(value) as Result;
}

function outcomeOf(results: readonly Result[]): Outcome {
  const counts = results.map(({ timesMs }) => timesMs.length);
  const times = results.flatMap(({ timesMs }) => timesMs);
  return {
    rate: results.reduce((sum, { timesMs }) => sum + rateOf(timesMs), 0),
    fairness: Math.min(...counts) / Math.max(...counts) * 100,
    p50Ms: quantile(times, 0.5),
    p99Ms: quantile(times, 0.99),
  };
}

/** How often in a second, given how long each time took, in milliseconds. Nothing, for who never had its turn. */
function rateOf(timesMs: readonly number[]): number {
  return timesMs.length === 0 ? 0 : 1000 * timesMs.length / timesMs.reduce((sum, timeMs) => sum + timeMs, 0);
}

async function fill(kind: Kind, directory: string): Promise<void> {
  if (kind === "disk") return;
  const ids = Array.from({ length: TASKS }, (_, index) => `task-${index}`);
  if (kind === "sqlite") {
    using database = openSqlite(`${directory}/tasks.sqlite`);
    database.together((steps) => ids.forEach((id) => steps.create(id)));
    return;
  }
  await withEngine(directory, async (engine) => {
    for (let first = 0; first < TASKS; first += MAX_BATCH_TASKS) {
      const tasks = ids.slice(first, first + MAX_BATCH_TASKS).map((id): NewTask => {
        return { id, description: "Something to be done by an agent", dependencies: [] };
      });
      await engine.execute({ type: "create_tasks", tasks }, localOperator("planner"));
    }
  });
}

/** Throws unless the journal has exactly the claims that were answered, each task once. */
async function checkClaims(directory: string, results: readonly Result[]): Promise<void> {
  const answered = results.flatMap(({ claimed }) => claimed);
  const held = await withEngine(
    directory,
    async (engine) => {
      const { tasks } = await engine.query({ type: "export_tasks" }, localOperator("bench"));
      return tasks.filter(({ status }) => status === "in_progress").map(({ id }) => id);
    },
  );
  const distinct = new Set(answered);
  const kept = new Set(held);
  if (distinct.size < answered.length) throw new Error(`${answered.length - distinct.size} tasks were claimed twice`);
  const lost = answered.filter((id) => !kept.has(id));
  if (lost.length > 0 || held.length > answered.length) {
    throw new Error(`${answered.length} claims were answered, the journal has ${held.length}: ${lost.join(", ")}`);
  }
}

async function withEngine<T>(directory: string, action: (engine: Engine) => Promise<T>): Promise<T> {
  const log = createLog(console.error);
  const journal = new FileJournal({ directory, disk: realDisk, now: Date.now, log });
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  try {
    return await action(engine);
  } finally {
    await engine.close();
    await journal.close();
  }
}

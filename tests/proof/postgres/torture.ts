/** Real processes on one project in PostgreSQL are killed and stopped, and so is the server, at random from a seed. */

import type { Cluster } from "../../support/postgres.ts";
import { RecordingLog } from "../../support/log.ts";
import { until } from "../../support/until.ts";
import { type Call, parseCalls } from "../history/call_log.ts";
import { type Random, randomOf } from "../history/random.ts";
import { SpellMaker } from "../torture/disk_full.ts";
import { Fleet } from "../torture/fleet.ts";
import { ANSWER_MS, examine, finalDatabase, type Ran } from "./run.ts";
import { connect, pidsOf, takeAll, terminateAll } from "./server_faults.ts";

const WORKER = new URL("worker.ts", import.meta.url).pathname;

/** Between two disturbances, in milliseconds. */
const PAUSE_MS = 400;

/** How long connections are taken and the head is locked: past the wait of a call for the lock, in milliseconds. */
const HOLD_MS = 1_000;

/** Fewest calls that are answered, so that there is something to check. */
const MIN_ANSWERED = 50;

/** How much longer it takes at most on a machine that is too busy to do all and to answer so many calls, in milliseconds. */
const MAX_LATE_MS = 120_000;

export interface TortureOptions {
  readonly cluster: Cluster;
  /** An empty directory. */
  readonly logs: string;
  readonly seed: string;
  readonly workers: number;
  readonly durationMs: number;
}

export interface Tortured extends Ran {
  /** How often each thing was done. */
  readonly done: Readonly<Record<string, number>>;
  /** Why processes ended by themselves. */
  readonly failures: readonly string[];
}

export async function torture({ cluster, logs, seed, workers, durationMs }: TortureOptions): Promise<Tortured> {
  const project = `torture ${seed}`;
  const argumentsOf = (worker: number, life: number) => [
    "--allow-net=127.0.0.1",
    "--allow-env",
    "--allow-read",
    WORKER,
    ...[cluster.port, project, seed, worker, workers, life].map(String),
  ];
  await using fleet = new Fleet({ logs, workers, argumentsOf }, await SpellMaker.find());
  const done = await disturb({ cluster, fleet, logs, workers, random: randomOf(seed), durationMs });
  await fleet.end();
  const database = finalDatabase(cluster.address);
  const ran = await examine({ database, project, calls: callsIn(logs), log: new RecordingLog() });
  return { ...ran, done, failures: fleet.failures };
}

/** What processes have said in the files of a directory. */
function callsIn(logs: string): readonly Call[] {
  return Array.from(Deno.readDirSync(logs), ({ name }) => parseCalls(Deno.readTextFileSync(`${logs}/${name}`))).flat();
}

/** The calls that were answered. */
export function answeredOf(calls: readonly Call[]): readonly Call[] {
  return calls.filter(({ end }) => end?.outcome.type === "answered");
}

interface Disturbance extends Pick<TortureOptions, "cluster" | "logs" | "workers" | "durationMs"> {
  readonly fleet: Fleet;
  readonly random: Random;
}

/**
 * Goes through all that can be done, again and again; after each, a process is killed. Goes on after its time until all was
 * done once, and some calls were answered.
 */
async function disturb(
  { cluster, fleet, logs, workers, random, durationMs }: Disturbance,
): Promise<Record<string, number>> {
  // Whoever comes first makes the tables.
  await until("a first answer", () => answeredOf(callsIn(logs)).length > 0);
  const end = performance.now() + durationMs;
  const done: Record<string, number> = {};
  const actions = Object.entries(ACTIONS);
  const isEnough = () => {
    return Object.keys(done).length === actions.length && answeredOf(callsIn(logs)).length >= MIN_ANSWERED;
  };
  const isOver = () => performance.now() >= end && (isEnough() || performance.now() >= end + MAX_LATE_MS);
  for (let turn = 0; !isOver(); turn++) {
    const [name, action] = actions[turn % actions.length]!;
    await pause(random.between(1, PAUSE_MS));
    await action(cluster, fleet, random.between(0, workers - 1));
    done[name] = (done[name] ?? 0) + 1;
    await fleet.kill(random.between(0, workers - 1));
  }
  return done;
}

type Action = (cluster: Cluster, fleet: Fleet, worker: number) => Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = {
  "sessions terminated": (cluster) => terminateAll(cluster),
  async "process stopped"(_, fleet, worker) {
    fleet.stop(worker);
    await pause(HOLD_MS);
    fleet.goOn(worker);
  },
  async "head locked by an idle transaction"(cluster) {
    const connection = await connect(cluster);
    await connection.run("set application_name = 'test'");
    await connection.run("begin");
    await connection.run("select from orchestrator.projects for update");
    await pause(HOLD_MS);
    connection.destroy();
  },
  async "connections exhausted"(cluster) {
    const taken = await takeAll(cluster);
    await terminateAll(cluster, taken[0]);
    await pause(HOLD_MS);
    for (const connection of taken) connection.destroy();
  },
  "server crashed": (cluster) => cluster.control("restart", "-m", "immediate"),
  async "server stopped"(cluster) {
    const stopped = await pidsOf(cluster);
    for (const pid of stopped) Deno.kill(pid, "SIGSTOP");
    await pause(ANSWER_MS + 500);
    for (const pid of stopped) Deno.kill(pid, "SIGCONT");
  },
};

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

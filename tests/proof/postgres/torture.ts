/** Real processes on one project in PostgreSQL are killed and stopped, and so is the server, at random from a seed. */

import type { Cluster } from "../../support/postgres.ts";
import { RecordingLog } from "../../support/log.ts";
import { parseCalls } from "../history/call_log.ts";
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
  const done = await disturb({ cluster, fleet, workers, random: randomOf(seed), durationMs });
  await fleet.end();
  const calls = Array.from(Deno.readDirSync(logs), ({ name }) => parseCalls(Deno.readTextFileSync(`${logs}/${name}`)));
  const database = finalDatabase(cluster.address);
  const ran = await examine({ database, project, calls: calls.flat(), log: new RecordingLog() });
  return { ...ran, done, failures: fleet.failures };
}

interface Disturbance extends Pick<TortureOptions, "cluster" | "workers" | "durationMs"> {
  readonly fleet: Fleet;
  readonly random: Random;
}

/** Goes through all that can be done, again and again; after each, a process is killed. */
async function disturb({ cluster, fleet, workers, random, durationMs }: Disturbance): Promise<Record<string, number>> {
  const until = performance.now() + durationMs;
  const done: Record<string, number> = {};
  while (performance.now() < until) {
    for (const [name, action] of Object.entries(ACTIONS)) {
      if (performance.now() >= until) break;
      await pause(random.between(1, PAUSE_MS));
      await action(cluster, fleet, random.between(0, workers - 1));
      done[name] = (done[name] ?? 0) + 1;
      await fleet.kill(random.between(0, workers - 1));
    }
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

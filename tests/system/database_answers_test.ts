/**
 * Shows that a service on PostgreSQL analyzes and looks back in a worker with a connection of its own, which is made by the
 * first question and ends with the worker; and where it may not read itself, in its own thread.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { PastMoment } from "../../src/app/past.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { WorkerAnswering } from "../../src/app/worker_answering.ts";
import { type PlanPlace, WORKER_NAME } from "../../src/composition/answering.ts";
import { Database } from "../../src/store/postgres/database.ts";
import { RecordingLog } from "../support/log.ts";
import { type Cluster, testOnPostgres } from "../support/postgres.ts";
import { MAIN, SOURCES } from "../support/server.ts";
import { type Service, spawnService } from "../support/service.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";
import { hasWorker } from "../support/worker_thread.ts";

testOnPostgres("answers beside calls", (cluster) => {
  Deno.test("a service analyzes and looks back in a worker that follows the journal by a connection of its own", async () => {
    await using service = await start(cluster(), { project: "apart", read: SOURCES });
    await using other = await start(cluster(), { project: "apart", read: [] });
    await post(service, "a");
    await post(other, "b");
    const before = await connectionsOf(2, cluster());
    assertEquals(await remaining(service), 2);
    assert(await hasWorker(service.pid) ?? true);
    const [own, ...more] = (await connections(cluster())).filter((pid) => !before.includes(pid));
    assert(own !== undefined);
    assertEquals(more, []);
    await post(other, "c");
    await post(service, "d");
    assertEquals([await remaining(service), await pastTasks(service, 1)], [4, ["a"]]);
    await lose(cluster(), own);
    assertEquals(await remaining(service), 4);
    await post(other, "e");
    assertEquals([await remaining(service), service.log.includes("error")], [5, false]);
  });

  Deno.test("a service that may not read itself answers in its own thread", async () => {
    await using service = await start(cluster(), { project: "together", read: [] });
    await post(service, "a");
    await post(service, "b");
    const before = await connectionsOf(1, cluster());
    assertEquals([await remaining(service), await pastTasks(service, 1)], [2, ["a"]]);
    assertEquals([await hasWorker(service.pid) ?? false, await connections(cluster())], [false, before]);
  });

  Deno.test("a worker that was idle ends with its connection, and the next question makes another", async () => {
    {
      await using service = await start(cluster(), { project: "idle", read: [] });
      await post(service, "a");
    }
    await until("the service has left", async () => (await connections(cluster())).length === 0);
    await using answering = new WorkerAnswering({
      start: () => new Worker(new URL(`file://${MAIN}`), { type: "module", name: WORKER_NAME }),
      place: { store: "database", url: urlOf(cluster()), project: "idle" } satisfies PlanPlace,
      log: new RecordingLog(),
      idleMs: 1,
    });
    for (let turn = 0; turn < 2; turn++) {
      const found = await answering.ask({ type: "find", moment: { seq: 1 } }, signal) as Required<PastMoment>;
      assertEquals(found.seq, 1);
      await until("its connection has ended", async () => (await connections(cluster())).length === 0);
    }
  });

  Deno.test("a worker that could not open the plan opens it at a later question", async () => {
    {
      await using service = await start(cluster(), { project: "later", read: [] });
      await post(service, "a");
    }
    await using directory = await temporaryDirectory();
    const passwords = `${directory.path}/passwords`;
    const url = `${urlOf(cluster())}?passfile=${encodeURIComponent(passwords)}`;
    await using answering = new WorkerAnswering({
      start: () => new Worker(new URL(`file://${MAIN}`), { type: "module", name: WORKER_NAME }),
      place: { store: "database", url, project: "later" } satisfies PlanPlace,
      log: new RecordingLog(),
    });
    const find = () => answering.ask({ type: "find", moment: { seq: 1 } }, signal);
    await assertRejects(find, Unavailable, `there is no file ${passwords}`);
    await Deno.writeTextFile(passwords, "*:*:*:*:secret\n", { mode: 0o600 });
    assertEquals((await find() as Required<PastMoment>).seq, 1);
  });
});

/** What a service keeps open without a worker: two for calls and transactions, and one that listens. */
const SERVICE_CONNECTIONS = 3;

const { signal } = new AbortController();

interface StartOptions {
  readonly project: string;
  /** What it may read. */
  readonly read: readonly string[];
}

function urlOf(cluster: Cluster): string {
  return `postgres://test@127.0.0.1:${cluster.port}/postgres`;
}

async function start(cluster: Cluster, { project, read }: StartOptions): Promise<Service> {
  const permissions = [
    `--allow-net=127.0.0.1:${cluster.port},127.0.0.1:0`,
    "--allow-env=PGAPPNAME,PGPASSWORD",
    ...(read.length > 0 ? [`--allow-read=${read.join(",")}`] : []),
  ];
  const program = [MAIN, "--store", urlOf(cluster), "--project", project, "serve", "--port", "0", "--open"];
  return await spawnService({ args: ["run", "--quiet", "--no-prompt", ...permissions, ...program] });
}

async function post(service: Service, id: string): Promise<void> {
  const headers = { "content-type": "application/json" };
  const body = JSON.stringify({ id, description: `do ${id}` });
  const response = await fetch(service.url("/api/v1/tasks"), { method: "POST", headers, body });
  assertEquals(response.status, 201, await response.text());
}

/** How many tasks remain by an analysis. */
async function remaining(service: Service): Promise<number> {
  return (await (await fetch(service.url("/api/v1/analysis"))).json()).remaining;
}

async function pastTasks(service: Service, seq: number): Promise<readonly string[]> {
  const { tasks } = await (await fetch(service.url(`/api/v1/at/${seq}/tasks`))).json();
  return tasks.map(({ id }: { readonly id: string }) => id);
}

/** The processes of the server that have a connection of the program, but for the one that asks. */
async function connections(cluster: Cluster): Promise<readonly number[]> {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  const { rows } = await connection.run<{ pid: number }>(
    "select pid from pg_stat_activity where application_name = 'mcp-orchestrator' and pid <> pg_backend_pid() order by pid",
  );
  connection.destroy();
  return rows.map(({ pid }) => pid);
}

/** The same, once they are those of so many services: all that they open, and none of processes that have ended. */
async function connectionsOf(services: number, cluster: Cluster): Promise<readonly number[]> {
  let found: readonly number[] = [];
  await until("the connections of the services", async () => {
    found = await connections(cluster);
    return found.length === SERVICE_CONNECTIONS * services;
  });
  return found;
}

/** Ends a connection as an administrator does. */
async function lose(cluster: Cluster, pid: number): Promise<void> {
  const connection = await new Database({ address: cluster.address, now: Date.now }).connect();
  await connection.run("select pg_terminate_backend($1::int)", [pid]);
  connection.destroy();
}

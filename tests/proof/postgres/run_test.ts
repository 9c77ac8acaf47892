/** Shows that every acknowledged call is in the journal once, whatever happens to PostgreSQL and on the way to it. */

import { assert, assertEquals } from "@std/assert";
import { Database } from "../../../src/store/postgres/database.ts";
import type { Connection } from "../../../src/store/postgres/driver.ts";
import { ConnectionLost } from "../../../src/store/postgres/errors.ts";
import { addressOf, type Cluster, startPostgres, startStandby, testOnPostgres } from "../../support/postgres.ts";
import { until } from "../../support/until.ts";
import type { Random } from "../history/random.ts";
import { describeViolation } from "../history/report.ts";
import type { Fate } from "./proxy.ts";
import { ANSWER_MS, type Ran, run, type RunOptions } from "./run.ts";

/** How often a piece of data is lost, in each way, or late. */
function unreliable(random: Random): Fate {
  const ms = random.between(1, 200);
  if (random.chance(0.01)) return { type: "cut" };
  if (random.chance(0.01)) return { type: "swallow" };
  if (random.chance(0.01)) return { type: "late", ms };
  return random.chance(0.05) ? { type: "delay", ms: ms / 10 } : { type: "pass" };
}

/** The sessions of the program, which are not those of the tests. */
const OURS = "application_name = 'mcp-orchestrator' and pid <> pg_backend_pid()";

testOnPostgres("faults of PostgreSQL and of the network", (cluster) => {
  const load = { processes: 4, calls: 60 };

  function test(what: string, options: (cluster: Cluster) => Partial<RunOptions>): void {
    Deno.test(`PostgreSQL: nothing is lost or done twice ${what}`, async () => {
      const chosen = { ...load, cluster: cluster(), project: what, seed: what, ...options(cluster()) };
      const { history, findings, warnings } = await run(chosen);
      assertHolds({ history, findings, warnings });
    });
  }

  test("when the network cuts, delays and swallows", () => ({ fate: unreliable }));

  test("when sessions are terminated", (cluster) => ({
    disturb: each(30, 6, () => terminateAll(cluster)),
  }));

  test("when the server crashes and recovers", (cluster) => ({
    disturb: each(90, 2, () => cluster.control("restart", "-m", "immediate")),
  }));

  test("when the server does not answer for longer than anybody waits", (cluster) => ({
    disturb: each(120, 1, async () => {
      const stopped = await pidsOf(cluster);
      for (const pid of stopped) Deno.kill(pid, "SIGSTOP");
      // What stands still is the server, not its clients, so it is the time that counts.
      await new Promise((resolve) => setTimeout(resolve, ANSWER_MS + 500));
      for (const pid of stopped) Deno.kill(pid, "SIGCONT");
    }),
  }));

  test("when it has no connection left", (cluster) => ({
    disturb: each(90, 2, async () => {
      const taken = await takeAll(cluster);
      await terminateAll(cluster, taken[0]);
      // For so long the processes are refused.
      await new Promise((resolve) => setTimeout(resolve, 500));
      for (const connection of taken) connection.destroy();
    }),
  }));

  Deno.test("PostgreSQL: nothing that was acknowledged is lost when a synchronous standby takes over", async () => {
    await using primary = await startPostgres();
    await using standby = await startStandby(primary);
    const connection = await connect(primary);
    await connection.run("alter system set synchronous_standby_names = 'standby'");
    await connection.run("select pg_reload_conf()");
    await until("the standby to be synchronous", async () => {
      const { rows } = await connection.run("select 1 from pg_stat_replication where sync_state = 'sync'");
      return rows.length === 1;
    });
    const both = new Database({ address: addressOf(standby.port, primary.port), now: Date.now });
    const chosen = await both.connect();
    const { rows } = await chosen.run<{ port: number }>("select current_setting('port')::int as port");
    assertEquals(rows, [{ port: primary.port }], "a standby may lag behind, so nothing is read from it");
    chosen.destroy();
    const { history, findings, warnings } = await run({
      ...load,
      cluster: primary,
      others: [standby.port],
      project: "failover",
      seed: "failover",
      disturb: each(100, 1, async () => {
        await killServer(connection, primary);
        await standby.control("promote");
      }),
    });
    assertHolds({ history, findings, warnings });
  });
});

/** Kills the server with all its processes, as a loss of power does. */
async function killServer(connection: Connection, cluster: Cluster): Promise<void> {
  const postmaster = await cluster.pid();
  const { rows } = await connection.run<{ pid: number }>("select pid from pg_stat_activity");
  for (const pid of [postmaster, ...rows.map(({ pid }) => pid)]) Deno.kill(pid, "SIGKILL");
}

function assertHolds({ history, findings, warnings }: Ran): void {
  const violations = findings.flatMap(({ what, violations }) => {
    return violations.slice(0, 1).map((violation) => [what, ...describeViolation(violation, history)].join("\n"));
  });
  assertEquals(violations, [], warnings.join("\n"));
  const isUnavailable = history.calls.map(({ end }) => end?.outcome.type === "unavailable");
  assert(isUnavailable.filter(Boolean).length < history.calls.length / 2, "most calls are carried out or refused");
}

/** Does something `times` times, each after so many calls more. */
function each(calls: number, times: number, action: () => Promise<void>): (made: () => number) => Promise<void> {
  return async (made) => {
    for (let count = 1; count <= times; count++) {
      await until("more calls", () => made() >= count * calls);
      await action();
    }
  };
}

function connect(cluster: Cluster): Promise<Connection> {
  return new Database({ address: cluster.address, now: Date.now, patienceMs: 0 }).connect();
}

/** All connections that are left. */
async function takeAll(cluster: Cluster): Promise<Connection[]> {
  const taken: Connection[] = [];
  for (;;) {
    try {
      const connection = await connect(cluster);
      await connection.run("set application_name = 'test'");
      taken.push(connection);
    } catch (error) {
      if (error instanceof ConnectionLost && error.code === "53300") return taken;
      throw error;
    }
  }
}

async function terminateAll(cluster: Cluster, known?: Connection): Promise<void> {
  const connection = known ?? await connect(cluster);
  await connection.run(`select pg_terminate_backend(pid) from pg_stat_activity where ${OURS}`);
  if (known === undefined) connection.destroy();
}

async function pidsOf(cluster: Cluster): Promise<number[]> {
  const connection = await connect(cluster);
  const { rows } = await connection.run<{ pid: number }>(`select pid from pg_stat_activity where ${OURS}`);
  connection.destroy();
  return rows.map(({ pid }) => pid);
}

/** What makes a PostgreSQL suffer, in the name of a client that is none of ours. */

import { Database } from "../../../src/store/postgres/database.ts";
import type { Connection } from "../../../src/store/postgres/driver.ts";
import { ConnectionLost } from "../../../src/store/postgres/errors.ts";
import type { Cluster } from "../../support/postgres.ts";

/** The sessions of the program, which are not those of the tests. */
const OURS = "application_name = 'mcp-orchestrator' and pid <> pg_backend_pid()";

export function connect(cluster: Cluster): Promise<Connection> {
  return new Database({ address: cluster.address, now: Date.now, patienceMs: 0 }).connect();
}

/** All connections that are left. */
export async function takeAll(cluster: Cluster): Promise<Connection[]> {
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

export async function terminateAll(cluster: Cluster, known?: Connection): Promise<void> {
  const connection = known ?? await connect(cluster);
  await connection.run(`select pg_terminate_backend(pid) from pg_stat_activity where ${OURS}`);
  if (known === undefined) connection.destroy();
}

export async function pidsOf(cluster: Cluster): Promise<number[]> {
  const connection = await connect(cluster);
  const { rows } = await connection.run<{ pid: number }>(`select pid from pg_stat_activity where ${OURS}`);
  connection.destroy();
  return rows.map(({ pid }) => pid);
}

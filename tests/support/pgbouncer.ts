/** A private PgBouncer before a private PostgreSQL. */

import { asOwner, type Cluster, freePort, own } from "./postgres.ts";
import { makeTemporaryDirectory } from "./temp.ts";
import { until } from "./until.ts";

export type PoolMode = "session" | "transaction";

export interface Pooler extends AsyncDisposable {
  readonly port: number;
  /** Pools otherwise from now on; connections stay. */
  pool(mode: PoolMode): Promise<void>;
  /** Replaces each session of the server once no client has it. */
  renewSessions(): Promise<void>;
}

/** Starts it on a free port of the loopback address; any user may connect to any database. */
export async function startPgBouncer({ port: target }: Pick<Cluster, "port">, mode: PoolMode): Promise<Pooler> {
  const directory = await makeTemporaryDirectory("orchestrator-pgbouncer-");
  const port = freePort();
  const path = `${directory}/pgbouncer.ini`;
  await Deno.writeTextFile(
    path,
    `[databases]
* = host=127.0.0.1 port=${target} user=test
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = any
admin_users = test
pool_mode = ${mode}
`,
  );
  await own(directory);
  await own(path);
  const [command = "", ...args] = asOwner("pgbouncer", ["--quiet", path]);
  const process = new Deno.Command(command, { args, stdin: "null", stdout: "null", stderr: "null" }).spawn();
  await until("PgBouncer to listen", async () => {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return true;
    } catch (error) {
      if (error instanceof Deno.errors.ConnectionRefused) return false;
      throw error;
    }
  });
  return {
    port,
    pool: (mode) => administer(port, `set pool_mode = '${mode}'`),
    renewSessions: () => administer(port, "reconnect"),
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

/** Runs a command of its console. */
async function administer(port: number, command: string): Promise<void> {
  const address = ["--host=127.0.0.1", `--port=${port}`, "--username=test", "pgbouncer"];
  const args = [...address, "--command", command];
  const { success, stderr } = await new Deno.Command("psql", { args, stdin: "null", stdout: "null" }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

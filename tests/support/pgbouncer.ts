/** A private PgBouncer before a private PostgreSQL. */

import { asOwner, type Cluster, freePort, own } from "./postgres.ts";
import { makeTemporaryDirectory } from "./temp.ts";
import { until } from "./until.ts";

export type PoolMode = "session" | "transaction";

export interface Pooler extends AsyncDisposable {
  readonly port: number;
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
    async [Symbol.asyncDispose]() {
      process.kill("SIGKILL");
      await process.status;
      await Deno.remove(directory, { recursive: true });
    },
  };
}

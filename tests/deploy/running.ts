/** Runs the command lines of `deploy/` in a directory and on a database of a test. */

import { assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import type { Cluster } from "../support/postgres.ts";
import { type Service, spawnService } from "../support/service.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface Ran {
  readonly code: number;
  readonly log: string;
}

/** Runs a command to its end. */
export async function run(command: readonly string[], options: Deno.CommandOptions = {}): Promise<Ran> {
  const [program = "", ...args] = command;
  const { code, stdout, stderr } = await new Deno.Command(program, { ...options, args, stdin: "null" }).output();
  const decoder = new TextDecoder();
  return { code, log: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** Starts a service; resolves when it listens. It has these variables, and no others. */
export async function startDeployed(
  command: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Service> {
  const [, ...args] = command;
  return await spawnService({ args, env: { NO_COLOR: "1", ...env }, clearEnv: true });
}

/** Makes the secrets, and with them the database, as the first start of compose.yaml does; resolves to their directory. */
export async function makeDatabase(directory: string, { port, data, control }: Cluster): Promise<string> {
  const secrets = `${directory}/secrets`;
  for (const file of ["make-secrets.sh", "postgres/orchestrator.sql"]) {
    await Deno.copyFile(`${ROOT}/deploy/${file}`, `${directory}/${file.split("/").at(-1)}`);
  }
  assertEquals(await run(["sh", `${directory}/make-secrets.sh`]), { code: 0, log: "" });
  await replaceIn(`${secrets}/pgpass`, "db:5432", `127.0.0.1:${port}`);
  // A container engine puts it where any mode will do, and systemd hands it over with this one.
  await Deno.chmod(`${secrets}/pgpass`, 0o600);
  await replaceIn(`${directory}/orchestrator.sql`, "/run/secrets", secrets);
  const connection = ["-h", "127.0.0.1", "-p", `${port}`, "-U", "test", "-d", "postgres"];
  const made = await run(["psql", "--no-psqlrc", "--quiet", ...connection, "-f", `${directory}/orchestrator.sql`]);
  assertEquals(made, { code: 0, log: "" });
  // The test's own user goes on without a password.
  const hosts = "host all orchestrator 127.0.0.1/32 scram-sha-256\nhost all all 127.0.0.1/32 trust\n";
  await Deno.writeTextFile(`${data}/pg_hba.conf`, hosts);
  await control("reload");
  return secrets;
}

async function replaceIn(file: string, from: string, to: string): Promise<void> {
  await Deno.writeTextFile(file, (await Deno.readTextFile(file)).replaceAll(from, to));
}

/** Makes the program of the image from what the Dockerfile copies, as its build does; resolves to its path. */
export async function buildImage(directory: string, copied: readonly string[], command: string): Promise<string> {
  const build = `${directory}/build`;
  await Deno.mkdir(build);
  for (const path of copied) assertEquals((await run(["cp", "-r", `${ROOT}/${path}`, build])).code, 0, path);
  const { code, log } = await run(["sh", "-c", command], { cwd: build });
  assertEquals(code, 0, log);
  return `${build}/dist/orchestrator.js`;
}

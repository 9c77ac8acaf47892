/** A private PostgreSQL for tests: a new cluster in a temporary directory, on a free port of the loopback address. */

import type { Address } from "../../src/store/postgres/database.ts";
import { temporaryDirectory } from "./temp.ts";

/** Where Debian's packages put each version. */
const VERSIONS = "/usr/lib/postgresql";

/** How long the server may take to start or stop, in seconds. */
const WAIT_SECONDS = "60";

/** Settings that make it small; it is as durable as any. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: "localhost",
  unix_socket_directories: "",
  shared_buffers: "32MB",
  max_connections: "200",
  max_wal_size: "256MB",
  log_min_messages: "fatal",
};

export interface Cluster extends AsyncDisposable {
  readonly port: number;
  readonly address: Address;
  /** The folder of its data. */
  readonly data: string;
  /** Runs pg_ctl with a command and further arguments. */
  control(...args: readonly string[]): Promise<void>;
  /** Writes a file of its data. */
  write(name: string, text: string): Promise<void>;
  /** The process of the server. */
  pid(): Promise<number>;
}

/** Why there is no PostgreSQL for tests; undefined if there is one. */
export function missingPostgres(): string | undefined {
  if (newestVersion() === undefined) return `PostgreSQL is not installed in ${VERSIONS} (Debian: postgresql)`;
  if (Deno.uid() === 0 && !hasUser("postgres")) return "PostgreSQL refuses root, and there is no user postgres";
  return undefined;
}

export async function startPostgres(settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  return await startPostgresIn(await newDirectory(), settings);
}

/** The same in a directory, which the user of the server may write to, and which is removed afterwards. */
async function startPostgresIn(directory: string, settings: Readonly<Record<string, string>>): Promise<Cluster> {
  const data = `${directory}/data`;
  const small = ["--no-sync", "--wal-segsize=1"];
  await runAsOwner("initdb", ["-D", data, "-A", "trust", "-U", "test", "-E", "UTF8", "--locale=C", ...small]);
  return await start(directory, settings);
}

/** A server whose data are on a disk of a size, in MiB. */
export interface SmallCluster extends Cluster {
  /** Leaves no room on the disk, and makes it again. */
  fill(): void;
  empty(): void;
}

/** Why there is no small disk for tests; undefined if there is one. */
export async function missingSmallDisk(): Promise<string | undefined> {
  if (Deno.uid() !== 0) return "only root can mount a small disk";
  await using directory = await temporaryDirectory();
  try {
    await run("mount", ["-t", "tmpfs", "tmpfs", directory.path]);
    await run("umount", [directory.path]);
    return undefined;
  } catch (error) {
    return `a small disk cannot be mounted here: ${error}`;
  }
}

export async function startPostgresOnSmallDisk(
  sizeMiB: number,
  settings: Readonly<Record<string, string>>,
): Promise<SmallCluster> {
  const disk = await Deno.makeTempDir({ prefix: "orchestrator-postgres-" });
  await run("mount", ["-t", "tmpfs", "-o", `size=${sizeMiB}m,mode=0755`, "tmpfs", disk]);
  const directory = `${disk}/server`;
  await Deno.mkdir(directory);
  await own(directory);
  const cluster = await startPostgresIn(directory, settings);
  const ballast = `${disk}/ballast`;
  return {
    ...cluster,
    fill: () => fillDisk(ballast),
    empty: () => Deno.removeSync(ballast),
    async [Symbol.asyncDispose]() {
      await cluster[Symbol.asyncDispose]();
      await run("umount", [disk]);
      await Deno.remove(disk);
    },
  };
}

/** Writes a file until there is no room for another byte. */
function fillDisk(path: string): void {
  using file = Deno.openSync(path, { write: true, create: true });
  for (let block = new Uint8Array(1024 * 1024); block.length > 0;) {
    try {
      const written = file.writeSync(block);
      if (written === 0) return;
    } catch (error) {
      if (!(error instanceof Error && error.message.includes("os error 28"))) throw error;
      block = block.subarray(0, Math.floor(block.length / 2));
    }
  }
}

/** Starts a server that follows another one, and takes over once it is promoted. */
export async function startStandby(primary: Cluster): Promise<Cluster> {
  const directory = await newDirectory();
  const from = `host=127.0.0.1 port=${primary.port} user=test application_name=standby`;
  await runAsOwner("pg_basebackup", ["-D", `${directory}/data`, "-d", from, "-R", "-X", "stream", "-c", "fast", "-N"]);
  return await start(directory, { primary_conninfo: from });
}

async function newDirectory(): Promise<string> {
  const directory = await Deno.makeTempDir({ prefix: "orchestrator-postgres-" });
  await own(directory);
  return directory;
}

async function start(directory: string, settings: Readonly<Record<string, string>>): Promise<Cluster> {
  const data = `${directory}/data`;
  const control = (...args: readonly string[]) =>
    runAsOwner("pg_ctl", ["-D", data, "-w", "-t", WAIT_SECONDS, "-l", `${directory}/log`, ...args]);
  const port = await startOnFreePort({ data, settings, control });
  return {
    port,
    data,
    control,
    address: addressOf(port),
    async write(name, text) {
      await Deno.writeTextFile(`${data}/${name}`, text, { mode: 0o600 });
      await own(`${data}/${name}`);
    },
    pid: async () => Number((await Deno.readTextFile(`${data}/postmaster.pid`)).split("\n")[0]),
    async [Symbol.asyncDispose]() {
      try {
        await control("stop", "-m", "immediate");
      } catch {
        // A test has killed it.
      }
      await Deno.remove(directory, { recursive: true });
    },
  };
}

interface Start extends Pick<Cluster, "data" | "control"> {
  readonly settings: Readonly<Record<string, string>>;
}

/** Starts a server; resolves to its port. */
async function startOnFreePort({ data, settings, control }: Start): Promise<number> {
  const path = `${data}/postgresql.auto.conf`;
  for (let starts = 1;; starts++) {
    const port = freePort();
    const all = Object.entries({ ...SETTINGS, port: String(port), ...settings });
    await Deno.writeTextFile(path, all.map(([name, value]) => `${name} = '${value}'\n`).join(""));
    await own(path);
    try {
      await control("start");
      return port;
    } catch (error) {
      if (starts === MAX_STARTS) throw error;
    }
  }
}

/** Registers tests that share a cluster; where there is no PostgreSQL, they are ignored, and the reason is printed. */
export function testOnPostgres(what: string, register: (cluster: () => Cluster) => void): void {
  const missing = missingPostgres();
  if (missing !== undefined) {
    console.log(`Ignored: ${what}, on PostgreSQL: ${missing}`);
    Deno.test({ name: `${what}, on PostgreSQL`, ignore: true, fn() {} });
    return;
  }
  let cluster: Cluster;
  Deno.test.beforeAll(async () => void (cluster = await startPostgres()));
  Deno.test.afterAll(async () => await cluster[Symbol.asyncDispose]());
  register(() => cluster);
}

/** The address of a server on a port, or of a proxy before it. */
export function addressOf(...ports: readonly [number, ...number[]]): Address {
  const [first, ...others] = ports.map((port) => ({ type: "tcp", host: "127.0.0.1", port }) as const);
  if (first === undefined) throw new Error("no port");
  return { hosts: [first, ...others], user: "test", password: undefined, database: "postgres", tlsOf: () => undefined };
}

/** Ports below those that systems hand out by themselves, so that no connection gets one before it is used. */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;

/** Most tries to find a port, and to start a server on one before somebody else takes it. */
const MAX_PORT_TRIES = 1_000;
const MAX_STARTS = 3;

/** A port of the loopback address on which nothing listens. */
export function freePort(): number {
  for (let tries = 1;; tries++) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse) || tries === MAX_PORT_TRIES) throw error;
    }
  }
}

function newestVersion(): string | undefined {
  try {
    const versions = Array.from(Deno.readDirSync(VERSIONS), ({ name }) => name).filter((name) => /^\d+$/.test(name));
    return versions.toSorted((a, b) => Number(a) - Number(b)).at(-1);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function hasUser(name: string): boolean {
  return Deno.readTextFileSync("/etc/passwd").split("\n").some((line) => line.startsWith(`${name}:`));
}

/** Gives a file to the user that the server runs as. */
export async function own(path: string): Promise<void> {
  if (Deno.uid() === 0) await run("chown", ["postgres", path]);
}

/** Runs a program of PostgreSQL; not as root, which it refuses. */
async function runAsOwner(program: string, args: readonly string[]): Promise<void> {
  const [command = "", ...all] = asOwner(`${VERSIONS}/${newestVersion()}/bin/${program}`, args);
  await run(command, all);
}

/** The command that runs a program as the user of the server. */
export function asOwner(program: string, args: readonly string[]): readonly string[] {
  if (Deno.uid() !== 0) return [program, ...args];
  return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", program, ...args];
}

async function run(command: string, args: readonly string[]): Promise<void> {
  // The server keeps what it inherits, so its output must not be awaited.
  const child = new Deno.Command(command, { args: [...args], stdin: "null", stdout: "null", stderr: "null", cwd: "/" });
  const { success, code } = await child.spawn().status;
  if (!success) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
}

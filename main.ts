/** The composition root: reads arguments and environment, wires the parts together, and runs the command. */

import { resolve } from "node:path";
import denoJson from "./deno.json" with { type: "json" };
import type { LogOptions } from "./src/app/log_options.ts";
import { together } from "./src/app/observer.ts";
import type { ProcessAbout } from "./src/app/ports.ts";
import type { Exit, Invocation, Location } from "./src/cli/arguments.ts";
import { banner } from "./src/cli/banner.ts";
import type { Terminal } from "./src/cli/commands.ts";
import type { Device } from "./src/cli/screen.ts";
import { describeDefault, placeOf } from "./src/cli/data_place.ts";
import { explain } from "./src/cli/explain.ts";
import { ACCESS, howToPermit, launchOf } from "./src/cli/launch.ts";
import { printTo } from "./src/cli/print_to.ts";
import { readSecret } from "./src/cli/rights.ts";
import type { ServeOptions } from "./src/cli/serve_options.ts";
import { WORKER_NAME } from "./src/composition/answering.ts";
import type { Parent } from "./src/composition/answering_worker.ts";
import type { CommandInvocation } from "./src/composition/commands.ts";
import type { RunningParts } from "./src/composition/handlers.ts";
import type { HttpInvocation } from "./src/composition/serve.ts";
import { observersOf } from "./src/composition/observers.ts";
import type { StdioInvocation } from "./src/composition/serve_stdio.ts";
import { DEFAULT_LEASE_MS, startApp } from "./src/composition/start_app.ts";
import type { Role } from "./src/core/model/access.ts";
import { Refusal } from "./src/core/model/refusal.ts";
import { DEFAULT_MAX_ATTEMPTS } from "./src/core/model/task.ts";
import { checkId } from "./src/core/model/values.ts";
import { FORMAT_VERSION } from "./src/store/file/codec.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "./src/mcp/tool.ts";
import { type Access, holdsData, openDataDirectory } from "./src/store/file/data_directory.ts";
import { writePrivateFile } from "./src/store/file/disk.ts";
import { describeSystemError } from "./src/store/file/system_errors.ts";
import { BoundedOutput } from "./src/telemetry/bounded_output.ts";
import { createLog } from "./src/telemetry/log.ts";

/** The only writer to standard error. It never blocks, as a client may never read it. */
const standardError = new BoundedOutput(
  Deno.stderr,
  (count) => `${count} messages for standard error were dropped, as it was not read\n`,
);

let log = newLog({});

const terminal: Terminal = {
  print: (line) => writeOut(line + "\n"),
  columns: Deno.stdout.isTerminal() ? Deno.consoleSize().columns : 120,
  hasColors: Deno.stdout.isTerminal() && !Deno.noColor,
};

/** Longest wait at the end for the rest of standard error to be written, in milliseconds. */
const FLUSH_MS = 500;

/** The running program: this file among its sources, a bundle of it, or a standalone program. */
const PROGRAM = {
  version: denoJson.version,
  isStandalone: Deno.build.standalone,
  isSource: !Deno.build.standalone && import.meta.filename?.endsWith(".ts") !== false,
  executable: Deno.execPath(),
  denoVersion: Deno.version.deno,
  os: Deno.build.os,
  program: import.meta.filename ?? "main.ts",
  programDirectory: Deno.build.standalone ? undefined : import.meta.dirname,
};

/** This program as a worker. Its sources, or the bundle, must be readable for that; a standalone program has them in it. */
const MODULE = {
  url: import.meta.url,
  files: PROGRAM.isSource
    ? ["main.ts", "deno.json", "src"].map((file) => resolve(import.meta.dirname ?? "", file))
    : PROGRAM.isStandalone
    ? []
    : [PROGRAM.program],
};

function newLog(options: LogOptions) {
  return createLog((line) => standardError.write(line + "\n"), options);
}

/** Signals that end the program. Windows has no SIGTERM. */
const END_SIGNALS: readonly Deno.Signal[] = Deno.build.os === "windows" ? ["SIGINT"] : ["SIGINT", "SIGTERM"];

async function main(): Promise<number> {
  try {
    const invocation = await readInvocation(Deno.args);
    if (invocation.type === "exit") return invocation.code;
    if ("log" in invocation) log = newLog(invocation.log);
    switch (invocation.type) {
      case "serve":
        return await serve(invocation);
      case "http":
        return await serveClients(invocation);
      case "call":
        return await call(invocation);
      default:
        return await run(invocation);
    }
  } catch (error) {
    // The reader has closed the pipe, as `| head` does.
    if (error instanceof Deno.errors.BrokenPipe) return 0;
    log.error(explain(error, describeSystemError));
    return 1;
  } finally {
    await standardError.flush(FLUSH_MS);
  }
}

/**
 * Reads the arguments. Clients start the program without arguments or with `--data DIRECTORY` alone: these cases do not
 * need the parser, and starts are faster without loading it.
 */
async function readInvocation(args: readonly string[]): Promise<Invocation | Exit> {
  const [option, directory] = args;
  const isPlain = args.length === 0 || (args.length === 2 && option === "--data" && /^[^-\s]/.test(directory ?? ""));
  if (isPlain) {
    return { type: "serve", location: { store: "file", directory }, toolsets: DEFAULT_TOOLSETS, defaults: {}, log: {} };
  }
  const { readArguments } = await import("./src/cli/arguments.ts");
  return readArguments(args, {
    version: denoJson.version,
    defaultPlace: describeDefault(PROGRAM),
    toolsets: TOOLSETS,
    defaultToolsets: DEFAULT_TOOLSETS,
    print: writeOut,
    printError: (text) => standardError.write(text),
  });
}

/** Serves one MCP client until it disconnects or a signal comes. */
async function serve(invocation: StdioInvocation): Promise<number> {
  // Imported only here: commands that serve no client start faster without the protocol.
  const { serveStdio } = await import("./src/composition/serve_stdio.ts");
  const { location, defaults, archiveAfterMs } = invocation;
  const secret = secretFor(invocation);
  const checked = await handlersOf(invocation);
  const directory = location.store === "memory" ? undefined : locate(location, ACCESS.serve);
  if (Deno.stdin.isTerminal()) standardError.write(banner(launchOf(PROGRAM, directory), directory) + "\n");
  const observer = together(await observersOf(log, denoJson.version));
  await using app = await startApp(directory, {
    log,
    observer,
    defaults: { maxAttempts: DEFAULT_MAX_ATTEMPTS, ...defaults },
    archiveAfterMs,
    program: MODULE,
  });
  await serveStdio(invocation, {
    ...app,
    input: Deno.stdin.readable,
    output: Deno.stdout,
    log,
    observer,
    about: aboutProcess("stdio"),
    secret,
    instance: invocation.instance ?? instanceOfEnvironment(),
    ending: endSignal(),
    startHandlers: (parts) => checked?.start({ ...parts, data: directory }),
  });
  return 0;
}

/** Serves many clients over HTTP until a signal comes. */
async function serveClients(invocation: HttpInvocation): Promise<number> {
  // Imported only here: servers of one client need no HTTP.
  const { checkServed, newMetrics, serveHttp } = await import("./src/composition/serve.ts");
  checkServed(invocation);
  const checked = await handlersOf(invocation);
  const { location, defaults, archiveAfterMs } = invocation;
  const directory = location.store === "memory" ? undefined : locate(location, ACCESS.http);
  const metrics = newMetrics(denoJson.version);
  const observer = together([metrics.observer, ...await observersOf(log, denoJson.version)]);
  await using app = await startApp(directory, {
    log,
    observer,
    defaults: { maxAttempts: DEFAULT_MAX_ATTEMPTS, ...defaults },
    leaseMs: defaults.timeoutMs ?? DEFAULT_LEASE_MS,
    archiveAfterMs,
    program: MODULE,
  });
  await serveHttp(invocation, {
    ...app,
    log,
    metrics,
    observer,
    about: { ...aboutProcess("http"), ...(invocation.open && { isOpen: true }) },
    keepSecret: (secret) => keepSecret(secret, directory),
    print: (line) => standardError.write(line + "\n"),
    isWatched: Deno.stderr.isTerminal(),
    ending: endSignal(),
    startHandlers: (parts) => checked?.start({ ...parts, data: directory }),
  });
  return 0;
}

/** Aborted when a signal tells the program to end, from now on. */
function endSignal(): AbortSignal {
  const ending = new AbortController();
  for (const signal of END_SIGNALS) Deno.addSignalListener(signal, () => ending.abort());
  return ending.signal;
}

/** What this process tells operators about itself. */
function aboutProcess(transport: ProcessAbout["transport"]): ProcessAbout {
  const { version } = denoJson;
  return { pid: Deno.pid, version, format: FORMAT_VERSION, transport, startedAt: Date.now() };
}

/** The handlers that the arguments name, and how to start them; undefined if they name none. */
async function handlersOf(options: Pick<ServeOptions, "handlers" | "allowHandlersFrom">) {
  if (options.handlers === undefined) return undefined;
  // Imported only here: most servers run none.
  const { checkHandlers, startHandlers } = await import("./src/composition/handlers.ts");
  const checked = await checkHandlers({ ...options, handlers: options.handlers }, environment);
  return { start: (parts: RunningParts) => startHandlers(checked, parts) };
}

/** Keeps the secret of the first token in a file of the data directory; without one, it is only shown. */
function keepSecret(secret: string, directory: string | undefined): string {
  if (directory === undefined) return secret;
  const path = `${directory}/admin-token`;
  writePrivateFile(path, secret + "\n");
  return `in ${path}`;
}

/** Runs one tool. */
async function call(invocation: Invocation & { readonly type: "call" }): Promise<number> {
  // Imported only here: no other command needs it.
  const { callTool } = await import("./src/composition/call.ts");
  return await callTool(invocation, {
    locate: (access) => locate(invocation.location, access),
    log,
    observer: together(await observersOf(log, denoJson.version)),
    secretOf: () => secretFor(invocation),
    instanceOf: () => invocation.instance ?? instanceOfEnvironment(),
    version: denoJson.version,
    process: String(Deno.pid),
    write: writeOut,
    writeError: (text) => standardError.write(text),
    readFile,
    ending: endSignal(),
  });
}

/** The secret of the token in the environment; undefined if there is none. */
function secretFor(options: { readonly role?: Role; readonly needsToken?: true }): string | undefined {
  return readSecret({
    text: environment("ORCHESTRATOR_TOKEN"),
    isPermitted: mayRead("ORCHESTRATOR_TOKEN"),
    ...options,
  });
}

/** Runs a command that serves no client. */
async function run(invocation: CommandInvocation): Promise<number> {
  // Imported only here: servers need none of the commands.
  const { runCommand } = await import("./src/composition/commands.ts");
  const directory = locate(invocation.location, ACCESS[invocation.type]);
  return await runCommand(invocation, {
    directory,
    log,
    terminal,
    device: deviceOf(),
    write: writeOut,
    readFile,
    version: denoJson.version,
    secretOf: () => secretFor({}),
    instanceOf: instanceOfEnvironment,
    launch: launchOf(PROGRAM, directory),
  });
}

/** Most bytes of keys that are read at a time. */
const MAX_KEY_BYTES = 1_024;

/** The terminal, for what is shown live; undefined unless both standard input and output are one. */
function deviceOf(): Device | undefined {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) return undefined;
  return {
    write: writeOut,
    size: () => Deno.consoleSize(),
    setRaw: (isRaw) => Deno.stdin.setRaw(isRaw),
    async read() {
      const keys = new Uint8Array(MAX_KEY_BYTES);
      const size = await Deno.stdin.read(keys);
      return size === null ? null : keys.subarray(0, size);
    },
    onResize(action) {
      // Windows tells no program of it.
      if (Deno.build.os === "windows") return () => {};
      Deno.addSignalListener("SIGWINCH", action);
      return () => Deno.removeSignalListener("SIGWINCH", action);
    },
    listenForEnd: endSignal,
  };
}

/** The real path of the data directory. */
function locate({ directory: option }: Location, access: Access): string {
  const place = placeOf({ ...PROGRAM, option, environment, holdsData, warn: log.warn });
  return openDataDirectory(resolve(place), access, howToPermit);
}

/** The instance that the environment names; undefined if it names none. Throws if no instance can have that id. */
function instanceOfEnvironment(): string | undefined {
  const id = environment("ORCHESTRATOR_INSTANCE") || undefined;
  try {
    if (id !== undefined) checkId(id, "Instance id");
    return id;
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new Refusal(cause.code, `ORCHESTRATOR_INSTANCE cannot be used: ${cause.message}`);
  }
}

/** A variable of the environment; undefined if it is not set or may not be read. */
function environment(variable: string): string | undefined {
  return mayRead(variable) ? Deno.env.get(variable) : undefined;
}

/** Whether a variable of the environment may be read. */
function mayRead(variable: string): boolean {
  return Deno.permissions.querySync({ name: "env", variable }).state === "granted";
}

/** Reads a file, or standard input for `-`. */
async function readFile(file: string): Promise<Uint8Array> {
  return file === "-" ? await new Response(Deno.stdin.readable).bytes() : await Deno.readFile(file);
}

function writeOut(text: string): void {
  printTo(Deno.stdout, text);
}

if (globalThis.name === WORKER_NAME) {
  const { answerQuestions } = await import("./src/composition/answering_worker.ts");
  // In a worker, `self` is the thread that started it.
  answerQuestions(self as unknown as Parent);
} else if (import.meta.main) Deno.exit(await main());

/** The composition root: reads arguments and environment, wires the parts together, and runs the command. */

import denoJson from "./deno.json" with { type: "json" };
import type { LogOptions } from "./src/app/log_options.ts";
import { together } from "./src/app/observer.ts";
import type { ProcessAbout } from "./src/app/ports.ts";
import type { Exit, Invocation } from "./src/cli/arguments.ts";
import { banner } from "./src/cli/banner.ts";
import type { Terminal } from "./src/cli/commands.ts";
import type { Device } from "./src/cli/screen.ts";
import { describeDefault } from "./src/cli/data_place.ts";
import { explain } from "./src/cli/explain.ts";
import { ACCESS, launchOf, programName } from "./src/cli/launch.ts";
import type { Location, NamedLocation } from "./src/cli/location.ts";
import { printTo } from "./src/cli/print_to.ts";
import type { ServeOptions } from "./src/cli/serve_options.ts";
import { WORKER_NAME } from "./src/composition/answering.ts";
import type { Parent } from "./src/composition/answering_worker.ts";
import type { RunningParts } from "./src/composition/handlers.ts";
import type { HttpInvocation } from "./src/composition/serve_plan.ts";
import { namedInstance, secretFor } from "./src/composition/environment.ts";
import type { RunningProgram } from "./src/composition/invoke.ts";
import { observersOf } from "./src/composition/observers.ts";
import { locate, locateExisting, requirePlan } from "./src/composition/locate.ts";
import type { StdioInvocation } from "./src/composition/serve_stdio.ts";
import { startApp } from "./src/composition/start_app.ts";
import { DEFAULT_MAX_ATTEMPTS } from "./src/core/model/task.ts";
import { FORMAT_VERSION } from "./src/store/file/codec.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "./src/mcp/tool.ts";
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
  ...sizeOfOutput(),
  hasColors: Deno.stdout.isTerminal() && !Deno.noColor,
};

/** The size of the terminal. What has no size, like a file, gets the width of a wide one. */
function sizeOfOutput(): Pick<Terminal, "columns" | "rows"> {
  const size = Deno.stdout.isTerminal() ? Deno.consoleSize() : undefined;
  return size !== undefined && size.columns > 0 && size.rows > 0 ? size : { columns: 120 };
}

/** Longest wait at the end for the rest of standard error to be written, in milliseconds. */
const FLUSH_MS = 500;

/** Whether the program is several files: this one among its sources, or among the parts of the npm package. */
const IS_IN_PARTS = /main\.(ts|js)$/.test(import.meta.filename ?? "");

/** The running program: its sources or parts, a bundle of it, a standalone program, or a module of a registry. */
const PROGRAM = {
  version: denoJson.version,
  isStandalone: Deno.build.standalone,
  isSource: !Deno.build.standalone && import.meta.filename?.endsWith(".ts") === true,
  executable: Deno.execPath(),
  denoVersion: Deno.version.deno,
  os: Deno.build.os,
  program: import.meta.filename ?? import.meta.url,
  programDirectory: Deno.build.standalone ? undefined : import.meta.dirname,
  readable: (IS_IN_PARTS ? import.meta.dirname : import.meta.filename) ?? "main.ts",
};

/** Where the program runs, with its input and output. A getter, as the log is replaced when the arguments are read. */
const RUNNING: RunningProgram = {
  program: PROGRAM,
  os: PROGRAM.os,
  environment,
  mayRead,
  workingDirectory: () => Deno.cwd(),
  get log() {
    return log;
  },
  terminal,
  device: deviceOf,
  write: writeOut,
  writeError: (text) => standardError.write(text),
  readFile,
  confirm: Deno.stdin.isTerminal() ? (question) => confirm(question) : undefined,
  endSignal,
};

/** This program as a worker. Its files must be readable for that; a standalone program and a module of a registry have none. */
const MODULE = {
  url: import.meta.url,
  files: PROGRAM.isSource
    ? ["main.ts", "deno.json", "src"].map((file) => `${import.meta.dirname}/${file}`)
    : PROGRAM.isStandalone || import.meta.filename === undefined
    ? []
    : [PROGRAM.readable],
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
      default: {
        // Imported only here: servers need no command.
        const { invoke } = await import("./src/composition/invoke.ts");
        return await invoke(invocation, RUNNING);
      }
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
 * Reads the arguments. Clients start the program without arguments, or with `--data DIRECTORY` or `--project NAME` alone:
 * these cases do not need the parser, and starts are faster without loading it.
 */
async function readInvocation(args: readonly string[]): Promise<Invocation | Exit> {
  const location = plainLocation(args);
  if (location !== undefined) return { type: "serve", location, toolsets: DEFAULT_TOOLSETS, defaults: {}, log: {} };
  const { readArguments } = await import("./src/cli/arguments.ts");
  return readArguments(args, {
    name: programName(PROGRAM),
    version: denoJson.version,
    defaultPlace: describeDefault(PROGRAM),
    toolsets: TOOLSETS,
    defaultToolsets: DEFAULT_TOOLSETS,
    print: writeOut,
    printError: (text) => standardError.write(text),
  });
}

/** What the arguments name, if they are nothing else. */
function plainLocation([option, value, ...rest]: readonly string[]): NamedLocation | undefined {
  if (option === undefined) return { type: "data", directory: undefined };
  if (rest.length > 0 || !/^[^-\s]/.test(value ?? "")) return undefined;
  if (option === "--project") return { type: "project", project: value ?? "" };
  return option === "--data" ? { type: "data", directory: value } : undefined;
}

/** Serves one MCP client until it disconnects or a signal comes. */
async function serve(invocation: StdioInvocation): Promise<number> {
  // Imported only here: commands that serve no client start faster without the protocol.
  const { serveStdio } = await import("./src/composition/serve_stdio.ts");
  const { defaults, archiveAfterMs } = invocation;
  const secret = secretFor(invocation, RUNNING);
  const checked = await handlersOf(invocation);
  // A plan that is not there has no tokens: none is made for a client that brings one.
  const location = secret === undefined
    ? await locate(invocation.location, ACCESS.serve, RUNNING)
    : await requirePlan(await locate(invocation.location, "write", RUNNING), log);
  if (Deno.stdin.isTerminal()) standardError.write(banner(launchOf(PROGRAM, location), location) + "\n");
  const observer = together(await observersOf(log, denoJson.version));
  await using app = await startApp(location, {
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
    instance: invocation.instance ?? namedInstance(RUNNING),
    ending: endSignal(),
    startHandlers: (parts) => checked?.start({ ...parts, data: directoryOf(location) }),
  });
  return 0;
}

/** Serves many clients over HTTP until a signal comes. */
async function serveClients(invocation: HttpInvocation): Promise<number> {
  // Imported only here: servers of one client need no HTTP.
  const { checkServed, serveHttp } = await import("./src/composition/serve.ts");
  checkServed(invocation);
  const checked = await handlersOf(invocation);
  await serveHttp(invocation, {
    locate: (named) => locate(named, ACCESS.http, RUNNING),
    locateExisting: (project) => locateExisting(project, RUNNING),
    log,
    observers: await observersOf(log, denoJson.version),
    about: { ...aboutProcess("http"), ...(invocation.open && { isOpen: true }) },
    program: MODULE,
    print: (line) => standardError.write(line + "\n"),
    programName: programName(PROGRAM),
    isWatched: Deno.stderr.isTerminal(),
    ending: endSignal(),
    startHandlers: (parts) => checked?.start(parts),
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

/** The data directory of a plan; undefined if it is not in files. */
function directoryOf(location: Location): string | undefined {
  return location.store === "file" ? location.directory : undefined;
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
  answerQuestions(self as unknown as Parent, environment);
} else if (import.meta.main) Deno.exit(await main());

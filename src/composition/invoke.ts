/**
 * Carries out the commands that serve no client. The composition of each command is imported when that command runs, so that
 * no command loads what only another one needs.
 */

import { together } from "../app/observer.ts";
import type { Invocation } from "../cli/arguments.ts";
import type { Terminal } from "../cli/commands.ts";
import type { DigestInvocation } from "../cli/digest.ts";
import { ACCESS, launchOf } from "../cli/launch.ts";
import type { NamedLocation, StoredLocation } from "../cli/location.ts";
import type { CompletionInvocation } from "../cli/person/completion_arguments.ts";
import type { Device } from "../cli/screen.ts";
import type { ServeOptions } from "../cli/serve_options.ts";
import { serviceOf } from "../cli/service_place.ts";
import type { Access } from "../store/file/data_directory.ts";
import type { LeveledLog } from "../telemetry/log.ts";
import type { CallInvocation } from "./call.ts";
import type { CommandInvocation } from "./command_parts.ts";
import { namedInstance, namedUrl, secretFor } from "./environment.ts";
import type { LocalService } from "./local_service.ts";
import { locateStored, locateUnlessMissing } from "./locate.ts";
import { observersOf } from "./observers.ts";
import type { PersonInvocation } from "./person.ts";
import type { Surroundings } from "./surroundings.ts";
import type { ToolSurroundings } from "./with_tools.ts";

/** A command line with a command that serves no client. */
export type CommandLine = Exclude<Invocation, { type: "serve" | "http" }>;

/** The running program: where it runs, and its input and output. */
export interface RunningProgram extends Surroundings {
  readonly log: LeveledLog;
  readonly terminal: Terminal;
  /** For what is shown live; undefined unless both standard input and output are a terminal. */
  readonly device: () => Device | undefined;
  /** Writes text to standard output as it is. */
  readonly write: (text: string) => void;
  /** Writes text to standard error as it is. */
  readonly writeError: (text: string) => void;
  /** Reads a file, or standard input for `-`. */
  readonly readFile: (file: string) => Promise<Uint8Array>;
  /** Asks yes or no; undefined if there is no terminal to ask on. */
  readonly confirm: ((question: string) => boolean) | undefined;
  /** Returns a signal that is aborted when the program is told to end. */
  readonly endSignal: () => AbortSignal;
}

/** Carries out a command; returns its exit code. */
export async function invoke(invocation: CommandLine, program: RunningProgram): Promise<number> {
  switch (invocation.type) {
    case "projects list":
    case "projects rename":
    case "projects move": {
      const { runProjects } = await import("./projects.ts");
      return await runProjects(invocation, { surroundings: program, log: program.log, terminal: program.terminal });
    }
    case "copy":
      return await copy(invocation, program);
    case "call":
      return await call(invocation, program);
    case "person":
      return await actForPerson(invocation, program);
    case "complete":
    case "completion":
      return await complete(invocation, program);
    case "digest":
      return await digest(invocation, program);
    case "init": {
      const { initClients } = await import("./init.ts");
      return initClients(invocation, program, { print: program.terminal.print, confirm: program.confirm });
    }
    case "import":
      return await importPlan(invocation, program);
    default:
      return await run(invocation, program);
  }
}

/** Copies a plan from one store to another. */
async function copy(invocation: Invocation & { readonly type: "copy" }, program: RunningProgram): Promise<number> {
  const { runCopy } = await import("./copy.ts");
  return await runCopy(invocation, {
    location: invocation.location,
    locate: (named, access) => locateStored(named, access, program),
    log: program.log,
    print: program.terminal.print,
  });
}

/** Runs one tool. */
async function call(invocation: CallInvocation, program: RunningProgram): Promise<number> {
  const { callTool } = await import("./call.ts");
  const { write, writeError, readFile } = program;
  return await callTool(invocation, { ...await toolSurroundings(invocation, program), write, writeError, readFile });
}

/** Carries out a command of a person. */
async function actForPerson(invocation: PersonInvocation, program: RunningProgram): Promise<number> {
  const { runForPerson } = await import("./person.ts");
  const { terminal, writeError, os, environment } = program;
  return await runForPerson(invocation, {
    ...await toolSurroundings(invocation, program),
    terminal,
    writeError,
    loginOf: () => environment(os === "windows" ? "USERNAME" : "USER") || undefined,
  });
}

/** Completes a command line, or prints the script with which a shell asks for that. */
async function complete(invocation: Invocation & CompletionInvocation, program: RunningProgram): Promise<number> {
  const { complete, printScript } = await import("./completion.ts");
  if (invocation.type === "complete") {
    const { named, location } = invocation;
    const surroundings = await toolSurroundings({ location: named ?? location }, program);
    return await complete(invocation, { ...surroundings, print: program.terminal.print });
  }
  return await printScript(invocation, {
    urlOf: () => namedUrl(program),
    locate: (access) => locateCommand(invocation.location, access, program),
    log: program.log,
    program: program.program,
    write: program.write,
  });
}

/** Prints what an agent must know after a start. */
async function digest(invocation: Invocation & DigestInvocation, program: RunningProgram): Promise<number> {
  const { runDigest } = await import("./digest.ts");
  return await runDigest(invocation, {
    locate: () => locateCommand(invocation.location, ACCESS.digest, program),
    log: program.log,
    terminal: program.terminal,
    secretOf: () => secretFor({}, program),
    instanceOf: () => namedInstance(program),
  });
}

/** Adds the plan of a file, or says what that would add. */
async function importPlan(
  invocation: Invocation & { readonly type: "import" },
  program: RunningProgram,
): Promise<number> {
  const { runImport } = await import("./plan_commands.ts");
  const { log, terminal, readFile } = program;
  return await runImport(invocation, {
    locate: () => locateCommand(invocation.location, ACCESS.import, program),
    locateUnlessMissing: () => locateUnlessMissing(notInMemory(invocation.location), program),
    log,
    terminal,
    readFile,
  });
}

/** Runs any other command. */
async function run(invocation: CommandInvocation, program: RunningProgram): Promise<number> {
  const { log, terminal, write } = program;
  if (invocation.type === "status" && serviceOf(invocation, { urlOf: () => namedUrl(program) }) !== undefined) {
    const { printStatusAtService } = await import("./status_at_service.ts");
    return await printStatusAtService(invocation, { ...await toolSurroundings(invocation, program), terminal });
  }
  if (invocation.type === "token issue") {
    const { checkNewToken } = await import("./changing_commands.ts");
    await checkNewToken(invocation.settings, log);
  }
  const location = await locateCommand(invocation.location, ACCESS[invocation.type], program);
  const service = invocation.type === "status" ? await serviceBeside(invocation, location, program) : undefined;
  if (service !== undefined) {
    const { printStatusBeside } = await import("./status_at_service.ts");
    const code = await printStatusBeside(service, { ...await toolSurroundings(invocation, program), terminal });
    if (code !== undefined) return code;
  }
  const { runCommand } = await import("./commands.ts");
  return await runCommand(invocation, {
    location,
    log,
    terminal,
    device: program.device(),
    write,
    version: program.program.version,
    launch: launchOf(program.program, location),
  });
}

/** The service on the data directory, for a look that its tools can give. */
async function serviceBeside(
  { all, watch, location: named }: CommandInvocation & { readonly type: "status" },
  location: StoredLocation,
  { log, program: { version } }: RunningProgram,
): Promise<LocalService | undefined> {
  if (all || watch) return undefined;
  const { localService } = await import("./local_service.ts");
  return await localService(location, { location: named, defaults: {} }, { log, version });
}

/** What calls of tools need. */
async function toolSurroundings(
  invocation: { readonly location: NamedLocation } & Pick<ServeOptions, "needsToken" | "role" | "instance">,
  program: RunningProgram,
): Promise<ToolSurroundings> {
  const { log, program: { version } } = program;
  return {
    locate: (access) => locateCommand(invocation.location, access, program),
    log,
    observer: together(await observersOf(log, version)),
    secretOf: () => secretFor(invocation, program),
    instanceOf: () => invocation.instance ?? namedInstance(program),
    urlOf: () => namedUrl(program),
    version,
    process: String(Deno.pid),
    ending: program.endSignal(),
  };
}

/** Where the plan of a command is. */
async function locateCommand(
  named: NamedLocation,
  access: Access,
  surroundings: Surroundings,
): Promise<StoredLocation> {
  return await locateStored(notInMemory(named), access, surroundings);
}

/** The arguments refuse a plan in memory for every command. */
function notInMemory(named: NamedLocation): Exclude<NamedLocation, { readonly type: "memory" }> {
  if (named.type === "memory") throw new Error("A command with --store memory is refused before it is carried out");
  return named;
}

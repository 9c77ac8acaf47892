/**
 * Commands of the program that are carried out in this process, for tests of what they do, print and refuse: a process
 * costs more than most commands. That each also works as a process with permission for its data only is shown by
 * tests/cli/rights_test.ts; what main.ts does with environment, paths and permissions, by the tests that use `runProgram`.
 */

import denoJson from "../../deno.json" with { type: "json" };
import { type Exit, type Invocation, readArguments } from "../../src/cli/arguments.ts";
import { explain } from "../../src/cli/explain.ts";
import { ACCESS, launchOf } from "../../src/cli/launch.ts";
import { callTool } from "../../src/composition/call.ts";
import { complete, printScript } from "../../src/composition/completion.ts";
import { runForPerson } from "../../src/composition/person.ts";
import { runDigest } from "../../src/composition/digest.ts";
import { runCommand } from "../../src/composition/commands.ts";
import { locateStored, locateUnlessMissing } from "../../src/composition/locate.ts";
import { runImport } from "../../src/composition/plan_commands.ts";
import { runProjects } from "../../src/composition/projects.ts";
import type { Surroundings } from "../../src/composition/surroundings.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "../../src/mcp/tool.ts";
import type { Access } from "../../src/store/file/data_directory.ts";
import { describeSystemError } from "../../src/store/file/system_errors.ts";
import { createLog } from "../../src/telemetry/log.ts";
import type { ProgramResult } from "./program.ts";
import { MAIN } from "./server.ts";

export interface CommandOptions {
  /** Text or bytes of its standard input. Default: none. */
  readonly input?: string | Uint8Array<ArrayBuffer>;
}

/** Carries out a command on a data directory, as `runProgram` does in a process. */
export async function runHere(
  directory: string,
  command: readonly string[],
  { input = "" }: CommandOptions = {},
): Promise<ProgramResult> {
  const [written, logged]: [string[], string[]] = [[], []];
  const result = (code: number) => ({ code, output: written.join(""), log: logged.join("") });
  const output = {
    write: (text: string) => void written.push(text),
    writeError: (text: string) => void logged.push(text),
    readFile: async (file: string) => file === "-" ? await new Response(input).bytes() : await Deno.readFile(file),
  };
  const log = createLog((line) => logged.push(line + "\n"));
  try {
    const invocation = readHere(["--data", directory, ...command], output);
    return result(invocation.type === "exit" ? invocation.code : await carryOut(invocation, { ...output, log }));
  } catch (error) {
    log.error(explain(error, describeSystemError));
    return result(1);
  }
}

/** Reads arguments as the program does. */
export function readHere(args: readonly string[], { write, writeError }: Pick<Output, "write" | "writeError">) {
  return readArguments(args, {
    version: denoJson.version,
    name: "orchestrator",
    defaultPlace: "data",
    toolsets: TOOLSETS,
    defaultToolsets: DEFAULT_TOOLSETS,
    print: write,
    printError: writeError,
  });
}

/** The login of the person whose commands are carried out. */
export const LOGIN = "kim";

interface Output {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly readFile: (file: string) => Promise<Uint8Array>;
  readonly log: ReturnType<typeof createLog>;
}

async function carryOut(invocation: Exclude<Invocation, Exit>, output: Output): Promise<number> {
  const { log, write, readFile } = output;
  const { type, location: named } = invocation;
  const surroundings = surroundingsOf(log);
  const { version } = denoJson;
  const terminal = { print: (line: string) => write(line + "\n"), columns: 120, hasColors: false };
  if (type === "projects list" || type === "projects rename" || type === "projects move") {
    return await runProjects(invocation, { surroundings, log, terminal });
  }
  if (named.type === "memory" || named.type === "projects") throw new Error("runHere is about one plan in files");
  const locate = (access: Access) => locateStored(named, access, surroundings);
  const tools = {
    log,
    locate,
    version,
    secretOf: () => undefined,
    urlOf: () => undefined,
    process: String(Deno.pid),
    observer: {},
    ending: new AbortController().signal,
  };
  switch (invocation.type) {
    case "serve":
    case "http":
    case "init":
    case "copy":
      throw new Error("startServer and startService start servers, and runProgram init and copy");
    case "call":
      return await callTool(invocation, { ...output, ...tools, instanceOf: () => invocation.instance });
    case "person":
      return await runForPerson(invocation, {
        ...output,
        ...tools,
        terminal,
        instanceOf: () => invocation.instance,
        loginOf: () => LOGIN,
      });
    case "complete":
      return await complete(invocation, {
        ...tools,
        locate: (access) => locateStored(invocation.named ?? named, access, surroundings),
        print: terminal.print,
        instanceOf: () => undefined,
      });
    case "completion":
      return await printScript(invocation, {
        urlOf: tools.urlOf,
        locate,
        program: surroundings.program,
        write,
      });
    case "digest":
      return await runDigest(invocation, {
        locate: () => locate(ACCESS.digest),
        log,
        terminal,
        secretOf: () => undefined,
        instanceOf: () => undefined,
      });
    case "import":
      return await runImport(invocation, {
        locate: () => locate(ACCESS.import),
        locateUnlessMissing: () => locateUnlessMissing(named, surroundings),
        log,
        terminal,
        readFile,
      });
    default: {
      const location = await locate(ACCESS[invocation.type]);
      return await runCommand(invocation, {
        location,
        log,
        write,
        version,
        terminal,
        device: undefined,
        launch: launchOf(surroundings.program, location),
      });
    }
  }
}

/** As main.ts has them, but without an environment. */
function surroundingsOf(log: Output["log"]): Surroundings {
  const directory = MAIN.slice(0, -"/main.ts".length);
  return {
    program: {
      version: denoJson.version,
      isStandalone: false,
      isSource: true,
      executable: Deno.execPath(),
      denoVersion: Deno.version.deno,
      program: MAIN,
      programDirectory: directory,
      readable: directory,
      os: Deno.build.os,
    },
    os: Deno.build.os,
    environment: () => undefined,
    mayRead: () => false,
    workingDirectory: () => Deno.cwd(),
    log,
  };
}

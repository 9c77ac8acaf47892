/**
 * Commands of the program that are carried out in this process, for tests of what they do, print and refuse: a process
 * costs more than most commands. That each also works as a process with permission for its data only is shown by
 * tests/cli/rights_test.ts; what main.ts does with environment, paths and permissions, by the tests that use `runProgram`.
 */

import { resolve } from "node:path";
import denoJson from "../../deno.json" with { type: "json" };
import { type Exit, type Invocation, readArguments } from "../../src/cli/arguments.ts";
import { explain } from "../../src/cli/explain.ts";
import { ACCESS, howToPermit, launchOf } from "../../src/cli/launch.ts";
import { callTool } from "../../src/composition/call.ts";
import { runCommand } from "../../src/composition/commands.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "../../src/mcp/tool.ts";
import { type Access, openDataDirectory } from "../../src/store/file/data_directory.ts";
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
    defaultPlace: "data",
    toolsets: TOOLSETS,
    defaultToolsets: DEFAULT_TOOLSETS,
    print: write,
    printError: writeError,
  });
}

interface Output {
  readonly write: (text: string) => void;
  readonly writeError: (text: string) => void;
  readonly readFile: (file: string) => Promise<Uint8Array>;
  readonly log: ReturnType<typeof createLog>;
}

async function carryOut(invocation: Exclude<Invocation, Exit>, output: Output): Promise<number> {
  const { log, write, readFile } = output;
  const locate = (access: Access) =>
    openDataDirectory(resolve(invocation.location.directory ?? ""), access, howToPermit);
  const { version } = denoJson;
  switch (invocation.type) {
    case "serve":
    case "http":
      throw new Error("startServer and startService start servers");
    case "call":
      return await callTool(invocation, {
        ...output,
        locate,
        version,
        secretOf: () => undefined,
        instanceOf: () => invocation.instance,
        process: String(Deno.pid),
        observer: {},
        ending: new AbortController().signal,
      });
    default: {
      const directory = locate(ACCESS[invocation.type]);
      const program = { version, isStandalone: false, executable: Deno.execPath(), denoVersion: Deno.version.deno };
      return await runCommand(invocation, {
        directory,
        log,
        write,
        readFile,
        version,
        terminal: { print: (line) => write(line + "\n"), columns: 120, hasColors: false },
        device: undefined,
        secretOf: () => undefined,
        instanceOf: () => undefined,
        launch: launchOf({ ...program, program: MAIN }, directory),
      });
    }
  }
}

/**
 * Commands of the program that are carried out in this process, for tests of what they do, print and refuse: a process
 * costs more than most commands. That each also works as a process with permission for its data only is shown by
 * tests/cli/rights_test.ts; what main.ts does with environment, paths and permissions, by the tests that use `runProgram`.
 */

import denoJson from "../../deno.json" with { type: "json" };
import { type Exit, type Invocation, readArguments } from "../../src/cli/arguments.ts";
import { explain } from "../../src/cli/explain.ts";
import { invoke, type RunningProgram } from "../../src/composition/invoke.ts";
import { DEFAULT_TOOLSETS, TOOLSETS } from "../../src/mcp/tool.ts";
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
  if (invocation.type === "serve" || invocation.type === "http") {
    throw new Error("startServer and startService start servers");
  }
  return await invoke(invocation, programWith(output));
}

/** The program as main.ts has it, but without an environment and a terminal. */
function programWith({ log, write, writeError, readFile }: Output): RunningProgram {
  const directory = MAIN.slice(0, -"/main.ts".length);
  const logins: readonly string[] = ["USER", "USERNAME"];
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
    environment: (variable) => logins.includes(variable) ? LOGIN : undefined,
    mayRead: () => false,
    workingDirectory: () => Deno.cwd(),
    log,
    terminal: { print: (line) => write(line + "\n"), columns: 120, hasColors: false },
    device: () => undefined,
    write,
    writeError,
    readFile,
    confirm: undefined,
    endSignal: () => new AbortController().signal,
  };
}

/** Runs commands of the program to their end, with permission only for the data directory. */

import { programArgs } from "./server.ts";

export interface ProgramOptions {
  /** Text or bytes for its standard input. Default: none. */
  readonly input?: string | Uint8Array<ArrayBuffer>;
  /** Arguments of `deno` and the program. Default: those of `programArgs` and the command. */
  readonly args?: readonly string[];
  /** Environment variables in addition to those of this process. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its working directory. Default: that of this process. */
  readonly cwd?: string;
}

export interface ProgramResult {
  readonly code: number;
  /** Its standard output. */
  readonly output: string;
  /** Its standard error. */
  readonly log: string;
}

/** Runs a command on a data directory; resolves when it has ended. */
export async function runProgram(
  directory: string,
  command: readonly string[],
  { input, args = programArgs(directory, ...command), env = {}, cwd }: ProgramOptions = {},
): Promise<ProgramResult> {
  const process = new Deno.Command(Deno.execPath(), {
    args: [...args],
    env: { ...env, NO_COLOR: "1" },
    ...(cwd !== undefined && { cwd }),
    stdin: input === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  if (input !== undefined) {
    const writer = process.stdin.getWriter();
    await writer.write(typeof input === "string" ? new TextEncoder().encode(input) : input);
    await writer.close();
  }
  const { code, stdout, stderr } = await process.output();
  const decoder = new TextDecoder();
  return { code, output: decoder.decode(stdout), log: decoder.decode(stderr) };
}

let denoDir: Promise<string> | undefined;

/** Where Deno keeps the packages. It is asked once. */
export function cacheDirectory(): Promise<string> {
  return denoDir ??= askForCacheDirectory();
}

async function askForCacheDirectory(): Promise<string> {
  const { output } = await runProgram("", [], { args: ["info", "--json"] });
  return JSON.parse(output).denoDir;
}

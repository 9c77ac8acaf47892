/** The program on a plan in PostgreSQL, as its users run it: real processes with permission for that database only. */

import { StdioClientTransport } from "./sdk_client.ts";
import { introduce, MAIN, type Server, serverEnvironment } from "./server.ts";

export interface StartOptions {
  /** The address of the database, and the project in it. */
  readonly url: string;
  readonly project: string;
  readonly permissions?: readonly string[];
  /** Further arguments of a server. */
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** What runs the program, such as that of another machine. Default: nothing. */
  readonly within?: readonly string[];
}

/** Arguments of `deno` that run the program on a database, with permission only for that. */
function programArgs({ url, project, permissions = [] }: StartOptions): string[] {
  const host = /@([^/]*)/.exec(url)?.[1] ?? "";
  const flags = [`--allow-net=${host}`, "--allow-env=PGAPPNAME,PGPASSWORD", ...permissions];
  return ["run", "--quiet", "--no-prompt", ...flags, MAIN, "--store", url, "--project", project];
}

/** Starts a server on a plan in a database, with a client that has introduced itself. */
export async function start(options: StartOptions): Promise<Server> {
  const [command = "", ...args] = [...options.within ?? [], Deno.execPath()];
  const transport = new StdioClientTransport({
    command,
    args: [...args, ...programArgs(options), ...options.args ?? []],
    env: { ...serverEnvironment(), ...options.env },
    stderr: "pipe",
  });
  return await introduce(transport, "test");
}

/** Runs a command of the program. */
export async function runCommand(options: StartOptions, ...args: readonly string[]) {
  const output = await new Deno.Command(Deno.execPath(), {
    args: [...programArgs(options), ...args],
    env: { ...serverEnvironment(), ...options.env },
    clearEnv: true,
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return { code: output.code, stdout: decoder.decode(output.stdout), stderr: decoder.decode(output.stderr) };
}

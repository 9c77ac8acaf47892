/** Projects as a user has them: a home of its own, repositories made with git, and the program with permission for both. */

import { cacheDirectory, type ProgramResult, runProgram } from "./program.ts";
import { MAIN, serverEnvironment } from "./server.ts";
import { type Service, spawnService } from "./service.ts";
import { temporaryDirectory } from "./temp.ts";

/** Variables that name a project; unset unless a test sets them. */
const VARIABLES = ["ORCHESTRATOR_PROJECT", "CLAUDE_PROJECT_DIR", "XDG_DATA_HOME", "HOME"];

export interface Home extends AsyncDisposable {
  /** The directory that everything is in. */
  readonly path: string;
  /** Where the projects are. */
  readonly projects: string;
  /** Arguments of `deno` that run the program with what the banner's configuration permits. */
  readonly args: (...command: readonly string[]) => readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command of the program in a directory below `path`. */
  readonly run: (
    directory: string,
    command: readonly string[],
    env?: Readonly<Record<string, string>>,
  ) => Promise<ProgramResult>;
  /** Runs git in a directory below `path`, which is made if it is missing. */
  readonly git: (directory: string, ...args: readonly string[]) => Promise<void>;
}

export async function temporaryHome(): Promise<Home> {
  const { path, ...directory } = await temporaryDirectory();
  const projects = `${path}/home/.local/share/mcp-orchestrator/projects`;
  await Deno.mkdir(`${path}/home`);
  const env = {
    ...serverEnvironment(),
    DENO_DIR: await cacheDirectory(),
    HOME: `${path}/home`,
    XDG_DATA_HOME: "",
    ORCHESTRATOR_PROJECT: "",
    CLAUDE_PROJECT_DIR: "",
  };
  const permissions = ["--allow-read", `--allow-write=${projects}`, `--allow-env=${VARIABLES.join(",")}`];
  const args = (...command: readonly string[]) => ["run", "--quiet", "--no-prompt", ...permissions, MAIN, ...command];
  return {
    path,
    projects,
    args,
    env,
    run: (directory, command, more = {}) => {
      return runProgram("", [], { args: args(...command), cwd: `${path}/${directory}`, env: { ...env, ...more } });
    },
    async git(directory, ...args) {
      const cwd = `${path}/${directory}`;
      await Deno.mkdir(cwd, { recursive: true });
      const settings = ["user.name=ann", "user.email=ann@example.com", "protocol.file.allow=always", "gc.auto=0"];
      const { success, stderr } = await new Deno.Command("git", {
        args: [...settings.flatMap((setting) => ["-c", setting]), ...args],
        cwd,
        env: { HOME: `${path}/home`, GIT_CONFIG_NOSYSTEM: "1" },
        stdout: "null",
        stderr: "piped",
      }).output();
      if (!success) throw new Error(`git ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** Starts `serve` for projects; resolves when it listens. */
export async function startProjects(home: Home, ...options: readonly string[]): Promise<Service> {
  const [run = "", ...args] = home.args(...options, "--port", "0");
  return await spawnService({
    args: [run, "--allow-net=127.0.0.1:0", ...args],
    cwd: `${home.path}/home`,
    env: { ...home.env },
  });
}

/** A home and a project in a temporary directory, on whose files `init` is run in this process. */

import type { InitParts } from "../../src/init/carry_out.ts";
import { realConfigFiles } from "../../src/init/config_files.ts";
import { type InitOptions, runInit } from "../../src/init/init.ts";
import { sha256 } from "../../src/store/file/hash.ts";
import { temporaryDirectory } from "./temp.ts";

export const START = { command: "deno", args: ["run", "-A", "/opt/mcp-orchestrator/main.ts", "--project", "auto"] };

export interface InitRun {
  readonly code: number;
  readonly lines: readonly string[];
}

export interface InitHome extends AsyncDisposable {
  /** The home directory. */
  readonly home: string;
  readonly project: string;
  run(options?: Partial<InitOptions>, parts?: Partial<InitParts>): InitRun;
  /** Writes a file of the home directory or the project, with the directories above it. */
  write(path: string, content: string | Uint8Array): Promise<void>;
  /** Makes the project a git repository, as far as is looked. */
  initGit(): Promise<void>;
  /** All files and directories with their contents and modes. */
  contents(): Promise<ReadonlyMap<string, string>>;
}

export async function initHome(): Promise<InitHome> {
  const directory = await temporaryDirectory();
  const [home, project] = [`${directory.path}/home`, `${directory.path}/project`];
  await Deno.mkdir(home);
  await Deno.mkdir(project);
  return {
    home,
    project,
    run(options = {}, parts = {}) {
      const lines: string[] = [];
      const code = runInit(
        { remove: false, yes: true, scope: "user", name: "orchestrator", ...options },
        {
          places: { os: "linux", home, variable: () => undefined },
          project,
          recordDirectory: `${home}/.local/share/mcp-orchestrator`,
          start: START,
          findsProject: true,
          isOutsideGit: false,
          files: realConfigFiles,
          digest: sha256,
          print: (line) => void lines.push(line),
          confirm: undefined,
          ...parts,
        },
      );
      return { code, lines };
    },
    async write(path, content) {
      await Deno.mkdir(path.replace(/\/[^/]*$/, ""), { recursive: true });
      await (typeof content === "string" ? Deno.writeTextFile(path, content) : Deno.writeFile(path, content));
    },
    async initGit() {
      for (const part of ["objects", "refs"]) await Deno.mkdir(`${project}/.git/${part}`, { recursive: true });
      await Deno.writeTextFile(`${project}/.git/HEAD`, "ref: refs/heads/main\n");
    },
    contents: async () => new Map(await list(directory.path)),
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

async function list(directory: string): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const { name, isDirectory, isSymlink } of Deno.readDir(directory)) {
    const path = `${directory}/${name}`;
    const { mode } = await Deno.lstat(path);
    if (isSymlink) found.push([path, await Deno.readLink(path)]);
    else if (isDirectory) found.push([path, `directory ${mode}`], ...await list(path));
    else found.push([path, `${mode} ${(await Deno.readFile(path)).toBase64()}`]);
  }
  return found;
}

/** Shows which project is meant: by options, variables, and the directory that the program works in. */

import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import type { NamedLocation } from "../../src/cli/location.ts";
import { locate, locateExisting } from "../../src/composition/locate.ts";
import type { Surroundings } from "../../src/composition/surroundings.ts";
import { RecordingLog } from "../support/log.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temp.ts";

const AUTO: NamedLocation = { type: "project", project: "auto" };
const NOTHING: NamedLocation = { type: "data", directory: undefined };

/** A home with the repositories `web` and `api`, of which `web` has a project. */
async function start() {
  const directory = await temporaryDirectory();
  for (const name of ["web", "api"]) {
    for (const part of ["objects", "refs"]) {
      await Deno.mkdir(`${directory.path}/${name}/.git/${part}`, { recursive: true });
    }
    await Deno.writeTextFile(`${directory.path}/${name}/.git/HEAD`, "ref: refs/heads/main\n");
  }
  await find(directory, "create", AUTO, { CLAUDE_PROJECT_DIR: `${directory.path}/web` });
  return directory;
}

function surroundingsOf({ path }: TemporaryDirectory, env: Readonly<Record<string, string>>): Surroundings {
  const variables: Readonly<Record<string, string>> = { HOME: path, ...env };
  const program = {
    isStandalone: false,
    isSource: true,
    executable: "deno",
    version: "1.4.0",
    denoVersion: "2.9.6",
    program: `${path}/program/main.ts`,
    programDirectory: `${path}/program`,
    readable: `${path}/program`,
    os: "linux",
  };
  return {
    program,
    os: "linux",
    environment: (variable) => variables[variable],
    mayRead: () => true,
    workingDirectory: () => path,
    log: new RecordingLog(),
  };
}

/** The name of the project that is found; else the directory, or `memory`. */
async function find(
  directory: TemporaryDirectory,
  access: "read" | "create",
  named: NamedLocation,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const location = await locate(named, access, surroundingsOf(directory, env));
  return location.store === "file" ? location.project?.name ?? location.directory : location.store;
}

Deno.test("an option comes first, then the variables, then where the program works", async () => {
  await using directory = await start();
  const web = `${directory.path}/web`;
  for (
    const [named, env] of [
      [NOTHING, { ORCHESTRATOR_PROJECT: "web" }],
      [NOTHING, { ORCHESTRATOR_PROJECT: web }],
      [NOTHING, { ORCHESTRATOR_PROJECT: "auto", CLAUDE_PROJECT_DIR: web }],
      [AUTO, { ORCHESTRATOR_PROJECT: web, CLAUDE_PROJECT_DIR: `${directory.path}/api` }],
      [AUTO, { CLAUDE_PROJECT_DIR: `${web}/.git` }],
      [AUTO, { CLAUDE_PROJECT_DIR: web, ORCHESTRATOR_DATA_DIR: "/elsewhere" }],
      [{ type: "project", project: "web" }, { ORCHESTRATOR_PROJECT: "none" }],
    ] as const
  ) {
    assertEquals(await find(directory, "read", named, env), "web", JSON.stringify([named, env]));
  }
  const data = `${directory.path}/data`;
  const named = { type: "data", directory: data } as const;
  assertEquals(await find(directory, "create", named, { ORCHESTRATOR_PROJECT: "web" }), data);
  assertEquals(await find(directory, "create", NOTHING, { ORCHESTRATOR_DATA_DIR: data }), data);
  assertEquals(await find(directory, "create", { type: "memory" }, { ORCHESTRATOR_PROJECT: "web" }), "memory");
});

Deno.test("what names no project is refused, with what would, and makes none", async () => {
  await using directory = await start();
  const { path } = directory;
  const ways = "name a project with --project NAME or ORCHESTRATOR_PROJECT, or a directory with --data";
  for (
    const [named, env, says] of [
      [AUTO, {}, `Cannot tell the project, as ${path} (the working directory) is in no git repository: ${ways}`],
      [AUTO, { CLAUDE_PROJECT_DIR: "web" }, "CLAUDE_PROJECT_DIR is web, which is no absolute path"],
      [AUTO, { CLAUDE_PROJECT_DIR: "/gone" }, "/gone, which CLAUDE_PROJECT_DIR names, is not there"],
      [AUTO, { ORCHESTRATOR_PROJECT: "../web" }, "ORCHESTRATOR_PROJECT is neither the name of a project nor an absol"],
      [AUTO, { ORCHESTRATOR_PROJECT: "${workspaceFolder}" }, "nothing has replaced ${workspaceFolder}"],
      [NOTHING, { ORCHESTRATOR_PROJECT: "web", ORCHESTRATOR_DATA_DIR: "/d" }, "both ORCHESTRATOR_DATA_DIR and ORCHEST"],
      [NOTHING, { ORCHESTRATOR_PROJECT: "none" }, "There is no project none: there are web"],
      [AUTO, { CLAUDE_PROJECT_DIR: `${path}/api` }, `There is no project for ${path}/api yet`],
      [{ type: "project", project: "../web" }, {}, 'No project can be named "../web"'],
    ] as const
  ) {
    const error = await assertRejects(() => find(directory, "read", named, env));
    assertStringIncludes(error instanceof Error ? error.message : "", says);
  }
  const surroundings = surroundingsOf(directory, {});
  for (const name of ["none", "..", "Web"]) assertEquals(await locateExisting(name, surroundings), undefined, name);
  assertEquals((await locateExisting("web", surroundings))?.project?.name, "web");
  const projects = `${path}/.local/share/mcp-orchestrator/projects`;
  assertEquals(Array.from(Deno.readDirSync(projects), ({ name }) => name), ["web"]);
});

Deno.test("git's files that cannot be read are told as such, and not as a data directory", async () => {
  await using directory = await start();
  const loop = `${directory.path}/loop`;
  await Deno.mkdir(loop);
  await Deno.symlink(".git", `${loop}/.git`);
  const error = await assertRejects(() => find(directory, "create", AUTO, { CLAUDE_PROJECT_DIR: loop }), Unavailable);
  assertStringIncludes(error.message, `Cannot tell the repository of ${loop}: Too many levels of symbolic links`);
  assertStringIncludes(error.message, "Correct that, or name a project with --project NAME");
});

Deno.test("a project.json that cannot be read is refused by its name, and nothing is made in its place", async () => {
  await using directory = await start();
  const file = `${directory.path}/.local/share/mcp-orchestrator/projects/web/project.json`;
  for (const text of ["", "[]", '{"repository": {}}']) {
    await Deno.writeTextFile(file, text);
    const error = await assertRejects(() =>
      find(directory, "create", AUTO, { CLAUDE_PROJECT_DIR: `${directory.path}/api` })
    );
    assertStringIncludes(String(error), `${file} does not say what the project belongs to: remove the file`);
  }
  await Deno.remove(file);
  assertEquals(await find(directory, "create", { type: "project", project: "web" }), "web");
});

Deno.test("git passes over a data directory in a work tree, and has nothing to pass over elsewhere", async () => {
  await using directory = await start();
  const ignored = async (data: string) => {
    await find(directory, "create", { type: "data", directory: data });
    return await Deno.readTextFile(`${data}/.gitignore`).catch(() => undefined);
  };
  assertEquals(await ignored(`${directory.path}/web/plan/data`), "*\n");
  assertEquals(await ignored(`${directory.path}/plan`), undefined);
  await Deno.mkdir(`${directory.path}/api/data`);
  await Deno.writeTextFile(`${directory.path}/api/data/.gitignore`, "journal\n");
  assertEquals(await ignored(`${directory.path}/api/data`), "journal\n");
});

Deno.test("a plan that nothing has named says where it is begun, once, and how to mean that of the repository", async () => {
  await using directory = await start();
  const data = `${directory.path}/program/data`;
  await Deno.mkdir(`${directory.path}/program`);
  const told = async (access: "read" | "create", named: NamedLocation, env: Readonly<Record<string, string>> = {}) => {
    const log = new RecordingLog();
    await locate(named, access, { ...surroundingsOf(directory, env), log });
    return log.infos;
  };
  const begun =
    `A new plan is in ${data}, and belongs to no repository: in a git repository, --project auto stands for the plan of ` +
    "that repository";
  assertEquals(await told("create", NOTHING), [begun]);
  assertEquals(await told("read", NOTHING), []);
  const elsewhere = `${directory.path}/elsewhere`;
  assertEquals(await told("create", { type: "data", directory: elsewhere }), []);
  assertEquals(await told("create", NOTHING, { ORCHESTRATOR_DATA_DIR: elsewhere }), []);
  await Deno.mkdir(`${data}/journal`);
  assertEquals(await told("create", NOTHING), []);
});

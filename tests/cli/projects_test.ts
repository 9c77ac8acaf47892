/** Shows that each repository has one plan, whatever its work trees are, with real repositories of git and real processes. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { missingCommand, missingOnWindows, testUnless } from "../support/needs.ts";
import { type Home, temporaryHome } from "../support/projects.ts";
import { Client, StdioClientTransport } from "../support/sdk_client.ts";

const NO_GIT = missingOnWindows("HOME in these tests") ?? await missingCommand("git", ["--version"]);

const AUTO = ["--project", "auto"];

function createIn(home: Home, directory: string, id: string) {
  return home.run(directory, [...AUTO, "call", "create_task", JSON.stringify({ id, description: "" })]);
}

/** The ids of the tasks that a directory's project has. */
async function tasksIn(home: Home, directory: string, project = "auto"): Promise<readonly string[]> {
  const { code, output, log } = await home.run(directory, ["--project", project, "call", "get_task_status"]);
  assertEquals([code, log], [0, ""]);
  return JSON.parse(output).tasks.map(({ id }: { readonly id: string }) => id);
}

/** The names of the projects that there are. */
function namesIn(home: Home): readonly string[] {
  return Array.from(Deno.readDirSync(home.projects), ({ name }) => name).sort();
}

/** Two repositories called `web`, the first with a commit. */
async function repositories(home: Home): Promise<void> {
  await home.git("web", "init");
  await home.git("web", "commit", "--allow-empty", "-m", "first");
  await home.git("other/web", "init");
}

testUnless(NO_GIT, "all work trees and directories of a repository share a plan, and no other repository has it")(
  async () => {
    await using home = await temporaryHome();
    await repositories(home);
    await home.git("web", "worktree", "add", "../fix");
    await home.git("lib", "init");
    await home.git("lib", "commit", "--allow-empty", "-m", "first");
    await home.git("web", "submodule", "add", "../lib", "libs/lib");
    await Deno.mkdir(`${home.path}/web/src/deep`, { recursive: true });
    await Deno.symlink(`${home.path}/web`, `${home.path}/link`);
    const made = await createIn(home, "web", "in-web");
    assertEquals(made.code, 0);
    assertStringIncludes(made.log, `Project web is now that of ${home.path}/web`);
    for (const directory of ["fix", "web/src/deep", "link/src"]) {
      assertEquals(await tasksIn(home, directory), [
        "in-web",
      ]);
    }
    const second = await createIn(home, "other/web", "in-other");
    assertMatch(second.log, /Project web-[0-9a-f]{4} is now that of \S+\/other\/web, as web is another/);
    await createIn(home, "web/libs/lib", "in-submodule");
    assertEquals(await tasksIn(home, "web/libs/lib"), ["in-submodule"]);
    assertEquals(await tasksIn(home, "web"), ["in-web"]);
    const names = namesIn(home);
    assertMatch(names.join(" "), /^lib web web-[0-9a-f]{4}$/);
    const { output } = await home.run("home", ["projects"]);
    assertMatch(output, new RegExp(`^web +1 +1 +\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d  ${home.path}/web$`, "m"));
  },
);

testUnless(NO_GIT, "two processes that make the same project at once make one")(async () => {
  await using home = await temporaryHome();
  await repositories(home);
  const made = await Promise.all(["a", "b", "c"].map((id) => createIn(home, "web", id)));
  assertEquals(made.map(({ code }) => code), [0, 0, 0], made.map(({ log }) => log).join(""));
  assertEquals((await tasksIn(home, "web")).toSorted(), ["a", "b", "c"]);
  assertEquals(namesIn(home), ["web"]);
  assertEquals(Deno.statSync(`${home.projects}/web/project.json`).mode! & 0o777, 0o600);
  assertEquals(Deno.statSync(`${home.projects}/web`).mode! & 0o777, 0o700);
});

testUnless(NO_GIT, "a check of a plan from elsewhere needs no project, and makes none")(async () => {
  await using home = await temporaryHome();
  await home.git("web", "init", "--quiet");
  await Deno.writeTextFile(`${home.path}/web/todo.md`, "- [ ] Write it\n");
  const check = ["import", "--from", "markdown", "todo.md"];
  for (const project of ["auto", "site"]) {
    const { code, output, log } = await home.run("web", ["--project", project, ...check]);
    assertEquals(code, 0, log);
    assertStringIncludes(output, "The file has 1 task (1 pending)");
  }
  assert(!await Deno.stat(home.projects).then(() => true, () => false));
  assertEquals((await home.run("web", ["--project", "auto", ...check, "--yes"])).code, 0);
  assertEquals(await tasksIn(home, "web"), ["write-it"]);
});

testUnless(NO_GIT, "a repository that was moved is refused, until projects move says so")(async () => {
  await using home = await temporaryHome();
  await repositories(home);
  await createIn(home, "web", "in-web");
  await Deno.rename(`${home.path}/web`, `${home.path}/site`);
  const refused = await createIn(home, "site", "more");
  assertEquals(refused.code, 1);
  assertStringIncludes(
    refused.log,
    `was moved from ${home.path}/web to ${home.path}/site. Say so with main.ts projects`,
  );
  // Another repository of its name may be the same one, copied.
  const copied = await createIn(home, "other/web", "more");
  assertStringIncludes(copied.log, `is gone. If ${home.path}/other/web is the same repository, say so with `);
  assertEquals(namesIn(home), ["web"]);
  assertStringIncludes((await home.run("home", ["projects"])).output, `${home.path}/web (gone)`);
  assertEquals((await home.run("home", ["projects", "move", "web", "../site"])).code, 0);
  assertEquals(await tasksIn(home, "site"), ["in-web"]);
  await createIn(home, "other/web", "in-other");
  const taken = await home.run("other/web", ["projects", "move", "web", "."]);
  assertMatch(taken.output, /Project web now belongs to .*\nProject web-\w+, to which it belonged, is kept: --project/);
  assertEquals(await tasksIn(home, "other/web"), ["in-web"]);
});

testUnless(NO_GIT, "a project is renamed while nobody uses it, with all its data")(async () => {
  await using home = await temporaryHome();
  await repositories(home);
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: [...home.args(...AUTO)],
    env: { ...home.env },
    cwd: `${home.path}/web`,
    stderr: "ignore",
  });
  const client = new Client({ name: "claude-code", version: "1.0.0" });
  await client.connect(transport);
  try {
    await client.callTool({ name: "create_task", arguments: { id: "a", description: "" } });
    const { code, log } = await home.run("home", ["projects", "rename", "web", "site"]);
    assertEquals(code, 1);
    assertMatch(log, /Cannot rename project web while it is used by process \d+ \(claude-code.*\): end them first/);
  } finally {
    await client.close();
  }
  for (
    const [to, says] of [["../x", "No project can be named"], ["auto", "No project can be named"]] as const
  ) {
    assertStringIncludes((await home.run("home", ["projects", "rename", "web", to])).log, says);
  }
  assertEquals((await home.run("home", ["projects", "rename", "web", "site"])).code, 0);
  assertEquals(await tasksIn(home, "web"), ["a"]);
  assertEquals(await tasksIn(home, "home", "site"), ["a"]);
  const { log } = await home.run("home", ["projects", "rename", "web", "new"]);
  assertStringIncludes(log, "There is no project web: there are site");
});

testUnless(NO_GIT, "a missing permission is told with all flags that are needed")(async () => {
  await using home = await temporaryHome();
  await repositories(home);
  const start = async (permissions: readonly string[], project: string) => {
    const args = home.args("--project", project).filter((arg) => !arg.startsWith("--allow-"));
    const env = { ...home.env };
    const { Command } = Deno;
    const { code, stderr } = await new Command(Deno.execPath(), {
      args: args.toSpliced(1, 0, ...permissions),
      cwd: `${home.path}/web`,
      env,
      stdin: "null",
    }).output();
    assertEquals(code, 1);
    return new TextDecoder().decode(stderr);
  };
  const variables = "--allow-env=ORCHESTRATOR_PROJECT,CLAUDE_PROJECT_DIR,XDG_DATA_HOME,HOME";
  const nothing = await start([], "auto");
  assertMatch(nothing, new RegExp(`start with --allow-read --allow-write="\\$HOME/\\S+" ${variables} `));
  const noFiles = await start([variables], "auto");
  assertStringIncludes(noFiles, `start with --allow-read --allow-write=${home.projects} ${variables}`);
  const named = await start([variables], "web");
  const flags = `--allow-read=${home.projects} --allow-write=${home.projects} --allow-env=XDG_DATA_HOME,HOME`;
  assertStringIncludes(named, `start with ${flags}`);
  const noGit = await start([variables, `--allow-read=${home.projects}`, `--allow-write=${home.projects}`], "auto");
  assertStringIncludes(noGit, `Cannot tell the repository of ${home.path}/web, as permission to read `);
  assert(!noGit.includes("    at "), noGit);
});

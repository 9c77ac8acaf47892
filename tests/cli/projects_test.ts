/** Shows that each repository has one plan, whatever its work trees are, with real repositories of git and real processes. */

import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { startApp } from "../../src/composition/start_app.ts";
import { runHere } from "../support/command.ts";
import { RecordingLog } from "../support/log.ts";
import { missingCommand, missingOnWindows, testUnless } from "../support/needs.ts";
import { runProgram } from "../support/program.ts";
import { type Home, temporaryHome } from "../support/projects.ts";
import { MAIN } from "../support/server.ts";
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

testUnless(missingOnWindows("HOME in these tests"), "a refused first command makes no project and no directory")(
  async () => {
    await using home = await temporaryHome();
    const data = `${home.projects}/data`;
    const secret = `orc_${"a".repeat(43)}`;
    const refused: readonly (readonly [command: readonly string[], message: string, env?: Record<string, string>])[] = [
      [["add", "Write docs", "--after", "nope"], "nope"],
      [["call", "create_task", '{"id": "a"}'], "description"],
      [["call", "complete_task", '{"task_id": "a", "instance_id": "x", "result": "r"}'], "a"],
      [["call", "update_group", '{"group_id": "g", "title": "G"}'], "g"],
      [["--as", "observer", "add", "Write docs"], "observer"],
      [["add", "Write docs"], "token", { ORCHESTRATOR_TOKEN: secret }],
      [["add", "Write docs"], "ORCHESTRATOR_TOKEN", { ORCHESTRATOR_TOKEN: "short" }],
      [["token", "issue", "--name", "dashboard-1", "--role", "worker"], "sign-in"],
      [["token", "issue", "--name", "..", "--role", "worker"], ".."],
      [["import", "plan.json"], "nope"],
      [["import", "bad.json"], "bad.json"],
      [["copy", "--from", `${home.path}/home`, "--to", data], "nothing to copy"],
      [["--as", "token"], "orchestrator error", { ORCHESTRATOR_TOKEN: secret }],
    ];
    await Deno.writeTextFile(
      `${home.path}/home/plan.json`,
      '{"format":"orchestrator-plan","version":1,"tasks":{"a":{"id":"a","description":"A","status":"pending","dependencies":["nope"]}}}',
    );
    await Deno.writeTextFile(`${home.path}/home/bad.json`, "{");
    const places = [["--project", "new"], ["--data", data], ["--project", "auto"]];
    await home.git("home", "init");
    for (const place of places) {
      for (const [command, message, env] of refused) {
        const isCopy = command[0] === "copy";
        if (isCopy && place[0] !== "--data") continue;
        const args = home.args(...(isCopy ? [] : place), ...command).map((arg) => {
          return arg.startsWith("--allow-env=") ? `${arg},ORCHESTRATOR_TOKEN` : arg;
        });
        const { code, log } = await runProgram("", [], {
          args,
          cwd: `${home.path}/home`,
          env: { ...home.env, ...env },
        });
        assertEquals(code, 1, `${place} ${command}: ${log}`);
        assertStringIncludes(log, message);
        assert(!await exists(home.projects), `${place} ${command} left ${home.projects}`);
      }
    }
    for (const place of places) assertEquals((await home.run("home", [...place, "add", "Write docs"])).code, 0);
    await Deno.mkdir(`${home.projects}/other/files`, { recursive: true });
    const { code, log } = await home.run("home", ["--project", "other", "add", "Write docs"]);
    assertEquals(code, 1);
    assertStringIncludes(log, "other is there and is no project: give another name");
    await Deno.remove(`${home.projects}/other`, { recursive: true });
    assertEquals(namesIn(home), ["data", "home", "new"]);
  },
);

testUnless(NO_GIT, "a home that is reached by a link has its projects where the permissions of init are")(async () => {
  await using home = await temporaryHome();
  await home.git("web", "init");
  const linked = `${home.path}/linked`;
  await Deno.symlink(`${home.path}/home`, linked);
  const env = { ...home.env, HOME: linked };
  const run = (args: readonly string[]) => runProgram("", [], { args, cwd: `${home.path}/web`, env });
  // Permission for the path with the link, before anything is there.
  const asGiven = home.args(...AUTO, "add", "Write docs").map((arg) => arg.replace("/home/.local", "/linked/.local"));
  const refused = await run(asGiven);
  assertStringIncludes(refused.log, `--allow-write=${home.projects}`);
  assertEquals([refused.code, await exists(home.projects)], [1, false]);
  const init = [
    "run",
    "--quiet",
    "--no-prompt",
    "-A",
    MAIN,
    "init",
    "--yes",
    "--client",
    "cursor",
    "--no-instructions",
  ];
  assertEquals((await run(init)).code, 0);
  const { args } = JSON.parse(await Deno.readTextFile(`${linked}/.cursor/mcp.json`)).mcpServers.orchestrator;
  const added = await run([...args, "add", "Write docs"]);
  assertStringIncludes(added.output, "write-docs is ready", added.log);
  assertEquals(namesIn(home), ["web"]);
});

testUnless(NO_GIT, "a command that begins while its project is renamed makes no second plan")(async () => {
  await using home = await temporaryHome();
  const directory = `${home.projects}/web`;
  await Deno.mkdir(directory, { recursive: true });
  await runHere(directory, ["add", "First"]);
  const location = { store: "file", directory } as const;
  const log = new RecordingLog();
  {
    await using app = await startApp(location, { log });
    await Deno.rename(directory, `${home.projects}/site`);
    const error = await assertRejects(() => app.sessions.open(crypto.randomUUID()), Unavailable);
    assertStringIncludes(error.message, "was moved or removed");
  }
  const error = await assertRejects(() => startApp(location, { log }), Unavailable);
  assertStringIncludes(error.message, "was moved or removed while this program started. Nothing was changed");
  assertEquals(namesIn(home), ["site"]);
});

testUnless(NO_GIT, "what is no project in the place of projects is in the way of its own name only")(async () => {
  await using home = await temporaryHome();
  await home.git("web", "init");
  await Deno.mkdir(`${home.projects}/other`, { recursive: true });
  await Deno.writeTextFile(`${home.projects}/notes`, "");
  await Deno.writeTextFile(`${home.projects}/other/mine`, "");
  await createIn(home, "web", "a");
  assertEquals(await tasksIn(home, "web"), ["a"]);
  for (const name of ["notes", "other"]) {
    const taken = await home.run("web", ["projects", "rename", "web", name]);
    assertStringIncludes(taken.log, `${home.projects}/${name} is there: give another name`);
    const added = await home.run("web", ["--project", name, "add", "Write docs"]);
    assertStringIncludes(added.log, "is there and is no project");
  }
  const { code, output } = await home.run("web", ["projects", "rename", "web", "web"]);
  assertEquals([code, output], [0, "Project web has that name already.\n"]);
  assertEquals(namesIn(home), ["notes", "other", "web"]);
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
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

/** Shows how the program says to start it: as it was started, with permissions that Deno takes. */

import { assertEquals } from "@std/assert";
import { launchOf, type LaunchOptions, permissionFlags, programName, shellWords } from "../../src/cli/launch.ts";
import type { FileLocation } from "../../src/cli/location.ts";
import { databaseLocation } from "../../src/composition/database_location.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { runProgram } from "../support/program.ts";
import { MAIN, programArgs } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const OPTIONS: LaunchOptions = {
  version: "1.2.3",
  isStandalone: false,
  executable: "/usr/bin/deno",
  denoVersion: "2.9.6",
  program: "/project/main.ts",
  readable: "/project",
  os: "linux",
};

const DATA: FileLocation = { store: "file", directory: "/data" };

const RUN = [
  "run",
  "--allow-read=/data,/project",
  "--allow-write=/data",
  "--allow-env=ORCHESTRATOR_TOKEN",
  "/project/main.ts",
];

Deno.test("messages and help name what people start", () => {
  const npm = "/home/ann/.npm/_npx/0123/node_modules/@mcp-orchestrator/server/program/main.js";
  const standalone = { isStandalone: true, executable: "C:\\Tools\\tasks.exe" };
  for (
    const [options, name] of [
      [{}, "main.ts"],
      [{ program: "/opt/dist/orchestrator.js" }, "orchestrator.js"],
      [{ program: "https://example.com/server/main.ts" }, "main.ts"],
      [{ program: npm }, "mcp-orchestrator"],
      [standalone, "tasks.exe"],
    ] as const
  ) {
    assertEquals(programName({ ...OPTIONS, ...options }), name);
  }
});

Deno.test("the launch command is deno, or npx if npx installed Deno", () => {
  assertEquals(launchOf(OPTIONS, DATA), { command: "deno", args: RUN });
  for (
    const executable of [
      "/home/ann/.npm/_npx/0123456789abcdef/node_modules/deno/deno",
      "C:\\Users\\ann\\AppData\\Local\\npm-cache\\_npx\\0123456789abcdef\\node_modules\\deno\\deno.exe",
    ]
  ) {
    const launch = launchOf({ ...OPTIONS, executable }, DATA);
    assertEquals(launch, { command: "npx", args: ["--yes", "deno@2.9.6", ...RUN] });
  }
});

Deno.test("the launch command of the npm package is its launcher, or npx if npx installed it", () => {
  const executable = "/home/ann/.npm/_npx/0123456789abcdef/node_modules/deno/deno";
  const started = (directory: string) =>
    launchOf({ ...OPTIONS, executable, program: `${directory}/@mcp-orchestrator/server/program/main.js` }, DATA);
  assertEquals(started("/home/ann/.npm/_npx/0123456789abcdef/node_modules"), {
    command: "npx",
    args: ["--yes", "@mcp-orchestrator/server@1.2.3"],
  });
  assertEquals(started("/usr/lib/node_modules"), {
    command: "node",
    args: ["/usr/lib/node_modules/@mcp-orchestrator/server/launcher.mjs"],
  });
  const program = "C:\\app\\node_modules\\@mcp-orchestrator\\server\\program\\main.js";
  assertEquals(launchOf({ ...OPTIONS, program }, DATA).args, [program.replace("program\\main.js", "launcher.mjs")]);
});

Deno.test("the launch command of a standalone program is the program, without permissions", () => {
  const standalone = { ...OPTIONS, isStandalone: true, executable: "/opt/orchestrator" };
  assertEquals(launchOf(standalone, DATA), { command: "/opt/orchestrator", args: [] });
});

Deno.test("a program with --store memory needs no permission", () => {
  assertEquals(launchOf(OPTIONS, { store: "memory" }).args, ["run", "/project/main.ts"]);
});

Deno.test("a server on a database may connect to it, read the token, and start itself as a worker", () => {
  const url = "postgres://test@127.0.0.1:5432/plans";
  const location = databaseLocation({ url, project: "web", environment: () => undefined });
  assertEquals(launchOf(OPTIONS, location).args, [
    "run",
    "--allow-net=127.0.0.1:5432",
    "--allow-env=PGAPPNAME,PGPASSWORD",
    `--allow-read=${OPTIONS.readable}`,
    "--allow-env=ORCHESTRATOR_TOKEN",
    "/project/main.ts",
  ]);
});

Deno.test("a project's server is permitted all projects, its variables, and for auto, git's files anywhere", () => {
  const place = "/home/ann/.local/share/mcp-orchestrator/projects";
  const flagsFor = (isAuto: boolean, os: string) => {
    const location = { ...DATA, directory: `${place}/web`, project: { name: "web", isAuto, place } };
    return launchOf({ ...OPTIONS, os }, location).args.slice(1, -1);
  };
  assertEquals(flagsFor(false, "linux"), [
    `--allow-read=${place},/project`,
    `--allow-write=${place}`,
    "--allow-env=XDG_DATA_HOME,HOME,ORCHESTRATOR_TOKEN",
  ]);
  assertEquals(flagsFor(true, "windows"), [
    "--allow-read",
    `--allow-write=${place}`,
    "--allow-env=ORCHESTRATOR_PROJECT,CLAUDE_PROJECT_DIR,XDG_DATA_HOME,LOCALAPPDATA,USERPROFILE,ORCHESTRATOR_TOKEN",
  ]);
});

Deno.test("each path is permitted once, and no other path", () => {
  assertEquals(permissionFlags(["/a", "/b", "/a"], "read"), ["--allow-read=/a,/b"]);
  assertEquals(permissionFlags(["/a"], "write"), ["--allow-read=/a", "--allow-write=/a"]);
});

Deno.test("for a path with a comma, the nearest parent directory that a flag can name is permitted", async () => {
  assertEquals(permissionFlags(["/a/b,c/d,e"], "read"), ["--allow-read=/a"]);
  assertEquals(permissionFlags(["/a,b"], "read"), ["--allow-read=/"]);
  await using parent = await temporaryDirectory();
  const directory = `${parent.path}/data,more`;
  const args = ["run", "--quiet", "--no-prompt", ...permissionFlags([directory], "create"), MAIN, "--data", directory];
  const { code, log } = await runProgram("", [], { args, input: "" });
  assertEquals([code, log], [0, ""]);
  const doubled = programArgs(directory).map((arg) => arg.replace("data,more", "data,,more"));
  const refused = await runProgram("", [], { args: doubled.with(-1, directory), input: "" });
  assertEquals(refused.code, 1, "Deno takes a doubled comma now: name the path itself");
});

testUnless(missingOnWindows("sh"), "a shell reads words as they were meant, whatever is in them")(async () => {
  const words = [
    "--data",
    "/a b",
    "it's ann's",
    "''",
    "'",
    "",
    '$HOME `id` \\ "q"',
    "~",
    "*",
    "a\nb",
    "-x=1;2&3",
    "ключ 🦕",
  ];
  const { code, stdout } = await new Deno.Command("sh", {
    args: ["-c", `printf '%s\\0' ${shellWords(words)}`],
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout)], [0, words.map((word) => `${word}\0`).join("")]);
  assertEquals(shellWords(["--data", "/a-b/c.d,e"]), "--data /a-b/c.d,e");
});

/** Shows that the npm package has what users need and nothing else, and that its command starts the program. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import denoJson from "../../../deno.json" with { type: "json" };
import manifest from "../../../integrations/npm/manifest.json" with { type: "json" };
import { missingCommand, missingOnWindows, testUnless } from "../../support/needs.ts";
import { npm, NpmError } from "../../support/npm.ts";
import { makePackage } from "../../support/package.ts";
import { Client, StdioClientTransport } from "../../support/sdk_client.ts";
import { temporaryDirectory } from "../../support/temp.ts";

/** The package, made once, in a directory whose name has a space. */
const temporary = await temporaryDirectory();
const PACKAGE = `${temporary.path}/the package`;
const { launcher: LAUNCHER } = await makePackage(PACKAGE);
globalThis.addEventListener("unload", () => Deno.removeSync(temporary.path, { recursive: true }));

const NODE = await missingCommand("node", ["--version"]);

Deno.test("the package has the program, its launcher, README, licence and package.json", async () => {
  const files = Array.from(Deno.readDirSync(PACKAGE), ({ name }) => name).sort();
  assertEquals(files, ["LICENSE", "README.md", "launcher.mjs", "package.json", "program"]);
  const program = Array.from(Deno.readDirSync(`${PACKAGE}/program`), ({ name }) => `${PACKAGE}/program/${name}`);
  assert(program.every((file) => file.endsWith(".js")));
  assert(program.reduce((sum, file) => sum + Deno.statSync(file).size, 0) < 3_500_000);
  assertMatch(await Deno.readTextFile(LAUNCHER), /^#!\/usr\/bin\/env node\n/);
});

Deno.test("the package has name, version and licence of the project, and one version of Deno", async () => {
  const { name, version, license } = manifest;
  assertEquals({ name, version, license }, {
    name: denoJson.name,
    version: denoJson.version,
    license: denoJson.license,
  });
  const readme = await Deno.readTextFile(new URL("../../../README.md", import.meta.url));
  assertStringIncludes(readme, `deno@${manifest.dependencies.deno} `);
});

testUnless(NODE, "the launcher starts the program without a cache, the network or files of the directory")(async () => {
  await using directory = await temporaryDirectory();
  await Deno.writeTextFile(`${directory.path}/deno.json`, `{ "imports": 1 }`);
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(
    new StdioClientTransport({
      command: "node",
      args: [LAUNCHER, "--data", `${directory.path}/my data`],
      cwd: directory.path,
      env: { ...environment(directory.path), DENO_DIR: `${directory.path}/cache` },
    }),
  );
  assertEquals(client.getServerVersion()?.version, denoJson.version);
  await client.callTool({ name: "create_task", arguments: { id: "a", description: "do it" } });
  await client.close();
  assertEquals(await listed(`${directory.path}/cache/npm`), []);
  assertEquals((await listed(`${directory.path}/my data`)).includes("journal"), true);
});

Deno.test("a start loads no module of Node, and only what its first answer needs", async () => {
  await using directory = await temporaryDirectory();
  const program = `${directory.path}/program`;
  const laterFiles = await copyProgram(
    program,
    /^\/\/ src\/(mcp\/(tools\/|http|operations)|http\/|webhooks\/|handlers\/|init\/|store\/postgres\/|cli\/arguments)/m,
  );
  assert(laterFiles.length > 5);
  const { output, files, sources, packages } = await loadedBy(program, [], INITIALIZE + "\n");
  assertStringIncludes(output, '"serverInfo"');
  assertEquals(files.flatMap((text) => text.match(/^(import|\} from) .*"node:.*$/gm) ?? []), []);
  assertEquals(packages, ["@modelcontextprotocol/core", "@modelcontextprotocol/server", "zod"]);
  assert(sources.includes("src/mcp/server.ts") && sources.length < 300, `${sources.length} modules`);
});

Deno.test("a command loads no protocol", async () => {
  const { packages } = await loadedBy(`${PACKAGE}/program`, ["--version"], "");
  assertEquals(packages, ["commander", "zod"]);
});

testUnless(NODE, "the launcher passes on arguments, output, input and the exit code")(async () => {
  await using directory = await temporaryDirectory();
  const data = `${directory.path}/data`;
  const plan = JSON.stringify({ a: { id: "a", description: "do it", status: "pending" } });
  assertEquals((await launch(["--version"], data)).output, denoJson.version);
  assertEquals((await launch(["import", "-"], data, plan)).code, 0);
  assertStringIncludes((await launch(["export"], data)).output, '"do it"');
  const copied = await launch(["backup", `${directory.path}/copies/monday`], data);
  assertStringIncludes(copied.log, `there is no directory ${directory.path}/copies`);
  assertEquals((await launch(["backup", `${directory.path}/monday`], data)).code, 0);
  const unknown = await launch(["nonsense"], data);
  assertEquals([unknown.code, unknown.output], [1, ""]);
  assertStringIncludes(unknown.log, "unknown command 'nonsense'");
});

testUnless(NODE, "a launcher without Deno says what would help")(async () => {
  await using directory = await temporaryDirectory();
  const { code, log } = await launch(["--version"], directory.path, undefined, { ORCHESTRATOR_DENO: "" });
  assertEquals(code, 1);
  assertStringIncludes(log, "name its executable in ORCHESTRATOR_DENO");
  const missing = await launch(["--version"], directory.path, undefined, { ORCHESTRATOR_DENO: "/nowhere/deno" });
  assertEquals(missing.code, 1);
  assertStringIncludes(missing.log, "/nowhere/deno");
});

for (const signal of ["SIGTERM", "SIGINT", "SIGKILL"] as const) {
  testUnless(NODE ?? missingOnWindows("signals"), `the server ends when its launcher gets ${signal}`)(async () => {
    await using directory = await temporaryDirectory();
    const process = new Deno.Command("node", {
      args: [LAUNCHER, "--data", directory.path],
      env: environment(directory.path),
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(INITIALIZE + "\n"));
    const reader = process.stdout.getReader();
    assertStringIncludes(new TextDecoder().decode((await reader.read()).value), '"serverInfo"');
    process.kill(signal);
    const { code } = await process.status;
    assertEquals(code, signal === "SIGKILL" ? 137 : 0);
    // The server held its end of this pipe. Our end of its input is still open.
    assertEquals((await reader.read()).done, true);
    await writer.close().catch(() => {});
  });
}

Deno.test("npm installs the package, and runs its command", async () => {
  await using directory = await temporaryDirectory();
  const project = `${directory.path}/project`;
  await Deno.mkdir(project);
  await Deno.writeTextFile(`${project}/package.json`, `{ "private": true }`);
  try {
    await npm(["pack", PACKAGE], directory.path);
    const tarball = `../mcp-orchestrator-server-${denoJson.version}.tgz`;
    const once = ["--prefer-offline", "--fetch-retries=0", "--ignore-scripts", "--no-audit", "--no-fund"];
    await npm(["install", ...once, tarball], project);
  } catch (error) {
    if (!(error instanceof NpmError)) throw error;
    console.log(`skipped: npm cannot install the package here: ${error.message}`);
    return;
  }
  const { stdout, code } = await new Deno.Command("npm", {
    args: ["exec", "--offline", "--", "mcp-orchestrator", "--version"],
    cwd: project,
    env: { DENO_DIR: `${directory.path}/cache` },
  }).output();
  assertEquals([code, new TextDecoder().decode(stdout).trim()], [0, denoJson.version]);
});

const INITIALIZE = JSON.stringify({
  jsonrpc: "2.0",
  id: 1,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "test", version: "1.0.0" } },
});

/**
 * Copies the program without the files that have a text, which a start loads after its first answer or never, and names these.
 * When a start begins to load them is a matter of chance; one that needs them for its answer fails without them.
 */
async function copyProgram(directory: string, without: RegExp): Promise<readonly string[]> {
  await Deno.mkdir(directory);
  const left: string[] = [];
  for await (const { name } of Deno.readDir(`${PACKAGE}/program`)) {
    const text = await Deno.readTextFile(`${PACKAGE}/program/${name}`);
    if (without.test(text)) left.push(name);
    else await Deno.writeTextFile(`${directory}/${name}`, text);
  }
  return left;
}

/** What a run of a program prints and loads, as its coverage tells: its files, and the modules and packages in them. */
async function loadedBy(program: string, args: readonly string[], input: string) {
  await using directory = await temporaryDirectory();
  const data = `${directory.path}/data`;
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "--quiet", "--no-prompt", "--no-config", `--coverage=${directory.path}/coverage`, "--allow-read"],
      ...[`--allow-write=${data}`, "--allow-env", "--allow-sys=statfs", `${program}/main.js`, "--data", data],
      ...args,
    ],
    env: { DENO_UNSTABLE_LAZY_DYNAMIC_IMPORTS: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout } = await process.output();
  assertEquals(code, 0);
  const scripts = Array.from(Deno.readDirSync(`${directory.path}/coverage`), ({ name }) => {
    const { url } = JSON.parse(Deno.readTextFileSync(`${directory.path}/coverage/${name}`));
    return Deno.readTextFileSync(new URL(url));
  });
  const named = (pattern: RegExp) => {
    return [...new Set(scripts.flatMap((text) => Array.from(text.matchAll(pattern), ([, name = ""]) => name)))].sort();
  };
  return {
    output: new TextDecoder().decode(stdout),
    files: scripts,
    sources: named(/^\/\/ (src\/\S+\.ts)$/gm),
    packages: named(/^\/\/ \S+?\/npm\/[^/]+\/((?:@[^/]+\/)?[^/]+)\/\S+$/gm),
  };
}

/** The variables that a launcher needs which has no Deno beside it; its cache is a directory of the test. */
function environment(directory: string): Record<string, string> {
  const { PATH = "" } = Deno.env.toObject();
  return { PATH, HOME: directory, ORCHESTRATOR_DENO: Deno.execPath(), DENO_DIR: `${temporary.path}/cache` };
}

/** Runs a command to its end. */
async function launch(
  args: readonly string[],
  data: string,
  input = "",
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number; readonly output: string; readonly log: string }> {
  const process = new Deno.Command("node", {
    args: [LAUNCHER, "--data", data, ...args],
    env: { ...environment(data), ...env },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { code, stdout, stderr } = await process.output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes).trim();
  return { code, output: text(stdout), log: text(stderr) };
}

/** The names in a directory; none if it is missing. */
async function listed(directory: string): Promise<readonly string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(directory))).map(({ name }) => name);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

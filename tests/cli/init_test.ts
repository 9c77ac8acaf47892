/** `init` as its user starts it: the permissions that it asks for, the question on a terminal, and what it leaves. */

import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { type InitHome, initHome } from "../support/init.ts";
import { missingCommand, testUnless } from "../support/needs.ts";
import { cacheDirectory, type ProgramResult, runProgram } from "../support/program.ts";
import { Client, StdioClientTransport } from "../support/sdk_client.ts";
import { MAIN } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const NO_TERMINAL = Deno.build.os === "linux"
  ? await missingCommand("script", ["-qec", "true", "/dev/null"], ", so there is no terminal")
  : "script of util-linux makes the terminal, which is for Linux";

async function runInit(
  { home }: InitHome,
  flags: readonly string[],
  ...args: readonly string[]
): Promise<ProgramResult> {
  return await runProgram("", [], {
    args: ["run", "--quiet", "--no-prompt", ...flags, MAIN, "init", ...args],
    env: await environment(home),
  });
}

async function environment(home: string): Promise<Readonly<Record<string, string>>> {
  const variables = { HOME: home, USERPROFILE: home, APPDATA: `${home}/AppData`, DENO_DIR: await cacheDirectory() };
  return { ...variables, XDG_CONFIG_HOME: "", XDG_DATA_HOME: "", CODEX_HOME: "", CLAUDE_CONFIG_DIR: "" };
}

/** The flags at the end of a message. */
function flagsIn({ log }: ProgramResult): readonly string[] {
  return log.match(/--allow-(env|read|write)=\S+/g) ?? [];
}

Deno.test("without permissions, init names those that it needs, and these are enough", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.cursor/mcp.json`, "{}");
  const args = ["--client", "cursor", "claude-code", "--yes", "--no-instructions"];
  const none = await runInit(home, [], ...args);
  assertEquals([none.code, none.output], [1, ""]);
  assertStringIncludes(none.log, "start with -A, or with only what this needs");
  const variables = await runInit(home, flagsIn(none), ...args);
  assertEquals([variables.code, variables.output], [1, ""]);
  const write = flagsIn(variables).find((flag) => flag.startsWith("--allow-write="));
  const places = [".claude.json", ".claude.json.orchestrator-new", ".cursor", ".local/share/mcp-orchestrator"];
  if (Deno.build.os === "linux") {
    assertEquals(
      write?.slice("--allow-write=".length).split(",").sort(),
      places.map((place) => `${home.home}/${place}`),
    );
  }
  const { code, log } = await runInit(home, flagsIn(variables), ...args);
  assertEquals([code, log], [0, ""]);
  assertStringIncludes(await Deno.readTextFile(`${home.home}/.claude.json`), "orchestrator");
});

Deno.test("what init wrote starts the server, and after init --remove the home is as it was", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.cursor/mcp.json`, `{"mcpServers": {"other": {}}} // mine`);
  const before = await home.contents();
  const printed = await runInit(home, ["-A"]);
  assertEquals([printed.code, printed.log], [0, ""]);
  assert(/"--project",\s+\+\s+"auto"/.test(printed.output), printed.output);
  assertStringIncludes(
    printed.output,
    "Nothing was written, as there is no terminal to ask on: --yes writes the configuration, and with --instructions the " +
      "paragraph, too.",
  );
  assertEquals(await home.contents(), before);
  await using data = await temporaryDirectory();
  assertEquals((await runInit(home, ["-A"], "--yes", "--data", data.path)).code, 0);
  const text = await Deno.readTextFile(`${home.home}/.cursor/mcp.json`);
  assert(text.endsWith("// mine"), text);
  const { args } = JSON.parse(text.slice(0, -"// mine".length)).mcpServers.orchestrator;
  const client = new Client({ name: "test", version: "1.0.0" });
  await client.connect(
    new StdioClientTransport({
      command: Deno.execPath(),
      args,
      env: { DENO_DIR: await cacheDirectory() },
      stderr: "ignore",
    }),
  );
  try {
    assert((await client.listTools()).tools.length > 0);
  } finally {
    await client.close();
  }
  const { code, output } = await runInit(home, ["-A"], "--remove", "--yes");
  assertEquals(code, 0);
  assertStringIncludes(output, "Restart the clients");
  assertEquals(await home.contents(), before);
});

testUnless(NO_TERMINAL, "on a terminal, init asks for each file, and only a yes writes")(async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.cursor/mcp.json`, "{}\n");
  await home.write(`${home.home}/.gemini/settings.json`, "{}\n");
  const shown = await onTerminal(home, "n\ny\n", "--no-instructions");
  assertEquals(shown.split("Write this? [y/N]").length, 3, shown);
  assertEquals(await Deno.readTextFile(`${home.home}/.cursor/mcp.json`), "{}\n");
  assertStringIncludes(await Deno.readTextFile(`${home.home}/.gemini/settings.json`), "orchestrator");
});

/** Runs init on a terminal with keys typed ahead; resolves to what is shown. */
async function onTerminal({ home }: InitHome, keys: string, ...args: readonly string[]): Promise<string> {
  const command = [Deno.execPath(), "run", "--quiet", "-A", MAIN, "init", ...args].join(" ");
  const process = new Deno.Command("script", {
    args: ["-qec", command, "/dev/null"],
    env: await environment(home),
    stdin: "piped",
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const output = process.output();
  const writer = process.stdin.getWriter();
  await writer.write(new TextEncoder().encode(keys));
  await writer.close();
  return new TextDecoder().decode((await output).stdout);
}

Deno.test("a client that must be told the repository is configured only inside of one", async () => {
  await using home = await initHome();
  const init = async (cwd: string) =>
    await runProgram("", [], {
      args: ["run", "--quiet", "--no-prompt", "-A", MAIN, "init", "--client", "windsurf", "--yes", "--no-instructions"],
      env: await environment(home.home),
      cwd,
    });
  const file = `${home.home}/.codeium/windsurf/mcp_config.json`;
  const outside = await init(home.project);
  assertEquals([outside.code, outside.log], [1, ""]);
  assertStringIncludes(outside.output, " is in no git repository. Start init in the one that it is to work on");
  await assertRejects(() => Deno.stat(file), Deno.errors.NotFound);
  await home.initGit();
  await Deno.mkdir(`${home.project}/src`);
  const inside = await init(`${home.project}/src`);
  assertEquals([inside.code, inside.log], [0, ""]);
  assertStringIncludes(await Deno.readTextFile(file), "ORCHESTRATOR_PROJECT");
});

/** Shows that the plugin for Claude Code is whole, and that each command line in it does what its page promises. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { exists } from "@std/fs";
import { cp } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import denoJson from "../../../deno.json" with { type: "json" };
import marketplace from "../../../.claude-plugin/marketplace.json" with { type: "json" };
import hooksJson from "../../../integrations/claude-code/hooks/hooks.json" with { type: "json" };
import plugin from "../../../integrations/claude-code/.claude-plugin/plugin.json" with { type: "json" };
import servers from "../../../integrations/claude-code/.mcp.json" with { type: "json" };
import { getPrompt, PROMPTS } from "../../../src/mcp/prompts.ts";
import { missingCommand, testUnless } from "../../support/needs.ts";
import { npm, NpmError } from "../../support/npm.ts";
import { makePackage } from "../../support/package.ts";
import { Client, StdioClientTransport } from "../../support/sdk_client.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const PLUGIN = `${ROOT}integrations/claude-code`;
const NODE = await missingCommand("node", ["--version"]);

Deno.test("the marketplace offers the plugin, whose command lines name files that are there", async () => {
  const [offer] = marketplace.plugins;
  assertEquals([offer?.name, `${ROOT}${offer?.source.slice(2)}`], [plugin.name, PLUGIN]);
  for (const args of [servers.mcpServers.orchestrator.args, ...Object.values(hooksJson.hooks).map(argsOf)]) {
    for (const arg of args) assert(await exists(arg.replace("${CLAUDE_PLUGIN_ROOT}", PLUGIN)), arg);
  }
});

Deno.test("the plugin's commands are the server's prompts", async () => {
  const files = Array.from(Deno.readDirSync(`${PLUGIN}/commands`), ({ name }) => name).sort();
  assertEquals(files, PROMPTS.map(({ name }) => `${name}.md`).sort());
  for (const { name, description } of PROMPTS) {
    const [message] = getPrompt(name, { goal: "$ARGUMENTS" }).messages;
    assert(message?.content.type === "text");
    const [, head = "", text] = /^---\n([^]*?)---\n\n([^]*)$/.exec(
      await Deno.readTextFile(`${PLUGIN}/commands/${name}.md`),
    ) ?? [];
    assertEquals(text, message.content.text + "\n", name);
    assertStringIncludes(head, `description: ${description}\n`);
  }
});

testUnless(NODE, "a session is told what it holds, and reminded of it once for each attempt")(async () => {
  await using place = await installed();
  await using client = await place.connect();
  await client.call("create_tasks", { tasks: [{ id: "a", description: "do a" }, { id: "b", description: "do b" }] });
  assertEquals(await place.hook("Stop"), "");
  const { you } = await client.call("get_next_task", {});
  assert(/^claude-code-[0-9a-f]{8}$/.test(String(you)), String(you));

  const start = await place.hook("SessionStart", { source: "compact" });
  assertStringIncludes(start, `You are instance ${you}. You hold 1 task`);
  assertStringIncludes(start, "- a (attempt 1): do a");
  assertStringIncludes(
    timeless(await place.hook("PreCompact")),
    timeless(`Keep in the summary what the orchestrator's digest says:\n${start}`),
  );

  const { decision, reason } = JSON.parse(await place.hook("Stop"));
  assertEquals(decision, "block");
  assertStringIncludes(reason, "still held: a (attempt 1)\n");
  assertEquals(await place.hook("Stop", { stop_hook_active: true }), "");
  const transcript = `${place.path}/transcript.jsonl`;
  await Deno.writeTextFile(transcript, JSON.stringify({ content: `Stop hook feedback:\n${reason}` }) + "\n");
  assertEquals(await place.hook("Stop", { transcript_path: transcript }), "");

  await client.call("get_next_task", {});
  const again = JSON.parse(await place.hook("Stop", { transcript_path: transcript }));
  assertStringIncludes(again.reason, "still held: b (attempt 1)\n");
  assertEquals(again.reason.includes("still held: a"), false);
});

testUnless(NODE, "without a plan, a repository or the program, a hook succeeds, says why, and makes nothing")(
  async () => {
    await using place = await installed();
    const before = await listed(place.path);
    for (const event of Object.keys(hooksJson.hooks)) {
      const { code, log, output } = await place.runHook(event);
      assertEquals([code, output], [0, ""], event);
      assert(log !== "", event);
    }
    assertEquals(await listed(place.path), before);
    const outside = await place.runHook("SessionStart", {}, { CLAUDE_PROJECT_DIR: `${place.path}/home` });
    assertEquals([outside.code, outside.output], [0, ""]);
    assertStringIncludes(outside.log, "--project");
    const without = await place.runHook("SessionStart", {}, { CLAUDE_PLUGIN_DATA: `${place.path}/none` });
    assertEquals([without.code, without.output], [0, ""]);
    assertStringIncludes(without.log, "the program is not installed yet");
    assertEquals(await listed(place.path), before);
  },
);

testUnless(NODE, "the first start installs the program, also when two sessions start at the same time")(async () => {
  await using place = await installed();
  await npm(["pack", `${made.path}/package`], place.path);
  const env = {
    CLAUDE_PLUGIN_DATA: `${place.path}/plugin data`,
    ORCHESTRATOR_PACKAGE: `${place.path}/mcp-orchestrator-server-${denoJson.version}.tgz`,
    npm_config_prefer_offline: "true",
    npm_config_fetch_retries: "0",
  };
  await Deno.mkdir(`${place.path}/try`);
  try {
    await npm(["install", "--ignore-scripts", "--fetch-retries=0", env.ORCHESTRATOR_PACKAGE], `${place.path}/try`);
  } catch (error) {
    if (!(error instanceof NpmError)) throw error;
    return console.log(`skipped: npm cannot install the package here: ${error.message}`);
  }
  const clients = await Promise.all([place.connect(env), place.connect(env)]);
  for (const client of clients) await client[Symbol.asyncDispose]();
  assertEquals(Array.from(Deno.readDirSync(env.CLAUDE_PLUGIN_DATA), ({ name }) => name), [`server-${plugin.version}`]);
});

/** The package, made once. */
const made = await temporaryDirectory();
await makePackage(`${made.path}/package`);
globalThis.addEventListener("unload", () => Deno.removeSync(made.path, { recursive: true }));

/** A text without how long ago the last call was. */
function timeless(text: string): string {
  return text.replace(/\d+ \w+ ago/, "ago");
}

/** The arguments of the one command line of an event. */
function argsOf(entries: (typeof hooksJson.hooks)["Stop"]): readonly string[] {
  const [hook] = entries.flatMap(({ hooks }) => hooks);
  assert(hook !== undefined && hook.command === "node" && hook.type === "command");
  return hook.args;
}

/** A repository, a home, and the plugin with its program, as npm would install it. */
async function installed() {
  const directory = await temporaryDirectory();
  const { path } = directory;
  for (const each of ["repository/.git/objects", "repository/.git/refs", "home"]) {
    await Deno.mkdir(`${path}/${each}`, { recursive: true });
  }
  await Deno.writeTextFile(`${path}/repository/.git/HEAD`, "ref: refs/heads/main\n");
  const installed = `${path}/data/server-${plugin.version}/node_modules/@mcp-orchestrator/server`;
  await cp(`${made.path}/package`, installed, { recursive: true });
  const environment = {
    PATH: Deno.env.get("PATH") ?? "",
    HOME: `${path}/home`,
    CLAUDE_PLUGIN_ROOT: PLUGIN,
    CLAUDE_PLUGIN_DATA: `${path}/data`,
    CLAUDE_PROJECT_DIR: `${path}/repository`,
    ORCHESTRATOR_DENO: Deno.execPath(),
    DENO_DIR: `${path}/cache`,
  };
  const runHook = async (event: string, input: object = {}, env: Readonly<Record<string, string>> = {}) => {
    const args = argsOf(hooksJson.hooks[event as keyof typeof hooksJson.hooks]);
    const process = new Deno.Command("node", {
      args: args.map((arg) => arg.replace("${CLAUDE_PLUGIN_ROOT}", PLUGIN)),
      cwd: `${path}/repository`,
      env: { ...environment, ...env },
      clearEnv: true,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    await writer.write(new TextEncoder().encode(JSON.stringify({ hook_event_name: event, ...input })));
    await writer.close();
    const { code, stdout, stderr } = await process.output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, output: text(stdout), log: text(stderr) };
  };
  return {
    path,
    runHook,
    /** What an event's hook prints, without anything on standard error. */
    hook: async (event: string, input: object = {}) => {
      const { code, output, log } = await runHook(event, input);
      assertEquals([code, log], [0, ""], event);
      return output;
    },
    /** Starts the server as the plugin's configuration says. */
    connect: async (env: Readonly<Record<string, string>> = {}) => {
      const { command, args } = servers.mcpServers.orchestrator;
      const client = new Client({ name: "claude-code", version: "1.0.0" });
      await client.connect(
        new StdioClientTransport({
          command,
          args: args.map((arg) => arg.replace("${CLAUDE_PLUGIN_ROOT}", PLUGIN)),
          cwd: `${path}/repository`,
          env: { ...environment, ...env },
        }),
      );
      return {
        call: async (name: string, args: Record<string, unknown>) => {
          const { content } = await client.callTool({ name, arguments: args });
          // The tools of this server answer with one text, which is JSON.
          return JSON.parse((content as [{ text: string }])[0].text) as Record<string, unknown>;
        },
        [Symbol.asyncDispose]: () => client.close(),
      };
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

/** All files and folders below a directory, but Deno's cache. */
async function listed(directory: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(Deno.readDir(directory));
  const paths = await Promise.all(
    entries.filter(({ name }) => name !== "cache" && name !== "node_modules").map(async ({ name, isDirectory }) => {
      const path = `${directory}/${name}`;
      return isDirectory ? [path, ...await listed(path)] : [path];
    }),
  );
  return paths.flat().sort();
}

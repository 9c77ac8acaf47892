/**
 * Carries out the examples of the documents as a reader would: each document in a copy of the project without data, its
 * blocks in their order. All share one copy, whose sources Deno then compiles once. Calls of tools go to a real server, whose answers must be as shown; configurations are started
 * as MCP servers; shell commands are run, but for the few of NOT_RUN.
 */

import { assert, assertEquals } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { type Server, serverEnvironment, startServer } from "../support/server.ts";
import { Client, StdioClientTransport } from "../support/sdk_client.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { CLIENTS } from "../../src/init/clients.ts";
import { cacheDirectory } from "../support/program.ts";
import { connectHttp } from "../support/http_client.ts";
import { Service, startService } from "../support/service.ts";
import { type Block, blocksOf, commandsOf, isAsShown, valuesOf } from "./blocks.ts";

const ROOT = new URL("../../", import.meta.url);

/**
 * Every document with examples, but docs/handlers.md, whose examples need each other: handlers_test.ts runs them. Those
 * behind README.md start from the tasks that its examples leave.
 */
const DOCUMENTS = [
  "README.md",
  "CONTRIBUTING.md",
  "SECURITY.md",
  ...Array.from(Deno.readDirSync(new URL("docs/", ROOT)), ({ name }) => `docs/${name}`).sort()
    .filter((document) => document.endsWith(".md") && document !== "docs/handlers.md"),
];

/** Tasks of deno.json that are not run here, and why. That they exist and know their flags is checked. */
const NOT_RUN: Readonly<Record<string, string>> = {
  ok: "runs all tests",
  test: "runs all tests",
  "test:fast": "runs many tests",
  serve: "its port may be in use; tests/http/service_test.ts starts services",
  coordination: "tests/coordination/run_test.ts runs it",
  bench: "takes minutes",
  "bench:peers": "installs other servers",
  "bench:queues": "installs other queues",
  clients: "installs clients",
  conformance: "installs the suite; tests/conformance runs it",
  simulate: "takes minutes",
  "simulate:postgres": "takes minutes",
  torture: "takes minutes",
  mutations: "takes minutes",
  dashboard: "needs the tests; tests/dashboard/assets_test.ts shows that it was run",
  "status --watch": "needs a terminal; tests/cli/watch_test.ts has one",
  bundle: "tests/system/single_file_test.ts runs it",
  package: "tests/integrations/npm/package_test.ts runs it",
  compile: "downloads the runtime; tests/system/single_file_test.ts runs it where that is possible",
};

/** What a copy of the project needs so that the program can be started in it. */
const PARTS = ["deno.json", "deno.lock", "links", "main.ts", "src"];

/** The paths that the examples have in place of a reader's own. */
const SHOWN_PROJECT = "/path/to/mcp-orchestrator";
const SHOWN_DATA = "/path/to/data";
const SHOWN_HOME = "/home/you";
const SHOWN_SERVICE = "127.0.0.1:8787";

Deno.test("the examples of each document work in their order", async (t) => {
  if (Deno.build.os === "windows") return console.log("Skipped on Windows: there is no POSIX shell");
  await using place = await copyOfProject();
  for (const document of DOCUMENTS) {
    const examples = examplesOf(document);
    if (examples.length === 0) continue;
    await t.step(document, async (t) => {
      await place.clear();
      await using server = await startServer(place.data, { args: ["--toolsets", TOOLSETS.join(",")] });
      const hasRequests = examples.some(({ text }) => text.includes(`http://${SHOWN_SERVICE}/`));
      await using service = hasRequests ? await startService(place.data) : null;
      if (document !== "README.md") await prepare(server);
      for (const block of examples) {
        await t.step(`line ${block.line}`, () => carryOut(block, { place, server, service }));
      }
    });
  }
});

/** The blocks of a document that say their language; pictures and listings do not. */
function examplesOf(document: string): readonly Block[] {
  return blocksOf(Deno.readTextFileSync(new URL(document, ROOT))).filter(({ language }) => language !== "");
}

interface Surroundings {
  readonly place: Place;
  readonly server: Server;
  /** Only for documents with requests. */
  readonly service: Service | null;
}

async function carryOut({ language, text }: Block, { place, server, service }: Surroundings): Promise<void> {
  switch (language) {
    case "json": {
      const values = valuesOf(text);
      const isConfiguration = values.length === 1 && !isCall(values[0]);
      return isConfiguration ? await startConfigured(values[0], { place, service }) : await makeCalls(values, server);
    }
    case "sh":
      for (const command of commandsOf(text)) await runCommand(command, { place, service });
      return;
    case "curl":
      assert(service !== null);
      return await makeRequest(text, service);
    case "yaml":
      return checkPrometheus(text);
    default:
      throw new Error(`Nothing checks a block of ${language}`);
  }
}

/** Checks that the metrics that a configuration of Prometheus names exist; tests/telemetry/metrics_test.ts checks the list. */
function checkPrometheus(text: string): void {
  const page = Deno.readTextFileSync(new URL("docs/telemetry.md", ROOT));
  for (const [name] of text.matchAll(/\borchestrator_\w+/g)) assert(page.includes(`| \`${name}\` `), name);
}

/** Makes the calls of README.md, so that there is something to look at. */
async function prepare(server: Server): Promise<void> {
  for (const { language, text } of examplesOf("README.md")) {
    if (language !== "json") continue;
    for (const call of valuesOf(text).filter(isCall)) await server.ask(call.tool, call.arguments);
  }
}

interface Call {
  readonly tool: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

function isCall(value: unknown): value is Call {
  return typeof value === "object" && value !== null && "tool" in value && "arguments" in value;
}

/** Makes calls; a value behind one is its answer. A call without a shown answer must succeed. */
async function makeCalls(values: readonly unknown[], server: Server): Promise<void> {
  assert(isCall(values[0]), `Neither a call nor a configuration: ${JSON.stringify(values[0])}`);
  for (const [index, call] of values.entries()) {
    if (!isCall(call)) continue;
    const { isError, content, structuredContent } = await server.call(call.tool, call.arguments);
    const text = content[0]?.type === "text" ? content[0].text : "";
    const answer = isError === true ? structuredContent : JSON.parse(text);
    const shown = values[index + 1];
    if (shown === undefined || isCall(shown)) {
      assert(isError !== true, `${call.tool} ${JSON.stringify(call.arguments)}: ${text}`);
    } else if (!isAsShown(shown, answer)) {
      assertEquals(answer, shown, `the answer of ${call.tool} is not as shown`);
    }
  }
}

/** Makes a request with curl; the answer stands behind an empty line. */
async function makeRequest(text: string, service: Service): Promise<void> {
  const [command = "", shown = ""] = text.split("\n\n");
  const args = ["-c", command.replace("curl ", "curl --silent ").replaceAll(SHOWN_SERVICE, service.host)];
  const { stdout } = await new Deno.Command("sh", { args, stdin: "null" }).output();
  const answer = JSON.parse(new TextDecoder().decode(stdout));
  if (!isAsShown(JSON.parse(shown), answer)) assertEquals(answer, JSON.parse(shown), `${command}: not as shown`);
}

/** Starts every server that a client's configuration names, or connects to it. */
async function startConfigured(
  configuration: unknown,
  { place, service }: Omit<Surroundings, "server">,
): Promise<void> {
  const servers = serversIn(configuration);
  const urls = Array.from(JSON.stringify(configuration).matchAll(/"url":"(.+?)"/g), ([, url = ""]) => url);
  assert(servers.length + urls.length > 0, `There is no server in ${JSON.stringify(configuration)}`);
  for (const { command, args } of servers) await startAsClient([command, ...args], place);
  for (const url of urls) await connectAsClient(url, service);
}

/** Connects a client to an address as it is shown, and lists the tools. */
async function connectAsClient(url: string, service: Service | null): Promise<void> {
  assert(service !== null);
  await using http = await connectHttp(new URL(url.replace(SHOWN_SERVICE, service.host)), "reader");
  assert((await http.client.listTools()).tools.length > 0);
}

/** Starts a service by a command line, and ends it when it serves. */
async function startAsService(command: string, { project, data, env }: Place): Promise<void> {
  const line = command.replaceAll(SHOWN_DATA, data).replaceAll(SHOWN_HOME, project).replaceAll(":8787", ":0");
  const [, ...args] = [...line.split(" "), "--port", "0"];
  const process = new Deno.Command(Deno.execPath(), {
    args,
    cwd: project,
    env: { ...env },
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).spawn();
  await using service = new Service(process);
  await service.listening;
  assertEquals(await service.end(), 0);
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
}

function serversIn(value: unknown): readonly Launch[] {
  if (typeof value !== "object" || value === null) return [];
  const { command, args } = value as { readonly command?: unknown; readonly args?: unknown };
  if (typeof command === "string" && Array.isArray(args)) return [{ command, args }];
  // Opencode has the whole command line in one list.
  if (Array.isArray(command)) return [{ command: command[0], args: command.slice(1) }];
  return Object.values(value).flatMap(serversIn);
}

/** Starts an MCP server by the words of a command line, and lists its tools. Most clients are shown the same line: once. */
async function startAsClient(words: readonly string[], { project, data, env, started }: Place): Promise<void> {
  const [command, ...args] = withoutNpx(words.join(" ")).replaceAll(SHOWN_PROJECT, project)
    .replaceAll(SHOWN_DATA, data).replaceAll(SHOWN_HOME, project).split(" ");
  assertEquals(command, "deno");
  const line = args.join(" ");
  if (started.has(line)) return;
  started.add(line);
  const transport = new StdioClientTransport({
    command: Deno.execPath(),
    args: [...args],
    env: { ...serverEnvironment(), ...env },
    cwd: project,
    stderr: "ignore",
  });
  const client = new Client({ name: "reader", version: "1.0.0" });
  try {
    await client.connect(transport);
    assert((await client.listTools()).tools.length > 0);
  } finally {
    await client.close();
  }
}

/** Runs a line of a shell block in the copy of the project. */
async function runCommand(line: string, { place, service }: Omit<Surroundings, "server">): Promise<void> {
  const command = withoutNpx(line);
  const [, added, configuration] =
    /^(?:(?:(?:claude|codex) mcp add (?:--scope user )?orchestrator|mcp-proxy [^ ].*?) -- (.+)|code --add-mcp '(.+)')$/
      .exec(command) ??
      [];
  if (added !== undefined) return await startAsClient(added.split(" "), place);
  if (configuration !== undefined) return await startConfigured(JSON.parse(configuration), { place, service });
  const [, url] = /^claude mcp add --transport http orchestrator (\S+) --header ".+"$/.exec(command) ?? [];
  if (url !== undefined) return await connectAsClient(url, service);
  if (/^deno run .* serve\b/.test(command)) return await startAsService(command, place);
  if (/^deno run .* init\b/.test(command)) return await runAtHome(command, place);
  const [, task, flags = ""] = /^deno task ([\w:]+)(.*)$/.exec(command) ?? [];
  if (task !== undefined) checkTask(task, flags);
  if (task !== undefined && (NOT_RUN[task] ?? NOT_RUN[task + flags]) !== undefined) return;
  await runShell(command, place);
}

async function runShell(
  command: string,
  place: Place,
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const { success, stdout, stderr } = await new Deno.Command("sh", {
    args: ["-c", command],
    cwd: place.project,
    env: {
      ...place.env,
      PATH: `${Deno.execPath().replace(/\/[^/]*$/, "")}:${Deno.env.get("PATH")}`,
      NO_COLOR: "1",
      ...env,
    },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  assert(success, `${command}\n${decoder.decode(stdout)}${decoder.decode(stderr)}`);
}

/** Runs `init` for a user who has every client; the one who runs the tests is not to be looked at. */
async function runAtHome(command: string, place: Place): Promise<void> {
  const home = `${place.project}/home`;
  const variables = { HOME: home, XDG_CONFIG_HOME: `${home}/.config`, XDG_DATA_HOME: `${home}/.local/share` };
  for (const { user } of CLIENTS) {
    const [file] = user({ os: Deno.build.os, home, variable: (name) => variables[name as keyof typeof variables] });
    await Deno.mkdir(file.replace(/\/[^/]*$/, ""), { recursive: true });
  }
  await Deno.mkdir(`${home}/.claude`, { recursive: true });
  await runShell(command.replaceAll(SHOWN_PROJECT, place.project), place, {
    ...variables,
    DENO_DIR: await cacheDirectory(),
  });
}

/** A task must be in deno.json, and a long one's description must have each flag. */
function checkTask(task: string, flags: string): void {
  const known: Readonly<Record<string, { readonly description: string }>> = denoJson.tasks;
  const description = known[task]?.description;
  assert(description !== undefined, `deno.json has no task ${task}`);
  if (NOT_RUN[task] === undefined) return;
  for (const [flag] of flags.matchAll(/--[\w-]+/g)) assert(description.includes(flag), `${task} does not say ${flag}`);
}

/** npx would download Deno; with the version that CI uses, it is the one that runs now. */
function withoutNpx(command: string): string {
  const [, version, rest] = /^npx --yes deno@(\S+) (.*)$/.exec(command) ?? [];
  if (version === undefined || rest === undefined) return command;
  const script = Deno.readTextFileSync(new URL(".ci/run", ROOT));
  assert(script.includes(`deno@${version}`), `.ci/run has another version of Deno than ${version}`);
  return `deno ${rest}`;
}

Deno.test("each deno task that a document names exists", async () => {
  for (const document of DOCUMENTS) {
    const text = await Deno.readTextFile(new URL(document, ROOT));
    for (const [, task = "", flags = ""] of text.matchAll(/`deno task ([\w:]+)([^`]*)`/g)) checkTask(task, flags);
  }
});

interface Place extends AsyncDisposable {
  /** A copy of the project. */
  readonly project: string;
  /** Its data directory. */
  readonly data: string;
  /** The copy is the home, too, so that projects are made in it. */
  readonly env: Readonly<Record<string, string>>;
  /** The command lines of MCP servers that were started. */
  readonly started: Set<string>;
  /** Removes all that the examples made. */
  readonly clear: () => Promise<void>;
}

async function copyOfProject(): Promise<Place> {
  const directory = await temporaryDirectory();
  const { success } = await new Deno.Command("cp", { args: ["-r", ...PARTS, directory.path], cwd: ROOT })
    .output();
  assert(success, "Cannot copy the project");
  return {
    project: directory.path,
    data: `${directory.path}/data`,
    env: { HOME: directory.path, DENO_DIR: await cacheDirectory() },
    started: new Set(),
    async clear() {
      for await (const { name } of Deno.readDir(directory.path)) {
        if (!PARTS.includes(name)) await Deno.remove(`${directory.path}/${name}`, { recursive: true });
      }
      for (const part of ["objects", "refs"]) await Deno.mkdir(`${directory.path}/.git/${part}`, { recursive: true });
      await Deno.writeTextFile(`${directory.path}/.git/HEAD`, "ref: refs/heads/main\n");
    },
    [Symbol.asyncDispose]: () => directory[Symbol.asyncDispose](),
  };
}

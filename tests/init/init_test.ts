/** What `init` writes for each client, what it leaves alone, and that `init --remove` takes all of it back. */

import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Refusal } from "../../src/core/model/refusal.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { CLIENTS } from "../../src/init/clients.ts";
import { realConfigFiles } from "../../src/init/config_files.ts";
import type { InitOptions } from "../../src/init/init.ts";
import { testUnless } from "../support/needs.ts";
import { initHome, START } from "../support/init.ts";

/** Why modes and links cannot be tried. */
const NO_MODES = Deno.build.os === "windows" ? "Windows has neither modes nor links without rights" : undefined;

const COMMAND = JSON.stringify(START.command);
const ARGS = JSON.stringify(START.args);

/** The file of each client for all projects, and what it holds, without white space. */
const WRITTEN: Readonly<Record<string, readonly [string, string]>> = {
  "claude-code": [
    ".claude.json",
    `{"mcpServers":{"orchestrator":{"type":"stdio","command":${COMMAND},"args":${ARGS}}}}`,
  ],
  "claude-desktop": [".config/Claude/claude_desktop_config.json", told("mcpServers")],
  codex: [".codex/config.toml", `[mcp_servers.orchestrator]command=${COMMAND}args=${ARGS}`],
  cursor: [".cursor/mcp.json", `{"mcpServers":{"orchestrator":{"command":${COMMAND},"args":${ARGS}}}}`],
  vscode: [
    ".config/Code/User/mcp.json",
    `{"servers":{"orchestrator":{"type":"stdio","command":${COMMAND},"args":${ARGS}}}}`,
  ],
  copilot: [
    ".copilot/mcp-config.json",
    `{"mcpServers":{"orchestrator":{"type":"local","command":${COMMAND},"args":${ARGS},"tools":["*"]}}}`,
  ],
  gemini: [".gemini/settings.json", `{"mcpServers":{"orchestrator":{"command":${COMMAND},"args":${ARGS}}}}`],
  qwen: [".qwen/settings.json", `{"mcpServers":{"orchestrator":{"command":${COMMAND},"args":${ARGS}}}}`],
  opencode: [
    ".config/opencode/opencode.json",
    `{"mcp":{"orchestrator":{"type":"local","command":${JSON.stringify([START.command, ...START.args])}}}}`,
  ],
  cline: [
    ".config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
    told("mcpServers"),
  ],
  "cline-cli": [
    ".cline/data/settings/cline_mcp_settings.json",
    `{"mcpServers":{"orchestrator":{"command":${COMMAND},"args":${ARGS}}}}`,
  ],
  windsurf: [".codeium/windsurf/mcp_config.json", told("mcpServers")],
  zed: [".config/zed/settings.json", `{"context_servers":{"orchestrator":{"command":${COMMAND},"args":${ARGS}}}}`],
};

/** The entry of a client that is told the project. */
function told(container: string): string {
  return `{"${container}":{"orchestrator":{"command":${COMMAND},"args":${ARGS},"env":{"ORCHESTRATOR_PROJECT":"PROJECT"}}}}`;
}

Deno.test("each client gets an entry of its own form in a file that was missing, and all goes with its directories", async () => {
  await using home = await initHome();
  const before = await home.contents();
  const clients = CLIENTS.map(({ name }) => name);
  assertEquals(home.run({ clients }).code, 0);
  const written: Record<string, readonly [string, string]> = {};
  for (const [name, [file]] of Object.entries(WRITTEN)) {
    const text = await Deno.readTextFile(`${home.home}/${file}`);
    written[name] = [file, text.replaceAll(/\s/g, "").replace(home.project, "PROJECT")];
  }
  assertEquals(written, WRITTEN);
  assertEquals(clients.toSorted(), Object.keys(WRITTEN).toSorted());
  const after = await home.contents();
  assertEquals(
    home.run({ clients }).lines.filter((line) => line.includes("it has this already")).length,
    clients.length,
  );
  assertEquals(await home.contents(), after);
  await Deno.remove(`${home.home}/.cursor/mcp.json`);
  home.run({ remove: true });
  assertEquals(await home.contents(), before);
});

Deno.test("without names, the clients that are in use get an entry, and only they", async () => {
  await using home = await initHome();
  assertEquals(home.run().code, 1);
  await home.write(`${home.home}/.cursor/other.json`, "{}");
  await home.write(`${home.home}/.claude.json`, "{}");
  home.run();
  const files = [...(await home.contents()).keys()].map((path) => path.slice(home.home.length));
  assert(files.includes("/.cursor/mcp.json"));
  assert(!files.some((path) => /codex|gemini/.test(path)));
  assertStringIncludes(await Deno.readTextFile(`${home.home}/.claude.json`), "orchestrator");
});

Deno.test("in the scope of the project, the files are in it, and other projects are left alone by --client", async () => {
  await using home = await initHome();
  const clients = ["claude-code", "opencode", "windsurf"];
  await home.write(`${home.project}/opencode.jsonc`, "{ /* mine */ }");
  home.run({ scope: "project", clients });
  assertStringIncludes(await Deno.readTextFile(`${home.project}/.mcp.json`), "orchestrator");
  assertStringIncludes(await Deno.readTextFile(`${home.project}/opencode.jsonc`), "/* mine */");
  const written = await home.contents();
  home.run({ remove: true, clients: ["cursor"] }, { project: `${home.home}/elsewhere` });
  assertEquals(await home.contents(), written);
  home.run({ remove: true }, { project: `${home.home}/elsewhere` });
  assertEquals([...(await home.contents()).keys()].sort(), [home.home, home.project, `${home.project}/opencode.jsonc`]);
});

Deno.test("an entry that starts the server is brought up to date, and keeps what its user added", async () => {
  await using home = await initHome();
  const file = `${home.home}/.cursor/mcp.json`;
  await home.write(
    file,
    `{"mcpServers": {"orchestrator": {"command": "deno", "args": ["/old/main.ts"], "env": {"A": "1"}, "disabled": true}}}`,
  );
  home.run();
  const { orchestrator } = JSON.parse(await Deno.readTextFile(file)).mcpServers;
  assertEquals(orchestrator, { ...START, env: { A: "1" }, disabled: true });
  home.run({ remove: true });
  assertEquals(await Deno.readTextFile(file), `{"mcpServers": {}}`);
});

Deno.test("an entry of another program, or over HTTP, is left alone and told", async () => {
  await using home = await initHome();
  const entries = {
    "it starts another program": `{"command": "npx", "args": ["other"]}`,
    "connects to a server over HTTP": `{"url": "http://127.0.0.1:8787/mcp"}`,
  };
  for (const entry of Object.values(entries)) {
    await home.write(`${home.home}/.cursor/mcp.json`, `{"mcpServers": {"orchestrator": ${entry}}}`);
    const before = await home.contents();
    const { lines } = home.run();
    assert(lines.some((line) => /starts another program|connects to a server over HTTP/.test(line)), lines.join("\n"));
    home.run({ remove: true });
    assertEquals(await home.contents(), before);
  }
  home.run({ name: "plan" });
  const { mcpServers } = JSON.parse(await Deno.readTextFile(`${home.home}/.cursor/mcp.json`));
  assertEquals(Object.keys(mcpServers), ["orchestrator", "plan"]);
});

Deno.test("nothing is written without a yes, and what was asked is what is written", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.cursor/mcp.json`, `{}\n`);
  await home.write(`${home.home}/.codex/config.toml`, `a = 1\n`);
  const before = await home.contents();
  const unasked = home.run({ yes: false });
  assertStringIncludes(unasked.lines.at(-1) ?? "", "Nothing was written");
  assert(unasked.lines.some((line) => line.trim().startsWith(`+[mcp_servers.orchestrator]`)), unasked.lines.join("\n"));
  const questions: string[] = [];
  const answer = (isYes: (asked: number) => boolean) => (question: string) => isYes(questions.push(question));
  home.run({ yes: false }, { confirm: answer(() => false) });
  assertEquals(await home.contents(), before);
  assertEquals(questions.length, 3, "two entries and a paragraph");
  questions.length = 0;
  home.run({ yes: false }, { confirm: answer((asked) => asked === 2) });
  assertEquals(await Deno.readTextFile(`${home.home}/.codex/config.toml`), "a = 1\n");
  assertStringIncludes(await Deno.readTextFile(`${home.home}/.cursor/mcp.json`), "orchestrator");
});

Deno.test("a file that changes while its person is asked is left as it is", async () => {
  await using home = await initHome();
  const file = `${home.home}/.cursor/mcp.json`;
  await home.write(file, "{}");
  const confirm = () => {
    Deno.writeTextFileSync(file, `{"new": true}`);
    return true;
  };
  assertThrows(() => home.run({ yes: false }, { confirm }), Unavailable, "has changed meanwhile");
  assertEquals(await Deno.readTextFile(file), `{"new": true}`);
});

Deno.test("a file that cannot be read ends the command with its place, and no file is changed", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.codex/config.toml`, "a = 1\n");
  await home.write(`${home.home}/.cursor/mcp.json`, `{\n  "mcpServers": {,}\n}`);
  const before = await home.contents();
  const where = `${home.home}/.cursor/mcp.json: line 2, column 18: this is no JSON (value expected)`;
  assertThrows(() => home.run(), Unavailable, where);
  await home.write(`${home.home}/.cursor/mcp.json`, new Uint8Array([0x7b, 0xff, 0x7d]));
  assertThrows(() => home.run(), Unavailable, "it is not in UTF-8");
  await home.write(`${home.home}/.cursor/mcp.json`, "[".repeat(1_000_000));
  assertThrows(() => home.run(), Unavailable, "line 1, column 1: it is nested too deeply");
  await Deno.remove(`${home.home}/.cursor/mcp.json`);
  await Deno.mkdir(`${home.home}/.cursor/mcp.json`);
  assertThrows(() => home.run(), Unavailable, "it is no file");
  assertEquals(await Deno.readTextFile(`${home.home}/.codex/config.toml`), "a = 1\n");
  assertEquals([...before.keys()].length, [...(await home.contents()).keys()].length);
  assertThrows(() => home.run({ clients: ["vim"] }), Refusal, "There is no client vim: there are claude-code, ");
});

testUnless(NO_MODES, "a file keeps its mode, and links stay links")(async () => {
  await using home = await initHome();
  await home.write(`${home.home}/dotfiles/claude.json`, `{"a": 1}`);
  await Deno.chmod(`${home.home}/dotfiles/claude.json`, 0o640);
  await Deno.symlink("dotfiles/claude.json", `${home.home}/.claude.json`);
  await home.write(`${home.project}/AGENTS.md`, "# Rules");
  await Deno.symlink("AGENTS.md", `${home.project}/CLAUDE.md`);
  const before = await home.contents();
  const { lines } = home.run({ instructions: true });
  assertEquals(lines.filter((line) => line.startsWith("A paragraph for agents")).length, 1);
  assertEquals(((await Deno.stat(`${home.home}/dotfiles/claude.json`)).mode ?? 0) & 0o777, 0o640);
  assertEquals(((await Deno.stat(`${home.home}/.local/share/mcp-orchestrator/init.json`)).mode ?? 0) & 0o777, 0o600);
  assertStringIncludes(await Deno.readTextFile(`${home.home}/dotfiles/claude.json`), "orchestrator");
  home.run({ remove: true });
  assertEquals(await home.contents(), before);
  await Deno.remove(`${home.home}/dotfiles/claude.json`);
  const dangling = home.run({ clients: ["claude-code", "codex"] });
  assertEquals(dangling.code, 1);
  assertStringIncludes(
    dangling.lines.join("\n"),
    "stays as it is: it is a symbolic link to dotfiles/claude.json, which does not exist: remove the link",
  );
  assertStringIncludes(await Deno.readTextFile(`${home.home}/.codex/config.toml`), "orchestrator");
  assertEquals(home.run({ remove: true }).code, 0);
  assertEquals(realConfigFiles.exists(`${home.home}/.codex`), false);
});

testUnless(NO_MODES, "what an interrupted run left is replaced, and a link there is not followed")(async () => {
  await using home = await initHome();
  await home.write(`${home.home}/precious`, "mine");
  await Deno.symlink("../precious", `${home.home}/.cursor-target`);
  await home.write(`${home.home}/.cursor/mcp.json`, "{}");
  await Deno.symlink("../precious", `${home.home}/.cursor/mcp.json.orchestrator-new`);
  home.run();
  assertEquals(await Deno.readTextFile(`${home.home}/precious`), "mine");
  assertEquals(realConfigFiles.exists(`${home.home}/.cursor/mcp.json.orchestrator-new`), false);
});

Deno.test("a file that another init is writing is left to it", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.claude.json`, "{}");
  const fresh = `${home.home}/.claude.json.orchestrator-new`;
  using other = await Deno.open(fresh, { write: true, createNew: true });
  await other.lock(true);
  assertThrows(() => home.run({ clients: ["claude-code"] }), Unavailable, "another init changes it at the same time");
  assertEquals(await Deno.readTextFile(`${home.home}/.claude.json`), "{}");
  assertEquals(realConfigFiles.exists(fresh), true);
});

Deno.test("without a terminal, the options that the last line names write all that was shown", async () => {
  const withParagraph = "--yes writes the configuration, and with --instructions the paragraph, too.";
  const cases: readonly [Partial<InitOptions>, how: string, Partial<InitOptions>][] = [
    [{}, withParagraph, { instructions: true }],
    [{ instructions: true }, "--yes writes it.", { instructions: true }],
    [{ instructions: false }, "--yes writes it.", { instructions: false }],
    [{ remove: true }, "--yes writes it.", { remove: true }],
  ];
  await using home = await initHome();
  for (const [options, how, done] of cases) {
    home.run({ remove: true });
    await home.write(`${home.home}/.claude.json`, "{}");
    if (options.remove === true) home.run({ instructions: true });
    const shown = home.run({ ...options, yes: false }).lines;
    assertEquals(shown.at(-1), `Nothing was written, as there is no terminal to ask on: ${how}`);
    const changed = (lines: readonly string[]) => lines.filter((line) => line.includes(`: ${home.home.slice(0, -4)}`));
    const { lines } = home.run({ ...done, yes: true });
    assertEquals(changed(lines), changed(shown));
    assertEquals(lines.filter((line) => /^ {2}(Written|Deleted)/.test(line)).length, changed(shown).length);
  }
});

Deno.test("outside of git, no client is told of a directory without a plan, and the others are told of it", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.config/Claude/claude_desktop_config.json`, "{}");
  await home.write(`${home.home}/.claude.json`, "{}");
  const outside = home.run({ instructions: false }, { isOutsideGit: true });
  assertEquals(outside.code, 1);
  assertStringIncludes(
    outside.lines.join("\n"),
    `stays as it is: ${home.project} is in no git repository. Start init in the one that it is to work on`,
  );
  const last = `Clients start this server in git repositories only: ${home.project} is in none.`;
  assertEquals(outside.lines.filter((line) => line === last).length, 1);
  const desktop = `${home.home}/.config/Claude/claude_desktop_config.json`;
  assertEquals(await Deno.readTextFile(desktop), "{}");
  assertStringIncludes(await Deno.readTextFile(`${home.home}/.claude.json`), "orchestrator");
  const named = home.run({ instructions: false }, { isOutsideGit: true, findsProject: false });
  assertEquals([named.code, named.lines.includes(last)], [0, false]);
  assertStringIncludes(await Deno.readTextFile(desktop), "orchestrator");
  home.run({ remove: true });
  assertEquals(home.run({ instructions: false }).lines.includes(last), false);
  assertStringIncludes(await Deno.readTextFile(desktop), `"ORCHESTRATOR_PROJECT": "${home.project}"`);
});

Deno.test("paragraphs come only if they are wanted, once, and go with their markers", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.claude.json`, "{}");
  await home.write(`${home.home}/.codex/config.toml`, "");
  await home.write(`${home.project}/CLAUDE.md`, "# Rules\r\n\r\n@AGENTS.md\r\n");
  await home.write(`${home.project}/AGENTS.md`, "# Agents\r\n");
  const before = await home.contents();
  home.run();
  home.run({ instructions: false });
  assertEquals(await Deno.readTextFile(`${home.project}/AGENTS.md`), "# Agents\r\n");
  home.run({ instructions: true });
  home.run({ instructions: true, name: "orchestrator" });
  const agents = await Deno.readTextFile(`${home.project}/AGENTS.md`);
  assertEquals(agents.split("mcp-orchestrator: begin").length, 2);
  assertEquals(agents.replaceAll("\r\n", "").includes("\n"), false);
  assertEquals(
    await Deno.readTextFile(`${home.project}/CLAUDE.md`),
    "# Rules\r\n\r\n@AGENTS.md\r\n",
    "it imports the other",
  );
  home.run({ remove: true });
  assertEquals(await home.contents(), before);
  await home.write(`${home.project}/AGENTS.md`, "a\n<!-- mcp-orchestrator: begin -->\nb\n");
  assertThrows(() => home.run({ instructions: true }), Unavailable, "AGENTS.md: line 2, column 1: the markers");
});

Deno.test("what others change meanwhile stays when all is taken back", async () => {
  await using home = await initHome();
  const [json, toml, agents] = [
    `${home.home}/.gemini/settings.json`,
    `${home.home}/.codex/config.toml`,
    `${home.project}/AGENTS.md`,
  ];
  await home.write(json, `{\n  "theme": "dark" // mine\n}\n`);
  await home.write(toml, `model = "a"\n`);
  home.run({ instructions: true, clients: ["gemini", "codex"] });
  await Deno.writeTextFile(json, (await Deno.readTextFile(json)).replace("dark", "light"));
  await Deno.writeTextFile(toml, `${await Deno.readTextFile(toml)}\n[tui]\nx = 1\n`);
  await Deno.writeTextFile(agents, `# Ours\n\n${await Deno.readTextFile(agents)}\nMore\n`);
  home.run({ remove: true });
  assertEquals(await Deno.readTextFile(json), `{\n  "theme": "light" // mine\n}\n`);
  assertEquals(await Deno.readTextFile(toml), `model = "a"\n\n[tui]\nx = 1\n`);
  assertEquals(await Deno.readTextFile(agents), `# Ours\n\nMore\n`);
  assertEquals(realConfigFiles.exists(`${home.home}/.local`), false);
});

Deno.test("two names in one file are taken back one after the other, also without the record", async () => {
  await using home = await initHome();
  const text = `{\n  "a": [1, 2], "mcpServers": {}\n}`;
  await home.write(`${home.home}/.cursor/mcp.json`, text);
  const before = await home.contents();
  home.run();
  home.run({ name: "second" });
  home.run({ remove: true });
  assertEquals(await home.contents(), before);
  home.run();
  await Deno.remove(`${home.home}/.local`, { recursive: true });
  home.run({ remove: true });
  assertEquals(await home.contents(), before);
});

Deno.test("a record that cannot be read is told, and not written over", async () => {
  await using home = await initHome();
  await home.write(`${home.home}/.cursor/mcp.json`, "{}");
  const record = `${home.home}/.local/share/mcp-orchestrator/init.json`;
  await home.write(record, `{"version": 2}`);
  assertThrows(() => home.run(), Unavailable, `Cannot read ${record}`);
  assertEquals(await Deno.readTextFile(record), `{"version": 2}`);
});

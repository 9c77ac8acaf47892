/** Shows that the reference pages have all that the program has, and that what the documents point at exists. */

import { assert, assertEquals } from "@std/assert";
import { exists } from "@std/fs";
import { readArguments } from "../../src/cli/arguments.ts";
import { CLIENTS } from "../../src/init/clients.ts";
import { type Tool, TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("docs/tools.md lists each tool of each set, with all its parameters", async () => {
  const page = await read("docs/tools.md");
  const settings = settingsOf(page);
  for (const toolset of TOOLSETS) {
    const entries = section(page, `**${toolset}**`).matchAll(/^- `(\w+)\((.*?)\)`/gm);
    const printed = new Map(
      Array.from(entries, ([, name, parameters = ""]) => [name, parameters.split(", ").toSorted()]),
    );
    const real = new Map(toolsOf([toolset]).map((tool) => [tool.name, parametersOf(tool, settings).toSorted()]));
    assertEquals(printed, real, toolset);
  }
});

Deno.test("docs/commands.md has each command and each option that --help has", async () => {
  const page = await read("docs/commands.md");
  let help = "";
  readArguments(["--help"], {
    version: "1.0.0",
    name: "orchestrator",
    defaultPlace: "data",
    toolsets: TOOLSETS,
    defaultToolsets: TOOLSETS,
    print: (text) => help += text,
    printError: (text) => help += text,
  });
  const names = Array.from(help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+|[a-z]+)/gm), ([, name]) => name ?? "")
    .filter((name) => name !== "help");
  assert(names.length > 10, help);
  for (const name of names) assert(new RegExp(`(^|[ \`])${name}\\b`, "m").test(page), `docs/commands.md lacks ${name}`);
});

Deno.test("docs/clients.md lists the files of each client that init knows", async () => {
  const rows = section(await read("docs/clients.md"), "## init").matchAll(/^\| `([a-z][\w-]*)` +\|(.*)$/gm);
  const printed = Array.from(rows, ([, name, cells = ""]) => {
    const files = cells.replaceAll("CONFIG/", "~/.config/").split("|").slice(0, 3);
    return { name, files: files.map((cell) => Array.from(cell.matchAll(/`([^`]+)`/g), ([, file = ""]) => file)) };
  });
  const places = { os: "linux", home: "~", variable: () => undefined };
  const known = CLIENTS.map(({ name, user, project = [], instructions }) => {
    return { name, files: [[...user(places)], [...project], instructions === undefined ? [] : [instructions]] };
  });
  assertEquals(printed, known);
});

Deno.test("what the documents link to, and the files that they name, exist", async () => {
  const pages = [
    ...Array.from(Deno.readDirSync(ROOT), ({ name }) => name).filter((name) => name.endsWith(".md")),
    ...Array.from(Deno.readDirSync(new URL("docs/", ROOT)), ({ name }) => `docs/${name}`).filter((name) =>
      name.endsWith(".md")
    ),
  ];
  for (const page of pages) {
    const text = await read(page);
    for (const [, target = ""] of text.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(target)) continue;
      const { pathname, hash } = new URL(target, new URL(page, ROOT));
      assert(await exists(pathname), `${page} links to ${target}`);
      if (hash !== "") assert(anchorsOf(await Deno.readTextFile(pathname)).has(hash), `${page} links to ${target}`);
    }
  }
  for (const [, path = ""] of (await read("CONTRIBUTING.md")).matchAll(/`((?:src|tests|docs)\/[\w./]+)`/g)) {
    assert(await exists(new URL(path, ROOT)), `CONTRIBUTING.md names ${path}`);
  }
});

/** The names under the heading of settings, for which lists of parameters say `settings`. */
function settingsOf(page: string): ReadonlySet<string> {
  const entries = Array.from(section(page, "## Settings of a task").matchAll(/^- (.+?):/gm), ([, names = ""]) => names);
  const names = entries.flatMap((entry) => Array.from(entry.matchAll(/`(\w+)`/g), ([, name = ""]) => name));
  return new Set(names.filter((name) => name !== "dependencies"));
}

/** The parameters of a tool as its page is to list them. */
function parametersOf(tool: Tool, settings: ReadonlySet<string>): readonly string[] {
  const { properties = {}, required = [] } = tool.list().inputSchema;
  const names = Object.keys(properties);
  const hasSettings = [...settings].every((setting) => names.includes(setting));
  const others = names.filter((name) => !hasSettings || !settings.has(name));
  if (names.length === 0) return [""];
  return [...others.map((name) => required.includes(name) ? name : `${name}?`), ...(hasSettings ? ["settings"] : [])];
}

function read(path: string): Promise<string> {
  return Deno.readTextFile(new URL(path, ROOT));
}

/** The text behind a heading, to the next one of any kind. */
function section(page: string, heading: string): string {
  const start = page.indexOf(`\n${heading}\n`);
  assert(start >= 0, `There is no ${heading}`);
  const rest = page.slice(start + heading.length + 2);
  const end = rest.search(/^(#|\*\*)/m);
  return end < 0 ? rest : rest.slice(0, end);
}

/** The anchors of a page's headings, as Markdown viewers make them. */
function anchorsOf(page: string): ReadonlySet<string> {
  return new Set(
    Array.from(
      page.matchAll(/^#+ (.+)$/gm),
      ([, heading = ""]) => `#${heading.toLowerCase().replaceAll(/[^\w\- ]/g, "").replaceAll(" ", "-")}`,
    ),
  );
}

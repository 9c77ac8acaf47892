/** Shows that the parts of the program know only those that they may, as ARCHITECTURE.md and docs promise. */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** What each folder of src may import: folders, single files of others, and packages. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ["src/core/"],
  app: ["src/app/", "src/core/"],
  store: ["src/store/", "src/core/", "src/app/ports.ts", "zod", "postgres", "node:net"],
  mcp: [
    "src/mcp/",
    "src/core/messages/",
    "src/core/model/",
    "src/app/",
    "zod",
    "@modelcontextprotocol/server",
    "@modelcontextprotocol/server/",
  ],
  http: [
    "src/http/",
    "src/core/messages/",
    "src/core/model/",
    "src/app/",
    "zod",
    "hono",
    "node:http",
    "node:net",
    "node:zlib",
  ],
  // Text alone; the page itself uses the public API of HTTP only.
  webhooks: [
    "src/webhooks/",
    "src/core/messages/",
    "src/core/model/",
    "src/app/",
    "zod",
    "ipaddr.js",
    "node:http",
    "node:https",
    "node:net",
    "node:tls",
  ],
  init: [
    "src/init/",
    "src/core/model/",
    "src/app/ports.ts",
    "zod",
    "jsonc-parser",
    "smol-toml",
    "node:path",
    "node:util",
  ],
  handlers: ["src/handlers/", "src/core/messages/", "src/core/model/", "src/app/", "zod"],
  convert: ["src/convert/", "src/core/model/", "zod", "marked"],
  telemetry: ["src/telemetry/", "src/app/", "prom-client", "@opentelemetry/api"],
  composition: ["src/", "node:path"],
  dashboard: ["src/dashboard/", "preact", "preact/hooks", "@preact/signals", "marked"],
  cli: ["src/cli/", "src/core/messages/", "src/core/model/", "src/app/", "commander", "string-width", "zod"],
};

/** The rooms of src/core, and those below each, from which alone it may import. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  model: [],
  messages: ["model"],
  state: ["messages", "model"],
  templates: ["state", "messages", "model"],
  views: ["templates", "state", "messages", "model"],
  rules: ["views", "templates", "state", "messages", "model"],
};

/** What the core must not touch: it has no clock, randomness, environment, input or output. */
const IMPURE = [
  "Deno.",
  "Date.now",
  "new Date()",
  "Math.random",
  "crypto",
  "console",
  "performance",
  "setTimeout",
  "fetch(",
];

/** Code of a file without its comments, and the modules that it imports or re-exports. */
interface SourceFile {
  readonly code: string;
  readonly imports: readonly string[];
}

/** Where programs begin: the server, and what runs in a browser. */
const ENTRIES = [
  "main.ts",
  "src/dashboard/start.ts",
  "src/dashboard/main.tsx",
  "src/dashboard/plan/layout_worker.ts",
  "src/dashboard/ui/markdown_reader.ts",
];

/** The files of the dashboard, which its module imports as text: they are made of other sources. */
const TEXTS = "src/dashboard/assets/";

/** What puts parts of all kinds together. */
const COMPOSITION = "src/composition/";

/** What runs in browsers: a program of its own. */
const DASHBOARD = "src/dashboard/";

const files = new Map<string, SourceFile>();
for (const path of ["main.ts", ...listFiles("src/")]) {
  const code = withoutComments(Deno.readTextFileSync(new URL(path, ROOT)));
  files.set(path, { code, imports: importsOf(code).map((specifier) => resolve(specifier, path)) });
}
const sources = Array.from(files, ([path, file]) => ({ path, ...file })).filter(({ path }) => path !== "main.ts");

Deno.test("each part imports only what it may", () => {
  for (const { path, imports } of sources) {
    const part = path.split("/")[1] ?? "";
    const allowed = MAY_IMPORT[part];
    assert(allowed !== undefined, `${path} is in a folder that the table of imports does not have`);
    for (const target of imports) {
      assert(allowed.some((prefix) => matches(target, prefix)), `${path} imports ${target}`);
    }
  }
});

Deno.test("layout and painter of the dashboard know no view, and the layout no painter", () => {
  const engine = `${DASHBOARD}plan/`;
  for (const { path, imports } of sources.filter(({ path }) => /plan\/(layout|painter)\//.test(path))) {
    const allowed = path.includes("/layout/") ? `${engine}layout/` : engine;
    for (const target of imports) assert(matches(target, allowed), `${path} imports ${target}`);
  }
});

Deno.test("the rooms of the core import downwards only", () => {
  const roomOf = (path: string) => path.split("/")[2] ?? "";
  const core = sources.filter(({ path }) => path.startsWith("src/core/"));
  assertEquals(new Set(core.map(({ path }) => roomOf(path))), new Set(Object.keys(ROOMS)));
  for (const { path, imports } of core) {
    const room = roomOf(path);
    for (const target of imports) {
      const isBelow = ROOMS[room]?.includes(roomOf(target)) ?? false;
      assert(isBelow || roomOf(target) === room, `${path} imports upwards: ${target}`);
    }
  }
});

Deno.test("every import is found, and no part imports a composition", () => {
  for (const [path, { imports }] of files) {
    for (const target of imports.filter((target) => target.startsWith("src/") || target === "main.ts")) {
      const isText = target.startsWith(TEXTS) && Deno.statSync(new URL(target, ROOT)).isFile;
      assert(files.has(target) || isText, `${path} imports ${target}, which does not exist`);
      assert(target !== "main.ts", `${path} imports main.ts`);
      const isComposition = path === "main.ts" || path.startsWith(COMPOSITION);
      assert(isComposition || !target.startsWith(COMPOSITION), `${path} imports ${target}`);
    }
  }
});

Deno.test("no module imports itself through others", () => {
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]) => {
    assert(!trail.includes(path), `a cycle of imports: ${[...trail, path].join(" → ")}`);
    if (done.has(path)) return;
    for (const target of files.get(path)?.imports ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of files.keys()) visit(path, []);
});

Deno.test("every source file is used by the program", () => {
  const used = new Set<string>();
  const visit = (path: string) => {
    if (used.has(path)) return;
    used.add(path);
    for (const target of files.get(path)?.imports ?? []) visit(target);
  };
  ENTRIES.forEach(visit);
  assertEquals(sources.map(({ path }) => path).filter((path) => !used.has(path)), []);
});

Deno.test("every bound of the core is reached by a test of it", () => {
  const bounds = files.get("src/core/model/limits.ts")?.code.match(/(?<=^export const )\w+/gm) ?? [];
  assert(bounds.length > 20);
  const tests = listFiles("tests/core/").filter((path) => path.endsWith("_test.ts"))
    .map((path) => Deno.readTextFileSync(new URL(path, ROOT)));
  const isNamed = (bound: string) => tests.some((text) => new RegExp(`\\b${bound}\\b`).test(text));
  assertEquals(bounds.filter((bound) => !isNamed(bound)), []);
});

Deno.test("the core is pure", () => {
  for (const { path, code } of sources.filter(({ path }) => path.startsWith("src/core/"))) {
    for (const word of IMPURE) assert(!code.includes(word), `${path} uses ${word}`);
  }
});

Deno.test("only main.ts reads arguments and environment, and writes to standard output", () => {
  for (const { path, code } of sources) {
    for (const word of ["Deno.args", "Deno.env", "Deno.exit", "Deno.stdin", "Deno.stdout", "console.", "process.env"]) {
      assert(!code.includes(word), `${path} uses ${word}`);
    }
  }
});

Deno.test("only src/store/file/disk.ts works on data, and src/init/config_files.ts on clients' files", () => {
  const operations = /Deno\.(open|create|read|write|rename|remove|stat|lstat|mkdir|truncate|copy|watchFs|FsFile)/;
  const allowed = ["src/store/file/disk.ts", "src/init/config_files.ts"];
  for (const { path, code } of sources.filter(({ path }) => !allowed.includes(path))) {
    assertEquals(operations.exec(code)?.[0], undefined, path);
  }
});

Deno.test("only src/handlers/run_command.ts starts processes", () => {
  const starters = sources.filter(({ code }) => /Deno\.(Command|kill)|node:child_process/.test(code));
  assertEquals(starters.map(({ path }) => path), ["src/handlers/run_command.ts"]);
});

Deno.test("only src/mcp/sdk.ts imports the MCP SDK", () => {
  const importers = Array.from(files)
    .filter(([, { imports }]) => imports.some((target) => target.startsWith("@modelcontextprotocol/")))
    .map(([path]) => path);
  assertEquals(importers, ["src/mcp/sdk.ts"]);
});

Deno.test("only src/store/postgres/driver.ts imports the driver of PostgreSQL", () => {
  const importers = Array.from(files).filter(([, { imports }]) => imports.includes("postgres")).map(([path]) => path);
  assertEquals(importers, ["src/store/postgres/driver.ts"]);
});

/**
 * Every spread of a list into the arguments of a call, with what bounds the list: a call takes some 120,000 arguments,
 * and throws a RangeError for more. What is unbounded goes into a loop.
 */
const BOUNDED_SPREADS: Readonly<Record<string, string>> = {
  "src/app/engine.ts: ...all.slice(batch.outcomes.length)": "one batch: MAX_BATCH and a sweep",
  "src/app/engine.ts: ...again": "one batch: MAX_BATCH",
  "src/convert/task_master.ts: ...sections": "SECTIONS",
  "src/core/model/faults.ts: ...first.slice(0, MAX_FAULTS - this.#first.length)": "MAX_FAULTS",
  "src/core/rules/bulk.ts: ...decided": "the events of one task",
  "src/core/rules/bulk.ts: ...node.dependencies": "MAX_DEPENDENCIES",
  "src/core/rules/bulk.ts: ...conditionSources(node)": "MAX_DEPENDENCIES",
  "src/core/rules/bulk.ts: ...condition.parts": "MAX_DEPENDENCIES",
  "src/core/rules/sweep.ts: ...ends": "MAX_RECORD_TASKS",
  "src/core/rules/sweep.ts: ...dueEventsOf(": "the events of one task",
};

Deno.test("only lists with a known bound are spread into the arguments of a call", () => {
  // A page reads the answers of its own server, whose lists are bounded.
  const readable = Array.from(files).filter(([path]) => !path.startsWith(DASHBOARD));
  const found = readable.flatMap(([path, { code }]) => spreadArguments(code).map((text) => ({ path, text })));
  const known = Object.keys(BOUNDED_SPREADS);
  const unknown = found.filter(({ path, text }) => !known.some((each) => `${path}: ${text}`.startsWith(each)));
  assertEquals(unknown, [], "use a loop, or say here what bounds the list");
  const gone = known.filter((each) => !found.some(({ path, text }) => `${path}: ${text}`.startsWith(each)));
  assertEquals(gone, [], "no longer in the code");
});

Deno.test("spreads into calls are told from those into lists, objects and patterns, and from rest parameters", () => {
  const code = withoutComments(`
    Math.max(...a); list.push(1, ...b.map((x) => [...x])); new Thing(...c()); f(g(1), ...d)(...e);
    const f = (...rest: number[]) => [...rest, { ...rest }];
    function g(first: string, ...others: readonly string[]): void {}
    const { h, ...i } = j; k([...l], { ...m }); const text = "(...no)"; const q = \`(\${[...r]})\`;
    class S { method(...values: number[]) { return super.method(...s); } }
  `);
  assertEquals(spreadArguments(code).map((text) => text.slice(0, 6)), [
    "...a);",
    "...b.m",
    "...c()",
    "...d)(",
    "...e);",
    "...s);",
  ]);
});

Deno.test("imports are found in all their forms, and only there", () => {
  const code = withoutComments(`
    import "a";
    import b from "b";
    import { type B, c } from "c"; // import "no";
    import type { D } from "d";
    import * as e from "e";
    import f, {
      g,
    } from "f";
    export { h } from "h";
    export * from "i";
    export type { J } from "j" with { type: "json" };
    const k = await import("k");
    type L = import("l").L;
    /* import "no"; */
    const text = 'import "no";';
    const url = "https://example.com"; import "m";
  `);
  assertEquals(importsOf(code), ["a", "b", "c", "d", "e", "f", "h", "i", "j", "k", "l", "m"]);
});

function listFiles(folder: string): string[] {
  return Array.from(Deno.readDirSync(new URL(folder, ROOT))).flatMap(({ name, isDirectory }) =>
    isDirectory
      ? listFiles(`${folder}${name}/`)
      : /\.(ts|tsx|json)$/.test(name) && name !== "deno.json"
      ? [folder + name]
      : []
  ).sort();
}

/** Comments go, strings stay. */
function withoutComments(source: string): string {
  return source.replaceAll(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, text) => text ?? "",
  );
}

/** What follows each `...` that stands directly between the parentheses of a call. */
function spreadArguments(code: string): string[] {
  const open: string[] = [];
  const found: string[] = [];
  let end = 0;
  for (let at = 0; at < code.length; at = end) {
    const isText = open.at(-1) === "`";
    const token = matchAt(isText ? IN_TEMPLATE : IN_CODE, code, at);
    end = at + token.length;
    // Of all that may stand after `...`, only a rest parameter is a name with a type.
    if (token === "...") {
      if (open.at(-1) === "(" && !/^\.\.\.\w+\s*:/.test(code.slice(at))) found.push(code.slice(at));
    } else if (token === "`") isText ? open.pop() : open.push(token);
    else if (token === "${") open.push("{");
    else if (!isText && token === "/" && /(^|[(,=:[!&|?{};>]|\breturn)\s*$/.test(code.slice(0, at))) {
      end += matchAt(REGEXP_REST, code, end).length;
    } else if (!isText && "([{".includes(token)) open.push(token);
    else if (!isText && token in OPENING) {
      assert(open.pop() === OPENING[token], `brackets that this cannot read: ${code.slice(at, at + 80)}`);
    }
  }
  assertEquals(open, [], "brackets that this cannot read");
  return found;
}

/** The next piece of code, of a template's text, and of a regular expression after its first slash. */
const IN_CODE = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\.\.\.|[^]/y;
const IN_TEMPLATE = /\\.|\$\{|[^]/y;
const REGEXP_REST = /(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\//y;

function matchAt(pattern: RegExp, code: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(code)?.[0] ?? "";
}

/** The bracket that each closing one belongs to. */
const OPENING: Readonly<Record<string, string>> = { ")": "(", "]": "[", "}": "{" };

function importsOf(code: string): string[] {
  const statement = /(?:^|[;\n])\s*(?:import|export)\s(?:[^;"'`()=]*?\sfrom\s+)?"([^"]+)"|\bimport\("([^"]+)"\)/g;
  return Array.from(code.matchAll(statement), ([, plain, dynamic]) => plain ?? dynamic ?? "");
}

/** The path of a file of this project from its root; other specifiers stay as they are. */
function resolve(specifier: string, importer: string): string {
  if (!specifier.startsWith(".")) return specifier;
  return new URL(specifier, new URL(importer, ROOT)).href.slice(ROOT.href.length);
}

function matches(target: string, allowed: string): boolean {
  return allowed.endsWith("/") ? target.startsWith(allowed) : target === allowed;
}

/** Shows that the parts of the program know only those that they may, as ARCHITECTURE.md and docs promise. */

import { assert, assertEquals } from "@std/assert";

const ROOT = new URL("../", import.meta.url);

/** What each folder of src may import: folders, single files of others, and packages. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  core: ["src/core/"],
  app: ["src/app/", "src/core/"],
  store: ["src/store/", "src/core/", "src/app/ports.ts", "zod", "pg", "node:process"],
  mcp: ["src/mcp/", "src/core/", "src/app/", "zod", "leven", "@modelcontextprotocol/sdk/"],
  http: ["src/http/", "src/core/", "src/app/", "zod", "hono"],
  webhook: ["src/webhook/", "src/core/", "src/app/", "zod"],
  handlers: ["src/handlers/", "src/core/", "src/app/", "zod"],
  telemetry: ["src/telemetry/", "src/core/", "src/app/", "prom-client", "@opentelemetry/api"],
  cli: ["src/cli/", "src/core/", "src/app/", "commander", "string-width"],
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

Deno.test("every import is found, and of main.ts nothing is imported", () => {
  for (const [path, { imports }] of files) {
    for (const target of imports.filter((target) => target.startsWith("src/") || target === "main.ts")) {
      assert(files.has(target), `${path} imports ${target}, which does not exist`);
      assert(target !== "main.ts", `${path} imports main.ts`);
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
  visit("main.ts");
  assertEquals(sources.map(({ path }) => path).filter((path) => !used.has(path)), []);
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

Deno.test("only src/store/disk.ts works on files", () => {
  const operations = /Deno\.(open|create|read|write|rename|remove|stat|lstat|mkdir|truncate|copy|watchFs|FsFile)/;
  for (const { path, code } of sources.filter(({ path }) => path !== "src/store/disk.ts")) {
    assertEquals(operations.exec(code)?.[0], undefined, path);
  }
});

Deno.test("only src/mcp/sdk.ts imports the MCP SDK", () => {
  const importers = Array.from(files)
    .filter(([, { imports }]) => imports.some((target) => target.startsWith("@modelcontextprotocol/")))
    .map(([path]) => path);
  assertEquals(importers, ["src/mcp/sdk.ts"]);
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
    isDirectory ? listFiles(`${folder}${name}/`) : name.endsWith(".ts") ? [folder + name] : []
  ).sort();
}

/** Comments go, strings stay. */
function withoutComments(source: string): string {
  return source.replaceAll(
    /("(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|`(?:[^`\\]|\\.)*`)|\/\/[^\n]*|\/\*[\s\S]*?\*\//g,
    (_, text) => text ?? "",
  );
}

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

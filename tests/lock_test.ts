/**
 * Shows that a start downloads nothing for tests: Deno downloads all that the lock file in use holds. So deno.lock holds
 * exactly what main.ts needs, and the packages of tests are locked in tests/deno.lock.
 */

import { assert, assertEquals } from "@std/assert";
import { fileURLToPath } from "node:url";
import denoJson from "../deno.json" with { type: "json" };
import testsJson from "./deno.json" with { type: "json" };

const ROOT = fileURLToPath(new URL("../", import.meta.url));
const LOCK = "deno.lock";
const TESTS_LOCK = "tests/deno.lock";

/** Most packages that a first start may download. */
const MAX_PACKAGES = 25;

/** The parts of a lock file that say what is downloaded. */
interface Lock {
  /** What code asks for, and the version that it gets. */
  readonly specifiers: Readonly<Record<string, string>>;
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/** The packages that `deno info --json` reaches from a module, as keys of a lock file. */
interface Info {
  readonly npmPackages: Readonly<Record<string, unknown>>;
}

Deno.test("deno.lock holds the packages that main.ts reaches, all of them and no other", async () => {
  const { npm, specifiers } = await readLock(LOCK);
  const { npmPackages }: Info = JSON.parse(await deno("info", "--json", "--frozen", "main.ts"));
  const remedy = `remove ${LOCK} from the packages on, and run: deno cache main.ts`;
  assertEquals(Object.keys(npm).sort(), Object.keys(npmPackages).sort(), remedy);
  assert(Object.keys(npm).length <= MAX_PACKAGES, `${Object.keys(npm).length} packages`);
  // Every `deno task` downloads what the imports name, and adds it to the lock file: no client of tests is among them.
  assertEquals(Object.keys(specifiers).sort(), specifiersOf(denoJson.imports), remedy);
  await deno("cache", "--quiet", "--frozen", "main_test.ts");
});

Deno.test("the lock file of tests is complete", async () => {
  const tests = (await listTests(`${ROOT}tests`)).map((path) => path.slice(ROOT.length));
  await deno("cache", "--quiet", "--frozen", "--config", "tests/deno.json", ...tests);
  const { specifiers } = await readLock(TESTS_LOCK);
  const npm = specifiersOf(testsJson.imports).filter((specifier) => specifier.startsWith("npm:"));
  assertEquals(Object.keys(specifiers).filter((specifier) => specifier.startsWith("npm:")).sort(), npm);
});

Deno.test("tests run the program with the packages that a start runs it with", async () => {
  const [start, tests] = await Promise.all([readLock(LOCK), readLock(TESTS_LOCK)]);
  assertEquals({ ...tests.npm, ...start.npm }, tests.npm);
  const imports = { ...denoJson.imports, ...denoJson.scopes["./"] };
  assertEquals({ ...testsJson.imports, ...imports }, testsJson.imports);
  // The tests of the dashboard need the types of browsers beside Deno's.
  const { lib: _, ...compilerOptions } = testsJson.compilerOptions;
  assertEquals(compilerOptions, denoJson.compilerOptions);
  assertEquals(testsJson.nodeModulesDir, denoJson.nodeModulesDir);
  assertEquals(testsJson.fmt.lineWidth, denoJson.fmt.lineWidth);
});

/** What imports ask for, as a lock file writes it: without the slashes of prefixes. */
function specifiersOf(imports: Readonly<Record<string, string>>): string[] {
  return Object.values(imports).map((specifier) => specifier.replace(/:\//, ":").replace(/\/$/, "")).sort();
}

async function readLock(path: string): Promise<Lock> {
  return JSON.parse(await Deno.readTextFile(`${ROOT}${path}`));
}

async function listTests(directory: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) paths.push(...await listTests(`${directory}/${name}`));
    else if (name.endsWith(".ts")) paths.push(`${directory}/${name}`);
  }
  return paths;
}

/** Runs deno in the project; resolves to its standard output. */
async function deno(...args: readonly string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), { args: [...args], cwd: ROOT }).output();
  const decoder = new TextDecoder();
  if (!success) throw new Error(`deno ${args.slice(0, 5).join(" ")}: ${decoder.decode(stderr)}`);
  return decoder.decode(stdout);
}

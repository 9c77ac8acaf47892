/**
 * `deno task test:fast`: runs the test files that start no process, worker or server, neither themselves nor through what they
 * import, with no permission but files; all but a few that take seconds each. Types are left to `deno task check`.
 * Options of `deno test` are passed on.
 */

import { fileURLToPath } from "node:url";
import { makeTemporaryDirectory } from "./support/temp.ts";

const ROOT = new URL("../", import.meta.url);

/** What starts a process, a worker or a server, or, of the SDK's client, asks for the environment to do so. */
const STARTS = /\bnew (?:Deno\.Command|Worker)\(|\b(?:Deno|HttpServer)\.(?:listen|serve)\(|client\/stdio(?:\.js)?"/;

/** What tries long histories, all cuts of a file or large plans: half of the time of all. `deno task test` runs it. */
const LONG = [
  "properties_test.ts",
  "remedies_test.ts",
  "walk_test.ts",
  "corruption_test.ts",
  "legacy_import_test.ts",
  "many_tasks_test.ts",
  "nothing_held_test.ts",
  "scheduling_model_test.ts",
  "conditions_properties_test.ts",
  "views_of_restored_test.ts",
  "torn_tail_test.ts",
  "copy_test.ts",
  "death_test.ts",
  "disk_full_test.ts",
  "courier_test.ts",
];

const IMPORTED = /\b(?:from|import) "(\.[^"]+)"/g;

const FLAGS = ["--config", "tests/deno.json", "--no-check", "--parallel", "--no-prompt", "-P=files"];

async function main(args: readonly string[]): Promise<number> {
  const starts = new Map<string, boolean>();
  const files = listTests(new URL("tests/", ROOT));
  for (const name of LONG) if (!files.some((url) => isNamed(url, name))) throw new Error(`There is no ${name}`);
  const fast = files.filter((url) => !LONG.some((name) => isNamed(url, name)) && !startsProcess(url, starts));
  const directory = await makeTemporaryDirectory("orchestrator-fast-");
  try {
    await writeParts(fast, directory);
    const command = { args: ["test", ...FLAGS, ...args, directory], cwd: fileURLToPath(ROOT) };
    return (await new Deno.Command(Deno.execPath(), command).spawn().status).code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Writes one module a core, each importing its share of the files: a module for each would take half as long again. */
async function writeParts(files: readonly string[], directory: string): Promise<void> {
  const parts = navigator.hardwareConcurrency;
  for (let part = 0; part < parts; part++) {
    const imports = files.filter((_, index) => index % parts === part).map((url) => `import ${JSON.stringify(url)};\n`);
    await Deno.writeTextFile(`${directory}/part_${part + 1}_test.ts`, imports.join(""));
  }
}

function listTests(folder: URL): string[] {
  return Array.from(Deno.readDirSync(folder)).flatMap(({ name, isDirectory }) => {
    if (isDirectory) return listTests(new URL(`${name}/`, folder));
    return name.endsWith("_test.ts") ? [new URL(name, folder).href] : [];
  }).sort();
}

function isNamed(url: string, name: string): boolean {
  return url.endsWith(`/${name}`);
}

/** Whether a module or one that it imports starts a process; `known` keeps the answers, and ends cycles. */
function startsProcess(url: string, known: Map<string, boolean>): boolean {
  const found = known.get(url);
  if (found !== undefined) return found;
  known.set(url, false);
  if (!url.endsWith(".ts")) return false;
  const code = Deno.readTextFileSync(new URL(url));
  const imported = Array.from(code.matchAll(IMPORTED), ([, path = ""]) => new URL(path, url).href);
  const starts = STARTS.test(code) || imported.some((target) => startsProcess(target, known));
  known.set(url, starts);
  return starts;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

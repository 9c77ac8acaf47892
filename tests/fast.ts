/**
 * `deno task test:fast`: runs the test files that start no process, worker or server, neither themselves nor through what they
 * import, with no permission but files; all but a few that take seconds each. Types are left to `deno task check`.
 * Options of `deno test` are passed on.
 */

import { fileURLToPath } from "node:url";
import { divide, listTests, Matcher, writeParts } from "./support/parts.ts";
import { makeTemporaryDirectory } from "./support/temp.ts";

const ROOT = new URL("../", import.meta.url);

/**
 * What starts a process, a worker or a server, or asks for the environment: the SDK's client to do so, a package that reads
 * YAML when it is loaded, and a test that says so.
 */
const STARTS =
  /\bnew (?:Deno\.Command|Worker)\(|\b(?:Deno|HttpServer)\.(?:listen|serve)\(|client\/stdio(?:\.js)?"|from "yaml"|\benv: true\b/;

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

const FLAGS = ["--config", "tests/deno.json", "--no-check", "--parallel", "--no-prompt", "-P=files"];

async function main(args: readonly string[]): Promise<number> {
  const starts = new Matcher(STARTS);
  const files = listTests(new URL("tests/", ROOT));
  for (const name of LONG) if (!files.some((url) => isNamed(url, name))) throw new Error(`There is no ${name}`);
  const fast = files.filter((url) => !LONG.some((name) => isNamed(url, name)) && !starts.matches(url));
  const directory = await makeTemporaryDirectory("orchestrator-fast-");
  try {
    await writeParts(divide(fast, navigator.hardwareConcurrency), directory);
    const command = { args: ["test", ...FLAGS, ...args, directory], cwd: fileURLToPath(ROOT) };
    return (await new Deno.Command(Deno.execPath(), command).spawn().status).code;
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

function isNamed(url: string, name: string): boolean {
  return url.endsWith(`/${name}`);
}

if (import.meta.main) Deno.exit(await main(Deno.args));

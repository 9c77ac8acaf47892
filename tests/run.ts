/**
 * `deno task test`: runs all tests, most of them in modules that each import many test files. What takes longest begins
 * first, so that nothing long is left at the end. Options of `deno test` are passed on; paths of files or folders run these
 * alone, each file as a module of its own.
 */

import { exists } from "@std/fs";
import { fileURLToPath } from "node:url";
import { divide, listTests, Matcher, writeParts } from "./support/parts.ts";
import { makeTemporaryDirectory } from "./support/temp.ts";

const ROOT = new URL("../", import.meta.url);

const FLAGS = ["--config", "tests/deno.json", "--no-check", "--parallel", "--no-prompt", "-P=tests"];

/** The files that take longest, longest first: each is a module of its own. */
const LONG = [
  "dashboard/browser/browser_views_test.ts",
  "dashboard/browser/browser_test.ts",
  "proof/postgres/run_test.ts",
  "docs/examples_test.ts",
  "proof/torture/run_test.ts",
  "proof/postgres/torture_test.ts",
  "system/postgres_test.ts",
  "proof/simulation/sweep_power_loss_test.ts",
  "proof/simulation/sweep_test.ts",
  "app/nothing_held_test.ts",
  "system/sessions_test.ts",
  "cli/reading_test.ts",
  "proof/simulation/simulation_test.ts",
  "core/rules/properties_test.ts",
  "conformance/conformance_test.ts",
  "integrations/claude_code/plugin_test.ts",
  "proof/simulation/more_simulation_test.ts",
  "cli/links_test.ts",
  "proof/simulation/service_hour_test.ts",
];

/** What a file must be alone for: hooks are for all tests of a module, and the heap is searched for objects. */
const ALONE = /\bDeno\.test\.(?:before|after)|"Runtime\.queryObjects"/;

/** For how many modules the other files are. Many parts end at about the same time; each must load what it imports. */
const PARTS = 20;

async function main(args: readonly string[]): Promise<number> {
  if ((await Promise.all(args.map((arg) => exists(arg)))).includes(true)) return await runTests(args);
  const directory = await makeTemporaryDirectory("orchestrator-tests-");
  const ending = new AbortController();
  // At a terminal, the tests get this signal, too, and end; then the directory is removed.
  Deno.addSignalListener("SIGINT", () => {});
  // Whoever ends this process means the tests. Windows has no such signal.
  if (Deno.build.os !== "windows") Deno.addSignalListener("SIGTERM", () => ending.abort());
  try {
    await writeParts(planModules(), directory);
    return await runTests([...args, directory], ending.signal);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** The files of each module, in the order of their start. */
function planModules(): readonly (readonly string[])[] {
  const folder = new URL("tests/", ROOT);
  const files = listTests(folder);
  const long = LONG.map((path) => new URL(path, folder).href);
  for (const url of long) if (!files.includes(url)) throw new Error(`There is no ${url}`);
  const others = files.filter((url) => !long.includes(url));
  const matcher = new Matcher(ALONE);
  const alone = others.filter((url) => matcher.matches(url));
  return [...[...long, ...alone].map((url) => [url]), ...divide(others.filter((url) => !alone.includes(url)), PARTS)];
}

async function runTests(args: readonly string[], signal?: AbortSignal): Promise<number> {
  const command = { args: ["test", ...FLAGS, ...args], cwd: fileURLToPath(ROOT), ...(signal && { signal }) };
  return (await new Deno.Command(Deno.execPath(), command).spawn().status).code;
}

if (import.meta.main) Deno.exit(await main(Deno.args));

/**
 * Checks the tests: plants one bug after the other into a copy of the project, and runs the suites that are to find it,
 * until one does. Takes some minutes. Fails if a bug gets through.
 *
 *     main.ts [PART OF A NAME …]
 */

import { makeTemporaryDirectory } from "../../support/temp.ts";
import { missingPostgres } from "../../support/postgres.ts";
import { ALL_PLANTS } from "./all_plants.ts";
import { type Plant, PLANTS } from "./plants.ts";
import { POSTGRES_PLANTS } from "./plants_postgres.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What the tests need of the project. */
const PARTS = ["deno.json", "deno.lock", "links", "main.ts", "src", "tests", "README.md", "docs"];

/** The quickest first. */
const SUITES: readonly { readonly name: string; readonly paths: readonly string[] }[] = [
  { name: "core", paths: ["tests/core"] },
  { name: "sight", paths: ["tests/http/sight"] },
  { name: "deliveries", paths: ["tests/proof/simulation/sweep_delivery_test.ts"] },
  { name: "sweep", paths: ["tests/proof/simulation/sweep_test.ts"] },
  { name: "simulation", paths: ["tests/proof/simulation/simulation_test.ts"] },
  { name: "simulated PostgreSQL", paths: ["tests/proof/simulation/database"] },
  { name: "store and app", paths: ["tests/store", "tests/app"] },
  { name: "PostgreSQL", paths: ["tests/proof/postgres"] },
  { name: "torture", paths: ["tests/proof/torture/run_test.ts"] },
];

/** What `deno task test` runs the tests with. */
const TEST_FLAGS = ["--quiet", "--fail-fast", "--config", "tests/deno.json", "--parallel", "--no-prompt", "-P=tests"];

/** Longer than any suite takes, in milliseconds: a bug may make it wait for ever. */
const MAX_SUITE_MS = 10 * 60_000;

async function main(names: readonly string[]): Promise<number> {
  const plants = findablePlants();
  const chosen = plants.filter(({ name }) => names.length === 0 || names.some((part) => name.includes(part)));
  if (chosen.length === 0) throw new Error(`There are only: ${plants.map(({ name }) => name).join("; ")}`);
  const failing = await inCopy((directory) => firstToFail(directory));
  if (failing !== undefined) throw new Error(`The ${failing} tests fail with nothing planted`);
  console.log("Nothing planted: all suites pass");
  let missed = 0;
  for (const plant of chosen) {
    const start = performance.now();
    const suite = await firstToFind(plant);
    if (suite === undefined) missed++;
    const how = suite === undefined ? "NOT CAUGHT" : `caught by ${suite}`;
    console.log(`${plant.name}: ${how} (${Math.round((performance.now() - start) / 1000)} s)`);
  }
  console.log(missed === 0 ? `All ${chosen.length} were caught` : `${missed} of ${chosen.length} got through`);
  return missed === 0 ? 0 : 1;
}

/** The bugs that the tests can find on this machine. */
function findablePlants(): readonly Plant[] {
  const missing = missingPostgres();
  if (missing === undefined) return ALL_PLANTS;
  console.log(`Skipped: ${POSTGRES_PLANTS.length} bugs of the store in PostgreSQL: ${missing}`);
  return PLANTS;
}

/** Resolves to the name of the first suite that finds the bug. */
function firstToFind({ name, path, code, instead }: Plant): Promise<string | undefined> {
  return inCopy(async (directory) => {
    const text = await Deno.readTextFile(`${directory}/${path}`);
    if (!text.includes(code)) throw new Error(`"${name}" has no place in ${path}`);
    await Deno.writeTextFile(`${directory}/${path}`, text.replace(code, () => instead));
    // A bug that the compiler finds says nothing of the tests.
    if (await deno(directory, ["check", "--quiet", "main.ts"]) !== "passed") {
      throw new Error(`"${name}" does not compile`);
    }
    return await firstToFail(directory);
  });
}

/** Resolves to the name of the first suite that fails; one that hangs fails, and is said to. */
async function firstToFail(directory: string): Promise<string | undefined> {
  for (const { name, paths } of SUITES) {
    const end = await deno(directory, ["test", ...TEST_FLAGS, ...paths]);
    if (end !== "passed") return end === "hung" ? `${name}, which hung for ${MAX_SUITE_MS / 60_000} minutes` : name;
  }
  return undefined;
}

/** Lets something happen in a copy of the project, which is gone afterwards. */
async function inCopy<T>(action: (directory: string) => Promise<T>): Promise<T> {
  const directory = await makeTemporaryDirectory("orchestrator-mutation-");
  try {
    const { success } = await new Deno.Command("cp", { args: ["-r", ...PARTS, directory], cwd: ROOT }).output();
    if (!success) throw new Error(`Cannot copy the project to ${directory}`);
    return await action(directory);
  } finally {
    await Deno.remove(directory, { recursive: true });
  }
}

/** Runs Deno; kills it if it takes longer than any suite. */
async function deno(cwd: string, args: readonly string[]): Promise<"passed" | "failed" | "hung"> {
  const signal = AbortSignal.timeout(MAX_SUITE_MS);
  const command = new Deno.Command(Deno.execPath(), { args: [...args], cwd, stdout: "null", stderr: "null", signal });
  const { success } = await command.output();
  return success ? "passed" : signal.aborted ? "hung" : "failed";
}

if (import.meta.main) Deno.exit(await main(Deno.args));

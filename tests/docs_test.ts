/** Shows that what the documents print as data is what the program does. */

import { assert, assertEquals } from "@std/assert";
import { exists } from "@std/fs";
import { OUTCOMES, TRUTH_TABLE } from "../src/core/model/dependency.ts";
import { PLANTS } from "./proof/mutation/plants.ts";

Deno.test("the printed truth table of dependencies is the one that decides", async () => {
  const page = await Deno.readTextFile(new URL("../docs/dependencies.md", import.meta.url));
  for (const outcome of OUTCOMES) {
    const row = page.split("\n").find((line) => line.startsWith(`| \`${outcome}\` `));
    const { completed, failed, cancelled, skipped } = TRUTH_TABLE[outcome];
    const printed = row?.split("|").slice(2, -1).map((cell) => cell.trim().replace(" ", "_"));
    assertEquals(printed, [completed, failed, cancelled, skipped], outcome);
    assertEquals([TRUTH_TABLE[outcome].pending, TRUTH_TABLE[outcome].in_progress], ["unknown", "unknown"], outcome);
  }
});

Deno.test("the tests that show a guarantee exist, and each bug of the mutation check is listed", async () => {
  const page = await Deno.readTextFile(new URL("../docs/guarantees.md", import.meta.url));
  const paths = Array.from(page.matchAll(/`(tests\/[\w/.]+)`/g), ([, path]) => path ?? "");
  assert(paths.length > 10);
  for (const path of paths) assert(await exists(new URL(`../${path}`, import.meta.url)), path);
  const table = page.slice(page.indexOf("| planted"), page.indexOf("## Not promised"));
  const listed = Array.from(table.matchAll(/^\| ([^|]+?) +\| .*tests\//gm), ([, name]) => name);
  assertEquals(listed, PLANTS.map(({ name }) => name));
});

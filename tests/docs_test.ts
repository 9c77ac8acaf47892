/** Shows that what the documents print as data is what the program does. */

import { assertEquals } from "@std/assert";
import { OUTCOMES, TRUTH_TABLE } from "../src/core/dependency.ts";

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

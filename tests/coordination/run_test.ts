/** Runs the coordination program as a user does, and looks at what it prints. */

import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cacheDirectory, runProgram } from "../support/program.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** What must have been checked, and found to be so. */
const CLAIMS = [
  "all tasks completed: 29 of 29",
  "every task executed exactly once",
  "order kept: each of 29 claims",
  "results handed on",
  "a killed worker lost nothing",
  "what ada (lost) and cleo (expired) held went to others; nobody released it",
  "with each came what its last holder had said of it",
  "cleo came too late: its result was refused (stale_attempt)",
  "ada came back and was told what it had lost: copy-data",
  "the replies to report_progress, heartbeat, complete_task told of hotfix",
  "the highest priority was claimed first: hotfix before 2 older tasks",
  "one branch was enough",
  "60% of a group was enough",
  "at most 2 tasks of the group survey ran at a time",
  "one call made a group of 6 tasks",
  "the group is done",
  "order kept: each of 25 claims",
  "one holder at a time",
  "no task is left open: 22 completed, 1 failed, 2 skipped",
];

Deno.test("coordination: the program coordinates real processes, survives a kill, and finds all well", async () => {
  await using directory = await temporaryDirectory();
  const temporary = `${directory.path}/linked`;
  for (const name of ["real", "home"]) await Deno.mkdir(`${directory.path}/${name}`);
  await Deno.symlink(`${directory.path}/real`, temporary);
  const { code, output, log } = await runProgram(directory.path, [], {
    args: ["run", "--quiet", "--no-prompt", "-P=tests", fileURLToPath(new URL("main.ts", import.meta.url))],
    // As on macOS, temporary files are behind a link. As in Deno's container image, the cache is not in HOME.
    env: { TMPDIR: temporary, TMP: temporary, HOME: `${directory.path}/home`, DENO_DIR: await cacheDirectory() },
  });

  assertEquals(code, 0, output + log);
  assertMatch(output, /0\.000 s +planner +created +29 tasks$/m);
  assertMatch(output, /(ada|ben|cleo) +completed +implement → 24 tasks can start$/m);
  assertMatch(output, /(ada|ben|cleo) +killed +kill -9 \d+, while holding module-\d\d$/m);
  assertMatch(output, /(ada|ben|cleo) +is back +as process \d+; holds module-\d\d$/m);
  assertMatch(output, /(ada|ben|cleo) +completed +release$/m);
  assertMatch(output, /server +takes back +make-index from cleo: expired$/m);
  assertMatch(output, /ben +is told +cleo said "made, not checked"$/m);
  assertMatch(output, /server +takes back +copy-data from ada: lost$/m);
  assertMatch(output, /ben +is told +ada said "2 of 5 tables"$/m);
  assertMatch(output, /cleo +refused +its result of make-index: stale_attempt$/m);
  // Within the same millisecond, either line may come first.
  assertMatch(output, /cleo +is told +by complete_task: urgent, hotfix$/m);
  assertMatch(output, /cleo +claimed +hotfix$/m);
  assertMatch(output, /server +skipped +unpack-mirror$/m);
  assertMatch(output, /(ada|ben|cleo) +completed +unpack-origin → install can start$/m);
  assertMatch(output, /(ada|ben|cleo) +completed +survey-\d → report can start$/m);
  assertMatch(output, /planner +created +group login, from the template feature$/m);
  assertMatch(output, /server +skipped +login\/rework$/m);
  for (const claim of CLAIMS) assertStringIncludes(output, `✓ ${claim}`);
  assertMatch(output, /✓ journal intact: the hash chain of \d+ records verifies$/m);
  assert(!/^ +✗/m.test(output) && !output.includes("\x1b"), output);
  const lines = output.replaceAll(`${directory.path}/real`, "/tmp").split("\n");
  assertEquals(lines.filter((line) => line.length > 80), []);
  const known = new Set(lines.map(eventOf));
  assertEquals((await pictured()).filter((line) => !known.has(eventOf(line))), [], "README.md shows another run");
  assertEquals(await Array.fromAsync(Deno.readDir(temporary)), [], "the temporary directory is left behind");
  assertEquals(await Array.fromAsync(Deno.readDir(`${directory.path}/home`)), [], "packages were downloaded again");
});

/** The lines of a run that README.md shows. */
async function pictured(): Promise<readonly string[]> {
  const page = await Deno.readTextFile(new URL("../../README.md", import.meta.url));
  const lines = page.split("\n").filter((line) => /^ *\d\.\d{3} s /.test(line));
  assert(lines.length > 10, "README.md shows no run");
  return lines;
}

/** What a line of a run says, without what is different in each run: times, columns and process numbers. */
function eventOf(line: string): string {
  return line.replace(/^ *\d+\.\d{3} s +[^a-z]*/, "").replace(/kill -9 \d+/, "kill -9 …");
}

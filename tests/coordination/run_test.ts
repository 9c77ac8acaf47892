/** Runs the coordination program as a user does, and looks at what it prints. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("coordination: the program coordinates real processes, survives a kill, and finds all well", async () => {
  await using directory = await temporaryDirectory();
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      `--allow-read=${directory.path}`,
      `--allow-write=${directory.path}`,
      "--allow-run",
      "--allow-env=HOME,LOGNAME,NODE_V8_COVERAGE,OSTYPE,PATH,SHELL,TERM,USER",
      new URL("main.ts", import.meta.url).pathname,
    ],
    env: { TMPDIR: directory.path },
  }).output();
  const output = new TextDecoder().decode(stdout);

  assertEquals(code, 0, output + new TextDecoder().decode(stderr));
  assertMatch(output, /0\.000 s +planner +created +29 tasks$/m);
  assertMatch(output, /(ada|ben|cleo) +completed +implement → 24 tasks can start$/m);
  assertMatch(output, /(ada|ben|cleo) +killed +kill -9 \d+, while it holds module-\d\d$/m);
  assertMatch(output, /(ada|ben|cleo) +is back +as process \d+; holds module-\d\d$/m);
  assertMatch(output, /(ada|ben|cleo) +completed +release$/m);
  assertStringIncludes(output, "✓ all tasks completed: 29 of 29");
  assertStringIncludes(output, "✓ every task executed exactly once");
  assertStringIncludes(output, "✓ order kept: each of 29 claims");
  assertStringIncludes(output, "✓ results handed on");
  assertStringIncludes(output, "✓ a killed worker lost nothing");
  assertStringIncludes(output, "✓ journal intact: the hash chain of 59 records verifies");
  assert(!output.includes("✗") && !output.includes("\x1b"), output);
  const lines = output.replaceAll(directory.path, "/tmp").split("\n");
  assertEquals(lines.filter((line) => line.length > 80), []);
  assertEquals(await Array.fromAsync(Deno.readDir(directory.path)), [], "the temporary directory is left behind");
});

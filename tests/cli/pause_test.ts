/** Shows the commands `pause` and `resume`, and that `status` tells of a pause. */

import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runHere } from "../support/command.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("pause and resume say what they did, and status shows a pause", async () => {
  await using data = await temporaryDirectory();
  const run = (...command: readonly string[]) => runHere(data.path, command);
  assertEquals((await run("pause", "--reason", "x")).code, 1);
  await runHere(data.path, ["import", "-"], { input: "{}" });
  await run("token", "issue", "--name", "ci", "--role", "worker");
  const paused = await run("pause", "--reason", "the disk\u001b[2J is full");
  assertEquals(paused.code, 0, paused.log);
  assertMatch(paused.output, /^Paused since 2\S+Z by cli: the disk \[2J is full\n/);
  assertStringIncludes((await run("status")).output, "No task can be claimed as the project is paused since 2");
  const resumed = await run("resume");
  assertMatch(resumed.output, /^Resumed\. It was paused since 2\S+Z by cli: the disk \[2J is full\n$/);
  assertEquals((await run("resume")).output, "The project is not paused: nothing was changed.\n");
  assertEquals((await run("status")).output, "0 tasks\n");
  for (
    const [args, message] of [
      [["pause"], "required option '--reason <text>'"],
      [["pause", "--reason", " "], "The reason of the pause must not be empty"],
      [["resume", "now"], "too many arguments"],
    ] as const
  ) {
    const { code, log } = await run(...args);
    assertEquals(code, 1);
    assertStringIncludes(log, message);
  }
});

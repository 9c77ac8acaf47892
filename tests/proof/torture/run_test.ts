/** Runs the torture as a user does, for a short time and with a fixed seed. */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { runProgram } from "../../support/program.ts";
import { temporaryDirectory } from "../../support/temp.ts";

Deno.test("torture: processes that suffer for 24 seconds lose nothing, do nothing twice, and answer by the rules", async () => {
  if (Deno.build.os === "windows") return console.log("Skipped on Windows: processes cannot be stopped");
  await using directory = await temporaryDirectory();
  const { code, output: printed, log } = await runProgram(directory.path, [], {
    args: [
      ...["run", "--quiet", "--no-prompt", "-P=tests", new URL("main.ts", import.meta.url).pathname],
      ...["--minutes", "0.4", "--seed", "20251122", "--processes", "8"],
    ],
    env: { TMPDIR: directory.path },
  });
  const output = printed + log;
  assertEquals(code, 0, output);
  const [, kills, stops] = /(\d+) kills, (\d+) stops/.exec(output) ?? [];
  assert(Number(kills) > 3 && Number(stops) > 3, output);
  const [, calls, answered, refused] = /(\d+) calls: (\d+) answered, (\d+) refused/.exec(output) ?? [];
  assert(Number(calls) > 200 && Number(answered) > 100 && Number(refused) > 50, output);
  assertEquals(output.match(/^✓ /gm)?.length, 10, output);
  const [, messages] = /^(\d+) messages to a webhook$/m.exec(output) ?? [];
  assert(Number(messages) > 30, output);
  assertMatch(output, /records in (?:[2-9]|\d{2,}) segments$/m);
  assertEquals(await Array.fromAsync(Deno.readDir(directory.path)), [], "the temporary directory is left behind");
});

/** Runs the torture as a user does, for a short time and with a fixed seed. */

import { assert, assertEquals } from "@std/assert";
import { runProgram } from "../../support/program.ts";
import { temporaryDirectory } from "../../support/temp.ts";

/** For how long, in minutes. A machine that is too busy to do enough in the time needs a longer one. */
const MINUTES = [0.4, 1];

Deno.test("torture: processes that suffer for 24 seconds lose nothing, do nothing twice, and answer by the rules", async () => {
  if (Deno.build.os === "windows") return console.log("Skipped on Windows: processes cannot be stopped");
  let output = "";
  for (const minutes of MINUTES) {
    output = await torture(minutes);
    if (isEnough(output)) return;
  }
  assert(false, output);
});

/** Runs it; resolves to what it prints. */
async function torture(minutes: number): Promise<string> {
  await using directory = await temporaryDirectory();
  const { code, output: printed, log } = await runProgram(directory.path, [], {
    args: [
      ...["run", "--quiet", "--no-prompt", "-P=tests", new URL("main.ts", import.meta.url).pathname],
      ...["--minutes", `${minutes}`, "--seed", "20251122", "--processes", "8"],
    ],
    env: { TMPDIR: directory.path },
  });
  const output = printed + log;
  assertEquals(code, 0, output);
  assertEquals(output.match(/^✓ /gm)?.length, 10, output);
  assertEquals(await Array.fromAsync(Deno.readDir(directory.path)), [], "the temporary directory is left behind");
  return output;
}

/** Whether enough was done that something would have shown. */
function isEnough(output: string): boolean {
  const [, kills, stops] = /(\d+) kills, (\d+) stops/.exec(output) ?? [];
  const [, calls, answered, refused] = /(\d+) calls: (\d+) answered, (\d+) refused/.exec(output) ?? [];
  const [, messages] = /^(\d+) messages to a webhook$/m.exec(output) ?? [];
  const [, segments] = /records in (\d+) segments$/m.exec(output) ?? [];
  return Number(kills) > 3 && Number(stops) > 3 && Number(calls) > 200 && Number(answered) > 100 &&
    Number(refused) > 50 && Number(messages) > 30 && Number(segments) > 1;
}

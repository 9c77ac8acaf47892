/** Shows that a journal whose line ends were converted is told from a damaged one, and can be converted back. */

import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { refuseConvertedLines } from "../../../src/store/file/line_ends.ts";
import { segmentName } from "../../../src/store/file/segments.ts";
import { create } from "../../support/calls.ts";
import { runHere } from "../../support/command.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { runProgram } from "../../support/program.ts";
import { startServer } from "../../support/server.ts";
import { temporaryDirectory } from "../../support/temp.ts";

/** One record alone looks like a torn end, a long one spans several reads. */
for (
  const [what, descriptions] of [
    ["one record", ["short"]],
    ["several records", ["short", "short", "short"]],
    ["a record longer than a read", ["x".repeat(60_000)]],
  ] as const
) {
  Deno.test(`a journal of ${what} with CR LF is refused by every command, and is whole once it has LF again`, async () => {
    await using directory = await temporaryDirectory();
    {
      await using server = await startServer(directory.path);
      for (const [index, description] of descriptions.entries()) {
        await server.ask("create_tasks", {
          tasks: [{ id: `t${index}`, description }, { id: `u${index}`, description }],
        });
      }
    }
    const path = `${directory.path}/journal/0000000001.jsonl`;
    const whole = await Deno.readTextFile(path);
    const converted = whole.replaceAll("\n", "\r\n");
    await Deno.writeTextFile(path, converted);
    for (const hasCheckpoint of [true, false]) {
      if (!hasCheckpoint) await Deno.remove(`${directory.path}/state.json`);
      for (const command of [[], ["status"], ["history"], ["export"], ["verify"], ["repair"], ["import", "-"]]) {
        const carryOut = command.length === 0 ? runProgram : runHere;
        const { code, output, log } = await carryOut(directory.path, command, { input: "{}" });
        assertEquals([code, output, log.split("\n").length], [1, "", 2], log);
        assertStringIncludes(log, `The lines of ${path} end in CR LF instead of LF: the file was converted, as git`);
      }
      assertEquals(await Deno.readTextFile(path), converted);
    }
    await Deno.writeTextFile(path, converted.replaceAll("\r\n", "\n"));
    assertEquals((await runHere(directory.path, ["verify"])).output.split("\n").at(-2), "OK");
    await using server = await startServer(directory.path);
    await create(server, "next");
  });
}

Deno.test("an empty journal and an unfinished first record are not refused for their line ends", async () => {
  await using directory = await temporaryDirectory();
  await Deno.mkdir(`${directory.path}/journal`);
  for (const text of ["", '{"v":2,"seq":1']) {
    await Deno.writeTextFile(`${directory.path}/journal/0000000001.jsonl`, text);
    assertEquals((await runHere(directory.path, ["verify"])).code, 0);
  }
});

Deno.test({
  name: "converted line ends are found in the first and in the last of several segments",
  permissions: "none",
  fn() {
    for (const [converted, named] of [[[], undefined], [[1], 1], [[3], 3], [[1, 3], 1], [[1, 2, 3], 1]] as const) {
      const disk = new MemoryDisk();
      disk.makeDirectory("/data/journal");
      for (const number of [1, 2, 3]) {
        const end = converted.some((each) => each === number) ? "\r\n" : "\n";
        disk.put(`/data/journal/${segmentName(number)}`, `{"seq":${number}}${end}{}${end}`);
      }
      if (named === undefined) refuseConvertedLines(disk, "/data");
      else {
        const { code, message } = assertThrows(() => refuseConvertedLines(disk, "/data"), Unavailable);
        assertEquals(code, "journal_damaged");
        assertStringIncludes(message, `The lines of /data/journal/${segmentName(named)} end in CR LF`);
      }
    }
  },
});

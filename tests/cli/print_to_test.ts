/** Shows that the output of a command reaches its reader whole, however slowly that takes it. */

import { assertEquals, assertThrows } from "@std/assert";
import { printTo } from "../../src/cli/print_to.ts";
import { times } from "../core/given.ts";
import { programArgs } from "../support/server.ts";
import { createTask, startStore } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** An output that answers each write as told: with how many bytes it takes, or with an error. */
function outputThat(answers: readonly (number | Error)[]): { written: string; writeSync(bytes: Uint8Array): number } {
  const rest = [...answers];
  const decoder = new TextDecoder();
  return {
    written: "",
    writeSync(bytes) {
      const answer = rest.shift() ?? bytes.length;
      if (answer instanceof Error) throw answer;
      this.written += decoder.decode(bytes.subarray(0, answer), { stream: true });
      return answer;
    },
  };
}

Deno.test("a text is written whole even if the output takes only a part, or would block", () => {
  const output = outputThat([1, new Deno.errors.WouldBlock(), 2, new Deno.errors.WouldBlock(), 1]);
  printTo(output, "ключ 🦕\n");
  assertEquals(output.written, "ключ 🦕\n");
});

Deno.test("writing stops when the reader is gone", () => {
  const output = outputThat([2, new Deno.errors.BrokenPipe()]);
  assertThrows(() => printTo(output, "abc"), Deno.errors.BrokenPipe);
  assertEquals(output.written, "ab");
});

Deno.test("a command whose reader closes the pipe exits with 0 and without a message", async () => {
  await using directory = await temporaryDirectory();
  {
    await using store = await startStore({ directory: directory.path });
    // More of each than a pipe takes that nobody reads (64 KiB on Linux).
    await Promise.all(times(1_500, (index) => createTask(store.engine, `${index} ${"x".repeat(100)}`)));
  }
  for (const command of [["status", "--all"], ["history", "--limit", "2000"], ["export"]]) {
    const program = new Deno.Command(Deno.execPath(), {
      args: programArgs(directory.path, ...command),
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    await program.stdout.cancel();
    const [log, { code }] = await Promise.all([new Response(program.stderr).text(), program.status]);
    assertEquals([code, log], [0, ""], command[0]);
  }
});

/** Shows that the output of a command reaches its reader whole, however slowly that takes it. */

import { assertEquals, assertThrows } from "@std/assert";
import { printTo } from "../../src/cli/print_to.ts";

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

Deno.test("a text is written whole though the output takes a part, or is full and does not block", () => {
  const output = outputThat([1, new Deno.errors.WouldBlock(), 2, new Deno.errors.WouldBlock(), 1]);
  printTo(output, "ключ 🦕\n");
  assertEquals(output.written, "ключ 🦕\n");
});

Deno.test("a reader that is gone ends the writing", () => {
  const output = outputThat([2, new Deno.errors.BrokenPipe()]);
  assertThrows(() => printTo(output, "abc"), Deno.errors.BrokenPipe);
  assertEquals(output.written, "ab");
});

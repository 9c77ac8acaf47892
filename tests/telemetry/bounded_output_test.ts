/** Shows that an output that nobody reads costs neither time nor memory without bound, and that the loss is told. */

import { assert, assertEquals } from "@std/assert";
import { BoundedOutput, MAX_UNWRITTEN_CHARACTERS } from "../../src/telemetry/bounded_output.ts";

/** An output whose writes a test lets pass one by one, a number of bytes at a time. */
class Condition {
  readonly #decoder = new TextDecoder();
  #pass: ((bytes: number | Error) => void) | undefined;
  #offered = Promise.withResolvers<void>();
  written = "";

  write(bytes: Uint8Array): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#pass = (result) => {
        if (result instanceof Error) return reject(result);
        const taken = bytes.subarray(0, result);
        this.written += this.#decoder.decode(taken, { stream: true });
        resolve(taken.length);
      };
      this.#offered.resolve();
    });
  }

  /** Waits for a write and lets up to so many bytes of it pass, or makes it fail. */
  async pass(result: number | Error = Infinity): Promise<void> {
    await this.#offered.promise;
    this.#offered = Promise.withResolvers();
    this.#pass?.(result);
  }
}

const open = (gate: Condition) => new BoundedOutput(gate, (count) => `${count} dropped\n`);

Deno.test("texts are written in order, whatever part of a write the output takes", async () => {
  const gate = new Condition();
  const output = open(gate);
  output.write("один\n");
  output.write("two\n");
  for (let byte = 0; byte < 3; byte++) await gate.pass(1);
  await gate.pass();
  output.write("three\n");
  await gate.pass();
  await output.flush(60_000);
  assertEquals(gate.written, "один\ntwo\nthree\n");
});

for (const [more, dropped] of [[-1, 0], [0, 0], [1, 1]] as const) {
  Deno.test(`with ${more} characters more than may wait, ${dropped} texts are dropped`, async () => {
    const gate = new Condition();
    const output = open(gate);
    output.write("first\n");
    await Promise.resolve();
    // The first is on its way now, and counts no more.
    const filler = "x".repeat(MAX_UNWRITTEN_CHARACTERS / 2);
    output.write(filler);
    output.write("y".repeat(MAX_UNWRITTEN_CHARACTERS / 2 + more));
    for (let writes = 0; writes < 2; writes++) await gate.pass();
    if (dropped > 0) await gate.pass();
    await output.flush(60_000);
    assertEquals(gate.written.includes("dropped"), dropped > 0);
    assertEquals(
      gate.written.length - "first\n".length,
      dropped > 0 ? filler.length + "1 dropped\n".length : MAX_UNWRITTEN_CHARACTERS + more,
    );
  });
}

Deno.test("what was dropped is counted where it is missing, and later texts are written again", async () => {
  const gate = new Condition();
  const output = open(gate);
  output.write("first\n");
  await Promise.resolve();
  output.write("x".repeat(MAX_UNWRITTEN_CHARACTERS - 1) + "\n");
  for (let n = 0; n < 1_000; n++) output.write("lost\n");
  await gate.pass();
  await gate.pass();
  await gate.pass();
  output.write("after\n");
  await gate.pass();
  await output.flush(60_000);
  assertEquals(gate.written.slice("first\n".length + MAX_UNWRITTEN_CHARACTERS), "1000 dropped\nafter\n");
});

Deno.test("what comes after a dropped text is dropped too, though it had room, until the count is written", async () => {
  const gate = new Condition();
  const output = open(gate);
  output.write("first\n");
  output.write("x".repeat(MAX_UNWRITTEN_CHARACTERS));
  for (const text of ["short\n", "another\n"]) output.write(text);
  for (let writes = 0; writes < 2; writes++) await gate.pass();
  output.write("after\n");
  await gate.pass();
  await output.flush(60_000);
  assertEquals(gate.written, "first\n3 dropped\nafter\n");
});

Deno.test("an output that is full and does not block is tried again", async () => {
  const gate = new Condition();
  const output = open(gate);
  output.write("text\n");
  await gate.pass(new Deno.errors.WouldBlock());
  await gate.pass();
  await output.flush(60_000);
  assertEquals(gate.written, "text\n");
});

Deno.test("an output that is gone takes nothing more, and nobody waits for it", async () => {
  const gate = new Condition();
  const output = open(gate);
  output.write("text\n");
  await gate.pass(new Deno.errors.BrokenPipe());
  await output.flush(60_000);
  output.write("more\n");
  await output.flush(60_000);
  assertEquals(gate.written, "");
});

Deno.test("the wait for an output that nobody reads is bounded", async () => {
  const gate = new Condition();
  const output = open(gate);
  output.write("text\n");
  await output.flush(1);
  assert(gate.written === "");
  await gate.pass();
  await output.flush(60_000);
});

Deno.test("a text longer than what may wait is dropped and counted, and later texts are written", async () => {
  for (const isWriting of [false, true]) {
    const gate = new Condition();
    const output = open(gate);
    if (isWriting) output.write("before\n");
    await Promise.resolve();
    output.write("x".repeat(MAX_UNWRITTEN_CHARACTERS + 1));
    for (let writes = isWriting ? 2 : 1; writes > 0; writes--) await gate.pass();
    await output.flush(60_000);
    output.write("after\n");
    await gate.pass();
    await output.flush(60_000);
    assertEquals(gate.written, `${isWriting ? "before\n" : ""}1 dropped\nafter\n`);
  }
});

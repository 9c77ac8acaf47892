/** Shows in a pseudo-terminal that `status --watch` follows the plan, fits the terminal, and leaves it as it was. */

import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { missingCommand, testUnless } from "../support/needs.ts";
import { runProgram } from "../support/program.ts";
import { programArgs, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** Why there is no terminal: `script` of util-linux makes it, which takes other arguments on other systems. */
const NO_TERMINAL = Deno.build.os === "linux"
  ? await missingCommand("script", ["-qec", "true", "/dev/null"], ", so there is no terminal")
  : "script of util-linux makes the terminal, which is for Linux";

const ENTER = "\x1b[?1049h\x1b[?25l\x1b[?7l";
const LEAVE = "\x1b[?7h\x1b[?25h\x1b[?1049l";

/** `status --watch` in a terminal of 40 columns and 10 rows, after which a shell tells its exit code and the settings. */
class Watched implements AsyncDisposable {
  readonly #process: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array<ArrayBuffer>>;
  shown = "";

  constructor(directory: string) {
    const watch = [Deno.execPath(), ...programArgs(directory, "status", "--watch")].map((arg) => `'${arg}'`).join(" ");
    const command = `stty rows 10 cols 40; sh -c 'echo pid=$$; exec "$@"' sh ${watch}; echo code=$?; stty -a`;
    this.#process = new Deno.Command("script", {
      args: ["-qec", command, "/dev/null"],
      env: { NO_COLOR: "1", SHELL: "/bin/sh" },
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#process.stdout.pipeThrough(new TextDecoderStream()).getReader();
    this.#writer = this.#process.stdin.getWriter();
  }

  /** Reads until a text was shown that matches. */
  async until(pattern: RegExp): Promise<void> {
    while (!pattern.test(this.shown)) {
      const { done, value } = await this.#reader.read();
      assert(!done, `never showed ${pattern}: ${JSON.stringify(this.shown)}`);
      this.shown += value;
    }
  }

  async type(keys: string): Promise<void> {
    await this.#writer.write(new TextEncoder().encode(keys));
  }

  async endInput(): Promise<void> {
    await this.#writer.close();
  }

  terminate(): void {
    Deno.kill(Number(/pid=(\d+)/.exec(this.shown)?.[1]), "SIGTERM");
  }

  /** What was written after the screen was left. */
  async rest(): Promise<string> {
    // The last of the settings but a few, in the order of `stty`.
    await this.until(/echoke/);
    return this.shown.slice(this.shown.indexOf(LEAVE) + LEAVE.length);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill("SIGKILL");
    await this.#reader.cancel();
    await this.#process.status;
  }
}

const WAYS: Readonly<Record<string, (watched: Watched) => Promise<void> | void>> = {
  "the key q": (watched) => watched.type("q"),
  "Ctrl-C": (watched) => watched.type("\x03"),
  "the end of input": (watched) => watched.endInput(),
  SIGTERM: (watched) => watched.terminate(),
};

for (const [name, leave] of Object.entries(WAYS)) {
  testUnless(NO_TERMINAL, `status --watch shows what changes, and at ${name} leaves the terminal as it was`)(
    async () => {
      await using directory = await temporaryDirectory();
      await using server = await startServer(directory.path);
      await create(server, "first");
      await using watched = new Watched(directory.path);
      await watched.until(/first +ready/);
      assertStringIncludes(watched.shown, ENTER);
      await watched.type("x\x1b[A");
      await create(server, "second");
      await watched.until(/second +ready/);
      // No row beyond the tenth is written to, and no line is wider than the terminal.
      const parts = watched.shown.split("\x1b[");
      const rows = parts.flatMap((part) => /^\d+(?=;1H$)/.exec(part)?.map(Number) ?? []);
      const texts = parts.filter((part) => part.startsWith("2K")).map((part) => part.slice(2));
      assert(rows.length > 4 && Math.max(...rows) <= 10);
      assert(texts.every((text) => text.length <= 40), JSON.stringify(texts));
      assert(!watched.shown.includes(LEAVE));
      await leave(watched);
      const rest = await watched.rest();
      assertMatch(rest, /^code=0\r?\n/);
      assertMatch(rest, / icanon/);
      assertMatch(rest, / echo /);
    },
  );
}

testUnless(NO_TERMINAL, "status --watch ends at an error, which is told once the terminal is as it was")(async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path);
    await create(server, "first");
  }
  await using watched = new Watched(directory.path);
  await watched.until(/first +ready/);
  await Deno.rename(`${directory.path}/journal`, `${directory.path}/moved`);
  const rest = await watched.rest();
  assertMatch(rest, /error: /);
  assertMatch(rest, /code=1\r?\n/);
  assertMatch(rest, / icanon/);
});

Deno.test("status --watch is refused without a terminal, and names status", async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path);
    await create(server, "first");
  }
  const { code, output, log } = await runProgram(directory.path, ["status", "--watch"]);
  assertEquals([code, output], [1, ""]);
  assertStringIncludes(log, "Cannot watch, as input and output are not both a terminal: status without --watch prints");
});

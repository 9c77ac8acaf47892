/** Shows that the command of a handler is bounded in time and output, whatever it does. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { KEPT_BYTES, runCommand, type RunOptions } from "../../src/handlers/run_command.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

const PATH = Deno.env.get("PATH") ?? "";

/** Longer than any of these tests takes. */
const LONG_MS = 60_000;

function test(name: string, act: (directory: string) => Promise<void>): void {
  Deno.test(name, async () => {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: there is no POSIX shell");
    await using directory = await temporaryDirectory();
    await act(directory.path);
  });
}

/** Runs a shell script in a directory. */
function runScript(script: string, directory: string, options: Partial<RunOptions> = {}) {
  return runCommand({
    run: ["sh", "-c", script],
    directory,
    env: { PATH },
    input: "input",
    timeoutMs: LONG_MS,
    graceMs: LONG_MS,
    signal: new AbortController().signal,
    ...options,
  });
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

test("a command gets its input, directory and environment, and nothing else", async (directory) => {
  const env = { PATH, NAME: "value" };
  assertEquals(await runScript("cat > in; pwd > where; env > env", directory, { env }), { type: "done" });
  assertEquals(await Deno.readTextFile(`${directory}/in`), "input");
  assertEquals((await Deno.readTextFile(`${directory}/where`)).trim(), directory);
  const variables = (await Deno.readTextFile(`${directory}/env`)).trim().split("\n");
  // The shell adds some of its own.
  const given = variables.filter((line) => !/^(PWD|SHLVL|OLDPWD|_)=/.test(line));
  assertEquals(given.toSorted(), ["NAME=value", `PATH=${PATH}`]);
});

test("a command that fails is told with its exit code or signal, and the end of its output", async (directory) => {
  assertEquals(await runScript("echo out; echo why >&2; exit 3", directory), {
    type: "failed",
    error: "It ended with exit code 3",
    output: "why\n",
  });
  assertEquals(await runScript("echo out; exit 1", directory), {
    type: "failed",
    error: "It ended with exit code 1",
    output: "out\n",
  });
  assertEquals(await runScript("kill -9 $$", directory), {
    type: "failed",
    error: "It was ended by SIGKILL",
    output: "",
  });
  const missing = await runCommand({
    ...{ run: ["no-such-command"], directory, env: { PATH }, input: "", timeoutMs: LONG_MS },
    signal: new AbortController().signal,
  });
  assert(missing.type === "failed");
  assertStringIncludes(missing.error, "It cannot be started");
});

test("a command need not read its input, however long that is", async (directory) => {
  const input = "x".repeat(1024 * 1024);
  assertEquals(await runScript("exit 0", directory, { input }), { type: "done" });
  assertEquals(await runScript("exec <&-; sleep 0.1", directory, { input }), { type: "done" });
  assertEquals(await runScript(`test $(wc -c) -eq ${input.length}`, directory, { input }), { type: "done" });
});

test("of a flood of output only the end is kept, and nobody waits for a reader", async (directory) => {
  const flood = "i=0; while [ $i -lt 200 ]; do head -c 50000 /dev/zero | tr '\\0' x; i=$((i+1)); done";
  const result = await runScript(`{ ${flood}; } & { ${flood}; } >&2; wait; echo last >&2; exit 1`, directory);
  assert(result.type === "failed");
  assertEquals(result.output.length, KEPT_BYTES);
  assert(result.output.endsWith("xlast\n"));
});

test("a command that takes too long is asked to end, with its children", async (directory) => {
  const script = "trap 'echo ended > ended; exit 0' TERM; sleep 1000 & echo $! > child; wait";
  const result = await runTooLong(script, directory);
  assertEquals(result, { type: "failed", error: `It took longer than ${LONG_MS} ms, and was ended`, output: "" });
  assertEquals(await Deno.readTextFile(`${directory}/ended`), "ended\n");
  await untilDead(directory);
});

test("a command that does not end when it is asked is killed, with its children", async (directory) => {
  const script = "trap '' TERM; sleep 1000 & echo $! > child; while :; do sleep 1000; done";
  const result = await runTooLong(script, directory, { graceMs: 50 });
  assertEquals(result.type, "failed");
  await untilDead(directory);
});

test("a command is ended by the signal, and is not started after it", async (directory) => {
  const stopping = new AbortController();
  const running = runScript("echo > started; sleep 1000", directory, { signal: stopping.signal });
  await until("the start", () => exists(`${directory}/started`));
  stopping.abort();
  assertEquals(await running, { type: "stopped" });
  assertEquals(await runScript("echo > again", directory, { signal: stopping.signal }), { type: "stopped" });
  assert(!await exists(`${directory}/again`));
});

test("a child that keeps the output open after the command has ended holds up nobody", async (directory) => {
  assertEquals(await runScript("sleep 1000 & echo $! > child", directory), { type: "done" });
  Deno.kill(Number(await Deno.readTextFile(`${directory}/child`)), "SIGKILL");
});

/** Runs a script whose time is over as soon as it has written a file `child`. */
async function runTooLong(script: string, directory: string, options: Partial<RunOptions> = {}) {
  const { setTimeout } = globalThis;
  const ends: (() => void)[] = [];
  const noting = (run: () => void, ms?: number) => {
    if (ms === LONG_MS) ends.push(run);
    return setTimeout(run, ms);
  };
  Object.assign(globalThis, { setTimeout: noting });
  try {
    const running = runScript(script, directory, options);
    await until("the child", () => Deno.readTextFile(`${directory}/child`).then((pid) => pid !== "", () => false));
    // The first is the end of its time; one of its grace comes later, if at all.
    ends[0]?.();
    return await running;
  } finally {
    Object.assign(globalThis, { setTimeout });
  }
}

/** Waits until the process whose id is in the file `child` is dead. */
async function untilDead(directory: string): Promise<void> {
  const pid = (await Deno.readTextFile(`${directory}/child`)).trim();
  await until("the end of the child", async () => {
    const { stdout } = await new Deno.Command("ps", { args: ["-o", "stat=", "-p", pid] }).output();
    const state = new TextDecoder().decode(stdout).trim();
    return state === "" || state.startsWith("Z");
  });
}

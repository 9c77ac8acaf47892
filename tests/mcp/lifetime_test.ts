/**
 * Shows how a server ends: by itself when its client is gone, in whatever way, after answering what it took, with
 * everything it acknowledged in the journal.
 */

import { fileURLToPath } from "node:url";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runProgram } from "../support/program.ts";
import { initialize, RawServer, request, toolCall } from "../support/raw_server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("at the end of input a server answers all calls, writes the checkpoint and exits with 0", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const ids = Array.from({ length: 300 }, (_, n) => `t${n}`);
  await server.write(initialize("begin") + ids.map(createCall).join(""));
  await server.endInput();
  assertEquals((await server.rest()).map(({ id }) => id), ["begin", ...ids]);
  assertEquals(await server.exitCode, 0);
  assertEquals(await server.log, "");
  assertEquals(await checkpointedIds(directory.path), ids);
});

Deno.test("at the end of input a server does not wait for cancelled calls", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  const ids = Array.from({ length: 50 }, (_, n) => `t${n}`);
  const cancelled = (requestId: string) =>
    JSON.stringify({ jsonrpc: "2.0", method: "notifications/cancelled", params: { requestId } }) + "\n";
  await server.write(ids.map((id) => createCall(id) + cancelled(id)).join(""));
  await server.endInput();
  const answered = (await server.rest()).map(({ id }) => id);
  assertEquals(answered.filter((id) => !ids.includes(String(id))), []);
  assertEquals(await server.exitCode, 0);
});

Deno.test("a server without any input exits with 0 and leaves no tasks file", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.endInput();
  assertEquals(await server.rest(), []);
  assertEquals(await server.exitCode, 0);
  assertEquals(await checkpointedIds(directory.path), undefined);
});

Deno.test("an unfinished last line is not a call", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.write(createCall("whole") + createCall("unfinished").trimEnd());
  await server.endInput();
  assertEquals((await server.rest()).map(({ id }) => id), ["whole"]);
  assertEquals(await server.exitCode, 0);
  assertEquals(await checkpointedIds(directory.path), ["whole"]);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`after ${signal} a server exits with 0, and its checkpoint has all that it answered`, async () => {
    await using directory = await temporaryDirectory();
    await using server = new RawServer(directory.path);
    const ids = Array.from({ length: 400 }, (_, n) => `t${n}`);
    await server.write(initialize("begin"));
    await server.take(1);
    // Half-way through, with calls waiting in the pipe.
    const writing = server.write(ids.map(createCall).join("")).catch(() => {});
    const answers = await server.take(100);
    server.kill(signal);
    answers.push(...await server.rest());
    await writing;
    assertEquals(await server.exitCode, 0);
    for (const { result } of answers) assert(result !== undefined && result["isError"] === undefined);
    assertEquals(await checkpointedIds(directory.path), answers.map(({ id }) => id));
  });
}

Deno.test("a server whose client closed the output ends, and the journal has every call that it read", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.write(initialize("begin") + Array.from({ length: 100 }, (_, n) => createCall(`t${n}`)).join(""));
  const answers = await server.take(50);
  await server.closeOutput();
  // Its input stays open: it must find out by itself.
  await server.write(createCall("last")).catch(() => {});
  assertEquals(await server.exitCode, 0);
  const { output, code } = await runProgram(directory.path, ["verify"]);
  assertEquals(code, 0);
  assertStringIncludes(output, "OK");
  const kept = await checkpointedIds(directory.path) ?? [];
  for (const { id } of answers.slice(1)) assert(kept.includes(String(id)), `${id} is lost`);
  const exported = JSON.parse((await runProgram(directory.path, ["export", "--tasks"])).output);
  assertEquals(Object.keys(exported), kept, "the checkpoint has what the journal has");
});

Deno.test("a server does not outlive a client that is killed", async () => {
  await using directory = await temporaryDirectory();
  const parent = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", "-A", fileURLToPath(new URL("../support/parent.ts", import.meta.url)), directory.path],
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let output = "";
  let isOver = false;
  // The parent and the server share one output: it ends when both are dead.
  const reading = (async () => {
    for await (const text of parent.stdout.pipeThrough(new TextDecoderStream())) output += text;
    isOver = true;
  })();
  try {
    await until("the server to start", () => output.includes("mcp-orchestrator"));
    parent.kill("SIGKILL");
    await parent.status;
    await until("the server to end", () => isOver);
  } finally {
    if (!isOver) {
      killIfAlive(parent.pid);
      killIfAlive(Number.parseInt(output));
    }
    await reading;
  }
});

Deno.test("after a signal a server still writes the answers that its client has not read", async () => {
  await using directory = await temporaryDirectory();
  await using server = new RawServer(directory.path);
  await server.write(initialize("begin") + createCall("a"));
  await server.take(2);
  // More answers than a pipe holds.
  const unread = Array.from({ length: 2_000 }, (_, n) => request(n, "prompts/list")).join("");
  const writing = server.write(unread).catch(() => {});
  const answers = await server.take(1);
  server.kill("SIGTERM");
  answers.push(...await server.rest());
  await writing;
  assertEquals(answers.map(({ id }) => id), answers.map((_, n) => n));
  assertEquals(await server.exitCode, 0);
  assertEquals(await checkpointedIds(directory.path), ["a"]);
});

function createCall(id: string): string {
  return toolCall(id, "create_task", { id, description: "" });
}

/** Ids in tasks.json; undefined if there is none. */
async function checkpointedIds(directory: string): Promise<string[] | undefined> {
  try {
    return Object.keys(JSON.parse(await Deno.readTextFile(`${directory}/tasks.json`)));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function killIfAlive(pid: number): void {
  try {
    Deno.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

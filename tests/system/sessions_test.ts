/**
 * Shows with real processes what becomes of the tasks of a client, without timeout_ms, when the client or its server ends:
 * they go back, unless their instance has come back; and that a silent client that is connected loses nothing.
 */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { EventType } from "../../src/core/messages/events.ts";
import { create } from "../support/calls.ts";
import { eventsOf, readRecords } from "../support/journal.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { runProgram } from "../support/program.ts";
import { type Json, MAIN, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

/** A wait that no test waits for, within the SDK's time limit of a call. */
const LONG_MS = 50_000;

/** Options with which tasks go back as soon as a session has ended. */
const NO_GRACE = { args: ["--session-grace-ms", "0"] };

/** A task that can be claimed again at once. */
const TASK = { id: "a", description: "", backoff: { initial_interval_ms: 0 } };

for (const signal of ["SIGKILL", "SIGABRT"] as const) {
  testUnless(
    missingOnWindows(signal),
    `the task of a worker whose server ended by ${signal} goes to one who waits in another server`,
  )(async () => {
    await using directory = await temporaryDirectory();
    await using server = await startServer(directory.path, NO_GRACE);
    await using worker = await startServer(directory.path, NO_GRACE);
    await server.ask("create_task", TASK);
    await worker.ask("get_next_task", { instance_id: "ann" });
    const waiting = server.ask("get_next_task", { instance_id: "bob", wait_ms: LONG_MS });
    Deno.kill(worker.pid, signal);
    const { id, attempt, previous } = await waiting;
    assertEquals([id, attempt], ["a", 2]);
    const { instance, outcome, message } = previous as Json;
    assertEquals([instance, outcome, message], ["ann", "lost", "Its client was gone and did not come back"]);
    assertEquals(await typesOf(directory.path), ["session.lost"]);
    assertEquals(sessionFiles(directory.path), 1);
  });
}

for (const how of ["closes its input", "sends SIGTERM"] as const) {
  testUnless(
    how === "closes its input" ? undefined : missingOnWindows("SIGTERM"),
    `a client that ${how} ends its session before its server exits`,
  )(async () => {
    await using directory = await temporaryDirectory();
    await using worker = await startServer(directory.path);
    await create(worker, "a");
    await worker.ask("get_next_task", { instance_id: "ann" });
    if (how === "sends SIGTERM") Deno.kill(worker.pid, "SIGTERM");
    else await worker.close();
    await worker.ended;
    const [ended] = eventsOf(await readRecords(directory.path), "session.closed");
    assertEquals(ended?.tasks, ["a"]);
    assertEquals(sessionFiles(directory.path), 0);
    // Nobody else was there, and the task waits for its worker.
    await using next = await startServer(directory.path);
    const { kept } = await next.ask("get_task_details", { task_id: "a" });
    assertStringIncludes(String(kept), new Date(ended?.until ?? 0).toISOString());
    await next.ask("complete_task", { task_id: "a", instance_id: "ann", result: "back" });
  });
}

testUnless(missingOnWindows("SIGSTOP"), "a stopped server loses nothing, and goes on when it is continued")(
  async () => {
    await using directory = await temporaryDirectory();
    await using server = await startServer(directory.path, NO_GRACE);
    await using worker = await startServer(directory.path);
    await using dying = await startServer(directory.path);
    await create(server, "a", "b");
    await worker.ask("get_next_task", { instance_id: "ann" });
    await dying.ask("get_next_task", { instance_id: "bob" });
    const { pid } = worker;
    Deno.kill(pid, "SIGSTOP");
    try {
      await dying.kill();
      // The other server looks at both sessions at the same time.
      await noticed(directory.path, "session.lost");
      assertEquals(eventsOf(await readRecords(directory.path), "session.lost").map(({ tasks }) => tasks), [["b"]]);
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
    await worker.ask("complete_task", { task_id: "a", instance_id: "ann", result: "slow" });
  },
);

Deno.test("an instance that comes back in another server after its session was lost keeps its tasks", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using worker = await startServer(directory.path);
  await create(server, "a");
  await worker.ask("get_next_task", { instance_id: "ann" });
  await worker.kill();
  await noticed(directory.path, "session.lost");
  await using restarted = await startServer(directory.path, NO_GRACE);
  const { holding } = await restarted.ask("heartbeat", { instance_id: "ann" });
  assertEquals(holding, [{ id: "a", attempt: 1 }]);
  await restarted.ask("complete_task", { task_id: "a", instance_id: "ann", result: "" });
  assertEquals(await typesOf(directory.path), ["session.lost", "session.resumed"]);
});

Deno.test("tasks are brought over if the instance called in the new server before the old one died", async () => {
  await using directory = await temporaryDirectory();
  await using old = await startServer(directory.path);
  await create(old, "a", "b");
  await old.ask("get_next_task", { instance_id: "ann" });
  await using restarted = await startServer(directory.path);
  await restarted.ask("heartbeat", { instance_id: "ann" });
  await old.kill();
  // The agent says nothing.
  await noticed(directory.path, "session.resumed");
  assertEquals(await typesOf(directory.path), ["session.lost", "session.resumed"]);
  const { kept } = await restarted.ask("get_task_details", { task_id: "a" });
  assertEquals(kept, "as long as its client is connected");
});

Deno.test("a client that has just died is in nobody's way, though no server has noticed yet", async () => {
  await using directory = await temporaryDirectory();
  await using old = await startServer(directory.path);
  await create(old, "a");
  await old.ask("get_next_task", { instance_id: "ann" });
  await using restarted = await startServer(directory.path);
  await restarted.ask("heartbeat", { instance_id: "ann" });
  await old.kill();
  await restarted.ask("complete_task", { task_id: "a", instance_id: "ann", result: "" });
});

for (const [kind, settings] of [["without", {}], ["with", { timeout_ms: 600_000 }]] as const) {
  Deno.test(`two clients with one instance id are told, and neither ends a task ${kind} timeout_ms of the other`, async () => {
    await using directory = await temporaryDirectory();
    await using first = await startServer(directory.path);
    await using second = await startServer(directory.path);
    for (const id of ["a", "b"]) await first.ask("create_task", { id, description: "", ...settings });
    const { note: alone = "" } = await first.ask("get_next_task", { instance_id: "ann" });
    assertEquals(String(alone).includes("in use"), false);
    const claimed = await second.ask("get_next_task", { instance_id: "ann" });
    const note =
      "instance_id ann is in use in another connected client, which holds a under it: use an id of your own.";
    assertEquals(claimed["id"], "b");
    assertStringIncludes(String(claimed["note"]), note);
    const mistaken = { task_id: "a", instance_id: "ann", result: "by the wrong one" };
    assertEquals((await second.refused("complete_task", mistaken)).code, "instance_in_use");
    const none = await second.ask("get_next_task", { instance_id: "ann" });
    assertEquals([none["status"], none["note"]], ["no_tasks", note]);
    await first.ask("complete_task", { task_id: "a", instance_id: "ann", result: "by the right one" });
    await second.ask("complete_task", { ...mistaken, task_id: "b" });
    assertEquals(await typesOf(directory.path), []);
  });
}

Deno.test("an instance whose server died goes on with its task with timeout_ms in another server", async () => {
  await using directory = await temporaryDirectory();
  await using old = await startServer(directory.path);
  await old.ask("create_task", { id: "a", description: "", timeout_ms: 600_000 });
  await old.ask("get_next_task", { instance_id: "ann" });
  await using restarted = await startServer(directory.path, NO_GRACE);
  await old.kill();
  await restarted.ask("report_progress", { task_id: "a", instance_id: "ann", percent: 50 });
  assertEquals(await typesOf(directory.path), ["session.lost", "session.resumed"]);
  await using other = await startServer(directory.path);
  const { code } = await other.refused("complete_task", { task_id: "a", instance_id: "ann", result: "" });
  assertEquals(code, "instance_in_use");
  await restarted.ask("complete_task", { task_id: "a", instance_id: "ann", result: "" });
});

Deno.test("an agent without instance_id whose client was restarted is told under which id it held its task", async () => {
  await using directory = await temporaryDirectory();
  await using old = await startServer(directory.path);
  await create(old, "a");
  const { you } = await old.ask("get_next_task", {});
  await using other = await startServer(directory.path);
  const hint = `${you} is not connected: if that was you, give instance_id ${you}`;
  const complete = { task_id: "a", result: "done" };
  const { message } = await other.refused("complete_task", complete);
  assertEquals(message.endsWith(`${you} holds it`), true, "it is connected");
  await old.kill();
  await using restarted = await startServer(directory.path);
  const none = await restarted.ask("get_next_task", {});
  assertEquals([none["you"] === you, none["holding"]], [false, []]);
  const named = `; not connected, but holding tasks: ${you} (a): if that was you, give this instance_id`;
  assertStringIncludes(String(none["message"]), named);
  assertStringIncludes((await restarted.refused("complete_task", complete)).message, hint);
  assertStringIncludes((await restarted.refused("get_next_task", { task_id: "a" })).message, hint);
  await create(restarted, "b");
  assertStringIncludes(
    String((await restarted.ask("get_next_task", {}))["note"]),
    `Before you begin: ${named.slice(2)}.`,
  );
  await restarted.ask("get_next_task", { task_id: "a", instance_id: you });
  await restarted.ask("complete_task", { ...complete, instance_id: you });
});

Deno.test("after a restart of the machine, the first call finds the tasks of the dead sessions", async () => {
  await using directory = await temporaryDirectory();
  {
    await using stack = new AsyncDisposableStack();
    const servers: Server[] = [];
    for (let count = 0; count < 3; count++) servers.push(stack.use(await startServer(directory.path)));
    for (const [index, server] of servers.entries()) {
      await server.ask("create_task", { ...TASK, id: `t${index}` });
      await server.ask("get_next_task", { instance_id: `w${index}` });
    }
    await Promise.all(servers.map((server) => server.kill()));
  }
  // What an flock leaves behind: files that nobody locks. Some are of earlier days.
  for (let count = 0; count < 10; count++) {
    await Deno.writeTextFile(`${directory.path}/sessions/${crypto.randomUUID()}`, "");
  }
  await using server = await startServer(directory.path, NO_GRACE);
  const taken = await server.ask("get_next_task", { instance_id: "ann" });
  assertEquals([taken["status"], taken["attempt"]], ["in_progress", 2]);
  assertEquals(eventsOf(await readRecords(directory.path), "session.lost").length, 3);
  assertEquals(sessionFiles(directory.path), 1);
});

Deno.test("a client that only waits and looks writes nothing", async () => {
  await using directory = await temporaryDirectory();
  {
    await using server = await startServer(directory.path);
    await server.ask("get_task_status");
    await server.ask("get_next_task", { instance_id: "ann", wait_ms: 10 });
  }
  assertEquals(await readRecords(directory.path), []);
});

Deno.test("a backup of a directory in use has no sessions", async () => {
  await using directory = await temporaryDirectory();
  await using destination = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "a");
  await server.ask("get_next_task", { instance_id: "ann" });
  const permissions = [`--allow-read=${directory.path},${destination.path}`, `--allow-write=${destination.path}`];
  const command = [MAIN, "--data", directory.path, "backup", `${destination.path}/copy`];
  const args = ["run", "--quiet", "--no-prompt", ...permissions, ...command];
  const { code, output } = await runProgram(directory.path, [], { args });
  assertEquals(code, 0, output);
  const names = Array.from(Deno.readDirSync(`${destination.path}/copy`), ({ name }) => name);
  assert(names.includes("journal") && !names.includes("sessions"), names.join());
});

/** Waits until a record has an event of a type. */
async function noticed(directory: string, type: EventType): Promise<void> {
  await until(type, async () => eventsOf(await readRecords(directory), type).length > 0);
}

/** The types of all events of sessions, in order. */
async function typesOf(directory: string): Promise<readonly string[]> {
  const records = await readRecords(directory);
  return records.flatMap(({ events }) => events).map(({ type }) => type).filter((type) => type.startsWith("session."));
}

function sessionFiles(directory: string): number {
  return Array.from(Deno.readDirSync(`${directory}/sessions`)).length;
}

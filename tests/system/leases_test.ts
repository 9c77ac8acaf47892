/**
 * Shows with real processes that dead workers strand nothing: what they held goes to those who wait for it, in another
 * process, and their late answers are refused. And that those who wait learn at once of what others do.
 */

import { assert, assertEquals } from "@std/assert";
import { create } from "../support/calls.ts";
import { eventsOf, readRecords } from "../support/journal.ts";
import { runProgram } from "../support/program.ts";
import { rounds } from "../support/rounds.ts";
import { type Json, type Server, startServer, startServers } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

/** A lease or a ttl that expires soon, though not within a few calls. */
const SHORT_MS = 300;

/** A lease or a ttl that no machine is too busy to renew in time. */
const LIFE_MS = 3_000;

/** A wait that no test waits for, within the SDK's time limit of a call. */
const LONG_MS = 50_000;

/**
 * What others do must show in far less than the interval of a second at which a process looks anyway: so often one after the
 * other, in some of so many rounds, as a busy machine may hold up any of them.
 */
const SOON_MS = 300;
const SOON_ROUNDS = 5;
const MAX_ROUNDS = 200;

const PROCESSES = 8;
const TASKS = 60;

Deno.test("the task of a killed worker goes to one who waits, and its late answer is refused", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using worker = await startServer(directory.path);
  await server.ask("create_task", {
    id: "a",
    description: "",
    timeout_ms: SHORT_MS,
    backoff: { initial_interval_ms: 0 },
  });
  const { attempt } = await worker.ask("get_next_task", { instance_id: "ann" });
  const waiting = waitFor(server, "bob");
  await worker.kill();
  const taken = await waiting;
  assertEquals([taken["id"], taken["attempt"]], ["a", 2]);
  const { durationMs, ...previous } = taken["previous"] as Json;
  assertEquals([previous["instance"], previous["outcome"]], ["ann", "expired"]);
  assert(Number(durationMs) >= SHORT_MS);

  // The agent lives on, with another server.
  await using restarted = await startServer(directory.path);
  const late = { task_id: "a", instance_id: "ann", result: "late", attempt };
  assertEquals((await restarted.refused("complete_task", late)).code, "stale_attempt");
  assertEquals((await restarted.refused("complete_task", { ...late, attempt: undefined })).code, "stale_attempt");
  await server.ask("complete_task", { task_id: "a", instance_id: "bob", result: "in time", attempt: 2 });
  assertEquals((await restarted.ask("get_task_details", { task_id: "a" }))["result"], "in time");
});

Deno.test("a worker without a sign of life is lost, with all it held, and is told when it comes back", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using worker = await startServer(directory.path);
  await create(server, "a", "b");
  for (const task_id of ["a", "b"]) await worker.ask("get_next_task", { instance_id: "ann", task_id });
  // Its last sign of life: however soon it is lost, it holds both.
  await worker.ask("register_instance", { instance_id: "ann", ttl_ms: SHORT_MS });
  const waiting = [waitFor(server, "bob"), waitFor(server, "cid")];
  await worker.kill();
  const taken = await Promise.all(waiting);
  assertEquals(taken.map(({ id }) => id).sort(), ["a", "b"]);
  const { instances } = await server.ask<{ instances: Json[] }>("list_instances", { all: true });
  const shown = instances.map(({ id, status }) => [id, status]);
  assertEquals(shown, [["ann", "lost"], ["bob", "unregistered"], ["cid", "unregistered"]]);

  await using restarted = await startServer(directory.path);
  const back = await restarted.ask("heartbeat", { instance_id: "ann" });
  assertEquals([back["status"], back["holding"], back["lost_tasks"]], ["active", [], ["a", "b"]]);
});

Deno.test("while a worker lives and waits for more, it is not lost", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using worker = await startServer(directory.path);
  await server.ask("create_task", { id: "a", description: "", timeout_ms: LIFE_MS });
  await worker.ask("register_instance", { instance_id: "ann", ttl_ms: LIFE_MS });
  await worker.ask("get_next_task", { instance_id: "ann" });
  assertEquals((await waitFor(worker, "ann", 2 * LIFE_MS))["status"], "no_tasks");
  const completed = await worker.ask("complete_task", { task_id: "a", instance_id: "ann", result: "", attempt: 1 });
  assertEquals((completed["completed_task"] as Json)["status"], "completed");
  const records = await readRecords(directory.path);
  assertEquals([...eventsOf(records, "instance.lost"), ...eventsOf(records, "attempt.ended")], []);
});

Deno.test("one who waits learns at once of what another process creates", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await using other = await startServer(directory.path);
  for (let round = 0, soon = 0; soon < SOON_ROUNDS; round++) {
    assert(round < MAX_ROUNDS, `it is never ${SOON_ROUNDS} times less than ${SOON_MS} ms`);
    const begun = Promise.withResolvers<void>();
    const waiting = waitFor(server, "ann", LONG_MS, begun.resolve);
    await begun.promise;
    const start = performance.now();
    await create(other, `t${round}`);
    assertEquals((await waiting)["id"], `t${round}`);
    soon = performance.now() - start < SOON_MS ? soon + 1 : 0;
  }
});

Deno.test("tasks that eight processes wait for are done once each, in order", async () => {
  await using directory = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(directory.path, PROCESSES, stack);
  const [planner] = servers;
  assert(planner !== undefined);
  // Nobody has seen any task when all begin to wait.
  const working = servers.flatMap((server, n) => ["x", "y"].map((which) => workUntilStopped(server, `${which}${n}`)));
  await create(
    planner,
    ...Array.from({ length: TASKS / 3 }, (_, n) => `a${n}`),
    ...Array.from({ length: TASKS / 3 }, (_, n) => ({ id: `b${n}`, dependencies: [`a${n}`] })),
  );
  for (let n = 0; n < TASKS / 3; n++) await create(planner, { id: `c${n}`, dependencies: [`b${n}`] });
  // When all is done, one task for each says so.
  const all = await planner.ask<Json[]>("get_task_status", { fields: ["id"] });
  await planner.ask("create_tasks", {
    tasks: servers.flatMap((_, n) =>
      ["x", "y"].map((which) => ({
        id: `stop ${which}${n}`,
        description: "stop",
        assign_to: { instance: `${which}${n}` },
        dependencies: all.map(({ id }) => id),
      }))
    ),
  });
  const done = (await Promise.all(working)).flat();
  assertEquals(done.toSorted(), all.map(({ id }) => String(id)).sort());

  const records = await readRecords(directory.path);
  const claimed = eventsOf(records, "task.claimed").map(({ id }) => id);
  assertEquals(claimed.length, new Set(claimed).size, "a task was claimed twice");
  const ends = new Map(eventsOf(records, "task.completed").map(({ id }, index) => [id, index]));
  for (const task of eventsOf(records, "tasks.created").flatMap(({ tasks }) => tasks)) {
    for (const dependency of task.dependencies) {
      assert((ends.get(String(dependency)) ?? Infinity) < (ends.get(task.id) ?? -Infinity), task.id);
    }
  }
  const { code, output } = await runProgram(directory.path, ["verify"]);
  assertEquals(code, 0, output);
});

/** Claims, waiting; `onWaiting` is called when that begins. */
async function waitFor(server: Server, instance_id: string, wait_ms = LONG_MS, onWaiting?: () => void): Promise<Json> {
  const { structuredContent } = await server.client.callTool(
    { name: "get_next_task", arguments: { instance_id, wait_ms } },
    undefined,
    onWaiting && { onprogress: onWaiting },
  );
  return structuredContent as Json;
}

/** Does tasks until it is told to stop; resolves to the ids of the others. */
async function workUntilStopped(server: Server, instance_id: string): Promise<string[]> {
  const done: string[] = [];
  for (const _ of rounds(`the work of ${instance_id}`, 1_000)) {
    const { id, description, status } = await waitFor(server, instance_id);
    if (status !== "in_progress") throw new Error(`${instance_id} waited in vain`);
    await server.ask("complete_task", { task_id: id, instance_id, result: "" });
    if (description === "stop") break;
    done.push(String(id));
  }
  return done;
}

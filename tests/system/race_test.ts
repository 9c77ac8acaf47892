/**
 * Shows the promise of the program with real processes: eight servers on one data directory lose nothing that they
 * acknowledged, and hand out every task once, whatever they are doing at the same time.
 */

import { assert, assertEquals } from "@std/assert";
import { create } from "../support/calls.ts";
import { eventsOf, readRecords } from "../support/journal.ts";
import { runProgram } from "../support/program.ts";
import { type Json, type Server, startServers } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

const PROCESSES = 8;

/** How often a worker asks again while others still work. */
const MAX_ASKED = 5_000;

Deno.test("eight servers on one directory", async (t) => {
  await using directory = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(directory.path, PROCESSES, stack);

  await t.step("keep all of fifty tasks that each creates at the same time", async () => {
    await Promise.all(
      servers.map((server, n) => Promise.all(Array.from({ length: 50 }, (_, m) => create(server, `t${n}.${m}`)))),
    );
    for (const server of servers) {
      const tasks = await server.ask<Json[]>("get_task_status", { limit: 1_000, fields: ["id"] });
      assertEquals(new Set(tasks.map(({ id }) => id)).size, 400);
    }
    const records = await readRecords(directory.path);
    assertEquals(records.length, 400);
    assertEquals(records.map(({ seq }) => seq), Array.from({ length: 400 }, (_, n) => n + 1));
  });

  await t.step("see at once what another has done", async () => {
    for (const [n, server] of servers.entries()) {
      const task_id = `seen${n}`;
      await create(server, task_id);
      const seen = await Promise.all(servers.map((other) => other.ask("get_task_details", { task_id })));
      assertEquals(seen.map(({ id }) => id), Array(PROCESSES).fill(task_id));
      await server.ask("cancel_task", { task_id });
      const ended = await Promise.all(servers.map((other) => other.ask("get_task_details", { task_id })));
      assertEquals(ended.map(({ status }) => status), Array(PROCESSES).fill("cancelled"));
    }
  });

  await t.step("create one task when all create the same", async () => {
    for (let n = 0; n < 10; n++) {
      const results = await Promise.all(
        servers.map((server) => server.call("create_task", { id: `same${n}`, description: "" })),
      );
      assertEquals(results.filter(({ isError }) => isError !== true).length, 1);
    }
  });

  await t.step("give a task to one instance when all claim it by name", async () => {
    for (let n = 0; n < 10; n++) {
      const results = await Promise.all(
        servers.map((server, m) => server.call("get_next_task", { instance_id: `i${m}`, task_id: `same${n}` })),
      );
      assertEquals(results.filter(({ isError }) => isError !== true).length, 1);
    }
  });

  await t.step("leave a history that is whole", async () => {
    const { code, output } = await runProgram(directory.path, ["verify"]);
    assertEquals(code, 0, output);
  });
});

Deno.test("forty tasks raced by eight servers are carried out forty times, in order", async () => {
  await using directory = await temporaryDirectory();
  await using stack = new AsyncDisposableStack();
  const servers = await startServers(directory.path, PROCESSES, stack);
  const [first] = servers;
  assert(first !== undefined);
  // Twenty that are free, and ten after two others each, and ten after two of those.
  await create(
    first,
    ...Array.from({ length: 20 }, (_, n) => `a${n}`),
    ...Array.from({ length: 10 }, (_, n) => ({ id: `b${n}`, dependencies: [`a${2 * n}`, `a${2 * n + 1}`] })),
    ...Array.from({ length: 10 }, (_, n) => ({ id: `c${n}`, dependencies: [`b${n}`, `b${(n + 1) % 10}`] })),
  );
  const done: string[] = [];
  await Promise.all(servers.map((server, n) => workUntilFinished(server, `i${n}`, done)));
  assertEquals(done.length, 40);
  assertEquals(new Set(done).size, 40);

  const records = await readRecords(directory.path);
  assertEquals(eventsOf(records, "task.claimed").length, 40);
  assertEquals(eventsOf(records, "task.completed").length, 40);
  const events = records.flatMap(({ events }) => events);
  const tasks = eventsOf(records, "tasks.created").flatMap(({ tasks }) => tasks);
  for (const { id, dependencies } of tasks) {
    const claimed = events.findIndex((event) => event.type === "task.claimed" && event.id === id);
    for (const dependency of dependencies) {
      const completed = events.findIndex((event) => event.type === "task.completed" && event.id === dependency);
      assert(completed >= 0 && completed < claimed, `${id} was given out before ${dependency} was completed`);
    }
  }
});

/** Claims and completes tasks until all are finished. */
async function workUntilFinished(server: Server, instance_id: string, done: string[]): Promise<void> {
  for (let asked = 0; asked < MAX_ASKED; asked++) {
    const { id, status, reason } = await server.ask("get_next_task", { instance_id });
    if (reason === "all_finished") return;
    if (status !== "in_progress") {
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    done.push(String(id));
    await server.ask("complete_task", { task_id: id, instance_id, result: `by ${instance_id}` });
  }
  throw new Error(`${instance_id} asked ${MAX_ASKED} times in vain`);
}

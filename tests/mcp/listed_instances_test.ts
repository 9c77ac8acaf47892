/** Shows which instances are listed: those that are there, whatever they do, and on demand those that are gone. */

import { assertEquals } from "@std/assert";
import { create } from "../support/calls.ts";
import { type Json, type Server, startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test("list_instances shows active and draining instances; with all, also those that left or were lost", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "a");
  for (const instance_id of ["idle", "draining", "left", "finished"]) {
    await server.ask("register_instance", { instance_id });
  }
  await server.ask("register_instance", { instance_id: "lost", ttl_ms: 1 });
  await server.ask("get_next_task", { instance_id: "draining" });
  await server.ask("leave", { instance_id: "draining", drain: true });
  await server.ask("leave", { instance_id: "left" });
  // It holds nothing, so it is not there any more.
  await server.ask("leave", { instance_id: "finished", drain: true });
  await until("the loss", async () => (await listed(server, { all: true })).includes("lost lost "));
  assertEquals(await listed(server), ["idle active ", "draining draining a"]);
  assertEquals(await listed(server, { all: false }), ["idle active ", "draining draining a"]);
  assertEquals(await listed(server, { all: true }), [
    "idle active ",
    "draining draining a",
    "left left ",
    "finished left ",
    "lost lost ",
  ]);
  await server.ask("complete_task", { task_id: "a", instance_id: "draining", result: "" });
  assertEquals(await listed(server), ["idle active "]);
});

/** Id, status and tasks of each. */
async function listed(server: Server, args: Json = {}): Promise<string[]> {
  const { instances, total } = await server.ask<{ instances: readonly Json[]; total: number }>("list_instances", args);
  assertEquals(instances.length, total);
  return instances.map(({ id, status, holding }) => `${id} ${status} ${holding}`);
}

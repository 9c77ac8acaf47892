/** Shows that heartbeat and leave do all of their work though one record has no room for it. */

import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import { MAX_RECORD_TASKS } from "../../src/core/model/limits.ts";
import { claim, create, importing, newTask, oldTask, times } from "../core/given.ts";
import { lastSeq } from "../support/calls.ts";
import { type Json, startServer } from "../support/server.ts";
import { startStore } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";

const COUNT = 2 * MAX_RECORD_TASKS + 1;

/** When ann claimed all of them, in milliseconds before now, and how long her leases are. */
const SINCE_MS = 3_600_000;
const TIMEOUT_MS = 4 * 3_600_000;

Deno.test("an instance that holds more tasks than fit into a record", async (t) => {
  await using directory = await temporaryDirectory();
  const claimedAt = Date.now() - SINCE_MS;
  {
    let at = claimedAt - 2 * TIMEOUT_MS;
    await using store = await startStore({ directory: directory.path, now: () => at });
    const settings = { ttlMs: TIMEOUT_MS };
    await store.engine.execute({ type: "register_instance", instance: "ann", settings }, localOperator("test"));
    await store.engine.execute(create(newTask("lost")), localOperator("test"));
    await store.engine.execute(claim("ann", "lost"), localOperator("test"));
    at = claimedAt;
    await store.engine.execute({ type: "sweep" }, localOperator("test"));
    // A claim would tell what was lost.
    const held = times(COUNT, (index) =>
      oldTask(`t${index}`, {
        status: "in_progress",
        assignedTo: "ann",
        attempt: 1,
        startedAt: claimedAt,
        timeoutMs: TIMEOUT_MS,
        leaseUntil: claimedAt + TIMEOUT_MS,
      }));
    await store.engine.execute(importing(...held), localOperator("test"));
  }
  await using server = await startServer(directory.path);

  await t.step("extends all its leases with one heartbeat, which lists its lost tasks", async () => {
    const { holding, lost_tasks } = await server.ask<{ holding: Json[]; lost_tasks: Json }>("heartbeat", {
      instance_id: "ann",
    });
    assertEquals([holding.length, lost_tasks], [100, ["lost"]]);
    const task = await server.ask("get_task_details", { task_id: `t${COUNT - 1}` });
    assert(Date.parse(String(task["leaseUntil"])) > claimedAt + SINCE_MS + TIMEOUT_MS, String(task["leaseUntil"]));
  });

  await t.step("hands back all its tasks with one leave", async () => {
    const before = await lastSeq(server);
    const { status, holdingCount } = await server.ask("leave", { instance_id: "ann" });
    assertEquals([status, holdingCount], ["left", 0]);
    assertEquals(await lastSeq(server) - before, 3);
  });
});

/** Shows what becomes of the work of a machine that is cut off from PostgreSQL, and comes back. */

import { assertEquals, assertStringIncludes } from "@std/assert";
import { start } from "../support/database_program.ts";
import { testUnless } from "../support/needs.ts";
import { missingOtherMachine, startOtherMachine } from "../support/other_machine.ts";
import { missingPostgres, startPostgres } from "../support/postgres.ts";

interface Task {
  readonly id: string;
  readonly attempt: number;
  readonly result?: string;
}

const missing = missingPostgres() ?? await missingOtherMachine();

/** Longer than the tasks may be held, in milliseconds, and a back-off after that. */
const WAIT_MS = 20_000;

testUnless(
  missing,
  "another machine takes over the tasks of one that is cut off, whose late answers count for nothing",
)(async () => {
  await using machine = await startOtherMachine();
  await using cluster = await startPostgres({ listen_addresses: `localhost,${machine.here}` });
  await cluster.write("pg_hba.conf", "host all all all trust\n");
  await cluster.control("reload");
  const shared = { project: "cut", url: `postgres://test@${machine.here}:${cluster.port}/postgres?sslmode=disable` };
  await using here = await start(shared);
  await using there = await start({ ...shared, within: machine.within });
  for (const id of ["a", "b"]) await here.ask("create_task", { id, description: id, timeout_ms: 2_000 });
  const claim = { instance_id: "there", task_id: "a" };
  assertEquals((await there.ask<Task>("get_next_task", { instance_id: "there" })).id, "a");

  await machine.cut();
  const late = there.call("complete_task", { ...claim, result: "late" });
  await here.ask("get_next_task", { instance_id: "here", task_id: "b" });
  await here.ask("complete_task", { task_id: "b", instance_id: "here", result: "b of here" });
  const taken = await here.ask<Task>("get_next_task", { instance_id: "here", wait_ms: WAIT_MS });
  assertEquals([taken.id, taken.attempt], ["a", 2]);
  await here.ask("complete_task", { task_id: "a", instance_id: "here", result: "a of here" });

  await machine.join();
  assertEquals((await late).isError, true);
  const refusal = await there.refused("complete_task", { ...claim, result: "again" });
  assertStringIncludes(refusal.message, "Task a is not assigned to instance there");
  for (const { id, result } of await there.ask<readonly Task[]>("get_task_status")) {
    assertEquals(result, `${id} of here`);
  }
  await there.ask("create_task", { id: "c", description: "c" });
  assertEquals((await here.ask<Task>("get_next_task", { instance_id: "here" })).id, "c");
});

/** Shows that a process that holds the write lock and does not let go, stopped for one, stops no other for good. */

import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { create } from "../support/calls.ts";
import { missingOnWindows, testUnless } from "../support/needs.ts";
import { startServer } from "../support/server.ts";
import { temporaryDirectory } from "../support/temp.ts";

Deno.test("while the write lock is held, reads are answered, changes refused in time, and all goes on after it", async () => {
  await using directory = await temporaryDirectory();
  await using server = await startServer(directory.path);
  await create(server, "before");
  const total = async () => (await server.ask("get_task_status", { summary: true }))["total"];
  {
    using lock = await Deno.open(`${directory.path}/lock`, { read: true, write: true });
    await lock.lock(true);
    assertEquals(await total(), 1);
    const { isError, structuredContent } = await server.call("create_task", { id: "meanwhile", description: "" });
    assertEquals(isError, true);
    const error = structuredContent?.["error"];
    assert(typeof error === "object" && error !== null && "code" in error && "message" in error);
    assertEquals(error.code, "busy");
    assertStringIncludes(String(error.message), "nothing was changed, try again");
    assertEquals(await total(), 1);
    // A server that starts now can be read from too.
    await using other = await startServer(directory.path);
    assertEquals((await other.ask("get_task_details", { task_id: "before" }))["status"], "pending");
  }
  await create(server, "meanwhile");
  assertEquals(await total(), 2);
});

testUnless(
  missingOnWindows("SIGSTOP"),
  "a stopped server lets others work, and goes on where they are when it is continued",
)(async () => {
  await using directory = await temporaryDirectory();
  await using stopped = await startServer(directory.path);
  await using server = await startServer(directory.path);
  const { pid } = stopped;
  await create(stopped, "a");
  Deno.kill(pid, "SIGSTOP");
  try {
    const pending = stopped.ask("get_next_task", { instance_id: "late" });
    await create(server, "b");
    assertEquals((await server.ask("get_next_task", { instance_id: "ann" }))["id"], "a");
    Deno.kill(pid, "SIGCONT");
    assertEquals((await pending)["id"], "b");
  } finally {
    Deno.kill(pid, "SIGCONT");
  }
});

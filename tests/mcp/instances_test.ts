/** Shows that list_instances tells who is there, registered or not, and when each was last heard of. */

import { assertEquals } from "@std/assert";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { connect, type Connected } from "../support/connected.ts";
import { until } from "../support/until.ts";

interface Listed {
  readonly id: string;
  readonly status: string;
  readonly seenAt?: string;
  readonly waiting?: true;
  readonly holding: readonly string[];
}

async function listed(server: Connected): Promise<readonly Listed[]> {
  // The text is what the server promises in README.md.
  return (await server.call("list_instances")).structuredContent?.["instances"] as readonly Listed[];
}

const at = (minute: number) => new Date(Date.UTC(2026, 10, 26, 12, minute)).toISOString();

Deno.test("seenAt is the time of an instance's last call, even if the call wrote nothing", async () => {
  let minute = 0;
  const now = () => new Date(at(minute)).getTime();
  await using server = await connect({ now });
  await server.call("register_instance", { instance_id: "ann" });
  const seq = server.engine.seq;
  for (minute = 1; minute <= 3; minute++) {
    for (const tool of ["heartbeat", "get_next_task"]) await server.call(tool, { instance_id: "ann" });
    assertEquals((await listed(server)).map(({ id, seenAt }) => [id, seenAt]), [["ann", at(minute)]]);
  }
  assertEquals(server.engine.seq, seq);
});

Deno.test("a call by another in the name of an instance does not count as its call", async () => {
  let minute = 0;
  const now = () => new Date(at(minute)).getTime();
  await using server = await connect({ now });
  await server.call("register_instance", { instance_id: "ann" });
  await server.call("create_task", { id: "a", description: "" });
  await server.call("get_next_task", { instance_id: "ann" });
  minute = 5;
  await server.call("release_task", { task_id: "a", instance_id: "ann" });
  assertEquals((await listed(server))[0]?.seenAt, at(0));
  await server.call("leave", { instance_id: "ann", drain: true });
  assertEquals((await server.call("list_instances", { all: true })).structuredContent?.["total"], 1);
});

Deno.test("another process knows the calls that wrote a record; one that starts later, those that the state keeps", async () => {
  let minute = 0;
  const now = () => new Date(at(minute)).getTime();
  const journal = new MemoryJournal(now);
  await using server = await connect({ journal, now });
  await using other = await connect({ journal, now });
  await server.call("register_instance", { instance_id: "ann" });
  await server.call("create_tasks", { tasks: [{ id: "a", description: "" }, { id: "b", description: "" }] });
  minute = 1;
  await server.call("get_next_task", { instance_id: "ann", task_id: "a" });
  minute = 2;
  await server.call("report_progress", { instance_id: "ann", task_id: "a", percent: 5 });
  assertEquals((await listed(other))[0]?.seenAt, at(2));
  minute = 3;
  await server.call("get_next_task", { instance_id: "ann", task_id: "b" });
  await server.call("complete_task", { instance_id: "ann", task_id: "b", result: "" });
  assertEquals((await listed(other))[0]?.seenAt, at(3));
  await using later = await connect({ journal, now });
  assertEquals((await listed(later))[0]?.seenAt, at(2));
  minute = 4;
  await server.call("heartbeat", { instance_id: "ann" });
  assertEquals([(await listed(server))[0]?.seenAt, (await listed(other))[0]?.seenAt], [at(4), at(3)]);
});

Deno.test("unregistered instances that hold tasks or wait are listed as unregistered", async () => {
  const now = () => new Date(at(0)).getTime();
  const journal = new MemoryJournal(now);
  await using server = await connect({ journal, now });
  await using other = await connect({ journal, now });
  await server.call("create_task", { id: "a", description: "" });
  await server.call("get_next_task", { instance_id: "zoe" });
  const waiting = server.call("get_next_task", { instance_id: "bob", wait_ms: 50_000 });
  await until("bob waits", async () => (await listed(server)).length === 2);
  const zoe = { id: "zoe", status: "unregistered", seenAt: at(0), holding: ["a"], holdingCount: 1, connected: true };
  assertEquals<unknown>(await listed(server), [
    { id: "bob", status: "unregistered", seenAt: at(0), holding: [], holdingCount: 0, waiting: true },
    zoe,
  ]);
  // Who waits is written nowhere.
  assertEquals<unknown>(await listed(other), [zoe]);
  await server.call("create_task", { id: "b", description: "" });
  await waiting;
  assertEquals((await listed(other)).map(({ id, holding }) => [id, holding]), [["bob", ["b"]], ["zoe", ["a"]]]);
  await server.call("register_instance", { instance_id: "zoe" });
  assertEquals((await listed(server)).map(({ id, status }) => [id, status]), [["zoe", "active"], [
    "bob",
    "unregistered",
  ]]);
});

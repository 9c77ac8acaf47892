/** Shows that no record is larger than 4 MiB, whatever is asked for: it is refused, and nothing else suffers. */

import { readState } from "../support/store.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MAX_EVENTS_BYTES, MAX_RECORD_BYTES } from "../../src/core/model/limits.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { create, newTask, times } from "../core/given.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { append, createTask, drafted, recordsAfter, startStore, taskIds } from "../support/store.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Tasks whose record has about so many bytes. */
function tasksOf(bytes: number) {
  const each = 50_000;
  const count = Math.floor(bytes / (each + 60));
  return times(count, (index) => ({ ...newTask(`t${index}`), description: "x".repeat(each) }));
}

test("a command whose record would be too large is refused, and the calls beside it succeed", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const calls = [
    createTask(store.engine, "before"),
    store.engine.execute(create(...tasksOf(MAX_RECORD_BYTES + 100_000)), localOperator("test")),
    createTask(store.engine, "after"),
  ] as const;
  const settled = await Promise.allSettled(calls);
  assertEquals(settled.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const error = await assertRejects(
    () => calls[1],
    Refusal,
    `at most ${MAX_EVENTS_BYTES} are allowed; use several calls`,
  );
  assertEquals(error.code, "limit_exceeded");
  assertEquals(await taskIds(store.engine), ["before", "after"]);
  assertEquals((await recordsAfter(store.journal)).length, 2);
});

test("a command whose record just fits is carried out, and its consequences come in the next records", async () => {
  const disk = new MemoryDisk();
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "gone");
  await store.engine.execute({ type: "cancel_task", id: "gone" }, localOperator("test"));
  const skipping = times(50, (index) => ({
    ...newTask(`s${index}`),
    dependencies: ["gone"],
    ifUnreachable: "skip" as const,
  }));
  await store.engine.execute(create(...tasksOf(MAX_EVENTS_BYTES - 60_000), ...skipping), localOperator("test"));
  await createTask(store.engine, "next");
  const statuses = await readState(store.engine, (state) => skipping.map(({ id }) => state.tasks.get(id)?.task.status));
  assert(statuses.every((status) => status === "skipped"));
  const records = await recordsAfter(store.journal);
  assert(records.every((record) => JSON.stringify(record).length < MAX_RECORD_BYTES));
  assertEquals(records.map(({ command }) => command), [
    "create_tasks",
    "cancel_task",
    "create_tasks",
    "sweep",
    "create_tasks",
  ]);
});

test("the file journal never writes a larger record", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const large = drafted("large", "x".repeat(MAX_RECORD_BYTES));
  await assertRejects(() => append(store.journal, [drafted("a"), large]), Error, "must not be written");
  assertEquals(await recordsAfter(store.journal), []);
});

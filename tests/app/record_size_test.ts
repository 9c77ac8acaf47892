/** Shows that no record is larger than 4 MiB, whatever is asked for: it is refused, and nothing else suffers. */

import { readState } from "../support/store.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MAX_EVENTS_BYTES, MAX_RECORD_BYTES } from "../../src/core/model/limits.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Position, Transaction } from "../../src/app/ports.ts";
import { noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { create, newTask, times } from "../core/given.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { append, createTask, drafted, recordsAfter, startStore, taskIds, wholeState } from "../support/store.ts";

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

test("a record has room for the groups that it names, too, whatever its tasks are called", async () => {
  // Of 10,000 tasks with long ids in one group, 1,000 have a dependent that fails with them.
  const disk = new MemoryDisk();
  await using store = await startStore({ directory: "/data", disk });
  const caller = localOperator("test");
  await store.engine.execute({ type: "create_group", id: "g", settings: {} }, caller);
  const name = "长".repeat(50);
  const ids = times(10_000, (index) => `${name}${String(index).padStart(5, "0")}`);
  for (let start = 0; start < ids.length; start += 1_000) {
    const part = ids.slice(start, start + 1_000);
    await store.engine.execute(create(...part.map((id) => ({ ...newTask(id), group: "g" }))), caller);
  }
  const dependents = ids.slice(0, 1_000).map((id, index) => {
    return { ...newTask(`d${index}`, id), ifUnreachable: "fail" as const };
  });
  await store.engine.execute(create(...dependents), caller);
  const cancel = { type: "bulk_update", filter: { ids }, action: { type: "cancel" }, isAtomic: true } as const;
  const outcome = await store.engine.execute(cancel, caller).then(({ changed }) => changed, (error) => error);
  assert(outcome === 10_000 || outcome instanceof Refusal, String(outcome));
  await store.engine.execute({ type: "sweep" }, caller);
  const live = await wholeState(store.engine);
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await wholeState(again.engine), live);
  for (const record of await recordsAfter(store.journal)) {
    assert(new TextEncoder().encode(JSON.stringify(record)).length < MAX_RECORD_BYTES);
  }
});

test("a record that cannot be added to its batch leaves the state as the journal is", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  await createTask(store.engine, "before");
  const journal = Object.create(store.journal, {
    transact: {
      value: (after: Position, transaction: Transaction) =>
        store.journal.transact(after, {
          follow: (chunk) => transaction.follow(chunk),
          decide: (at, _, noRoomFor) =>
            transaction.decide(at, () => {
              throw new Error("no such record");
            }, noRoomFor),
        }),
    },
    read: { value: (after: Position) => store.journal.read(after) },
    origin: { value: store.journal.origin },
    now: { value: () => store.journal.now() },
  });
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: store.log });
  await assertRejects(() => createTask(engine, "lost"), Error, "no such record");
  assertEquals(await taskIds(engine), ["before"]);
  await engine.close();
});

test("the file journal never writes a larger record", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const large = drafted("large", "x".repeat(MAX_RECORD_BYTES));
  await assertRejects(() => append(store.journal, [drafted("a"), large]), Error, "must not be written");
  assertEquals(await recordsAfter(store.journal), []);
});

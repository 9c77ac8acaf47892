/** Shows that those who subscribe are told of every record once and in order, whoever wrote it and whatever failed. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { Listeners } from "../../src/app/listeners.ts";
import type { JournalRecord } from "../../src/core/messages/events.ts";
import { WriteLock } from "../../src/store/file/write_lock.ts";
import { times } from "../core/given.ts";
import { FaultyDisk, noSpace } from "../store/file/faulty_disk.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import {
  append,
  checkpoint,
  createTask,
  drafted,
  recordsAfter,
  type RunningStore,
  startStore,
  taskIds,
} from "../support/store.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

test("records of this process and others are delivered once, in the order of the journal", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk });
  const told: JournalRecord[] = [];
  store.engine.subscribe((records) => void told.push(...records));
  for (let round = 0; round < 10; round++) {
    await Promise.all(times(round % 4, (index) => createTask(store.engine, `own ${round} ${index}`)));
    await Promise.all(times(round % 3, (index) => createTask(other.engine, `other ${round} ${index}`)));
    if (round % 5 === 0) await taskIds(store.engine);
  }
  await taskIds(store.engine);
  assertEquals(told, await recordsAfter(store.journal));
  assert(told.length > 20);
});

test("a record is delivered after the answer to its caller, and only when durable", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  let synced = 0;
  disk.plan = ({ name }) => {
    if (name === "sync") synced++;
    return undefined;
  };
  const told: number[] = [];
  store.engine.subscribe((records) => void told.push(...records.map(() => synced)));
  await createTask(store.engine, "a");
  await createTask(store.engine, "b");
  await taskIds(store.engine);
  assertEquals(told, [1, 2]);
});

test("a late subscriber gets later records, also after the state is rebuilt", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  for (const id of ["a", "b", "c"]) await createTask(store.engine, id);
  const told: number[] = [];
  store.engine.subscribe((records) => void told.push(...records.map(({ seq }) => seq)));
  disk.plan = ({ name }) => name === "write" ? { error: noSpace } : undefined;
  await assertRejects(() => createTask(store.engine, "d"), Unavailable);
  disk.plan = () => undefined;
  await createTask(store.engine, "e");
  await taskIds(store.engine);
  assertEquals(told, [4]);
});

test("an unsubscribed listener gets no more records, the others do", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  const told: string[] = [];
  const unsubscribe = store.engine.subscribe(() => void told.push("first"));
  store.engine.subscribe(() => void told.push("second"));
  await createTask(store.engine, "a");
  unsubscribe();
  await createTask(store.engine, "b");
  assertEquals(told, ["first", "second", "second"]);
});

test("after a failed append, the earlier records of others and the kept part of the batch are delivered once", async (memory) => {
  const sizeBytes = await sizeOfBatch();
  for (let taken = 0; taken <= sizeBytes; taken += 11) {
    const disk = new FaultyDisk(memory.afterKill());
    await using store = await startStore({ directory: "/data", disk });
    await using other = await startStore({ directory: "/data", disk });
    const told: JournalRecord[] = [];
    store.engine.subscribe((records) => void told.push(...records));
    await createTask(store.engine, "first");
    justBeforeTheLock(store, async () => {
      await append(other.journal, [drafted("foreign")]);
      disk.plan = ({ name }) => name === "write" ? { taken, error: noSpace } : undefined;
    });
    await Promise.allSettled(["a", "b", "c"].map((id) => createTask(store.engine, id)));
    disk.plan = () => undefined;
    await createTask(store.engine, "last");
    assertEquals(told.map(({ seq }) => seq), times(told.length, (index) => index + 1), `${taken} bytes`);
    assertEquals(told, await recordsAfter(store.journal));
  }
});

test("records that are skipped thanks to another process's checkpoint are still delivered", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk: memory });
  const told: JournalRecord[] = [];
  store.engine.subscribe((records) => void told.push(...records));
  await createTask(store.engine, "a");
  disk.plan = ({ name }) => name === "write" ? { error: noSpace } : undefined;
  await assertRejects(() => createTask(store.engine, "b"), Unavailable);
  for (const id of ["c", "d", "e"]) await createTask(other.engine, id);
  await checkpoint(other);
  await createTask(other.engine, "f");
  await taskIds(store.engine);
  assertEquals(told, await recordsAfter(store.journal));
});

test("records that could not be made durable are not delivered", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk: memory });
  const told: JournalRecord[] = [];
  store.engine.subscribe((records) => void told.push(...records));
  justBeforeTheLock(store, async () => {
    await append(other.journal, [drafted("foreign")]);
    disk.plan = ({ name }) => name === "sync" ? { error: new Error("Input/output error") } : undefined;
  });
  await assertRejects(() => createTask(store.engine, "a"), Unavailable);
  await assertRejects(() => taskIds(store.engine), Unavailable);
  assertEquals(told, []);
});

test("records read before the lock was refused are neither delivered nor kept until they are durable", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk, lockWaitMs: 20 });
  await using other = await startStore({ directory: "/data", disk: memory });
  const told: JournalRecord[] = [];
  store.engine.subscribe((records) => void told.push(...records));
  await append(other.journal, [drafted("foreign")]);
  const lock = new WriteLock(memory, "/data/lock");
  await lock.acquire();
  disk.plan = ({ name }) => name === "sync" ? { error: new Error("Input/output error") } : undefined;
  await assertRejects(() => createTask(store.engine, "a"), Unavailable);
  lock.close();
  assertEquals(told, []);
  await assertRejects(() => store.engine.checkpoint(), Unavailable);
});

Deno.test({
  name: "records that a reloaded journal no longer has are not delivered, those in their place are",
  permissions: "none",
  fn() {
    const listeners = new Listeners((error) => {
      throw error;
    });
    const told: string[] = [];
    listeners.add((records) => void told.push(...records.map(({ seq, actor }) => `${seq} ${actor}`)));
    const note = (seq: number, actor: string) =>
      listeners.note({ seq, at: 1, actor, command: "create_tasks", events: [] });
    for (const seq of [1, 2, 3]) note(seq, "old");
    listeners.dropAfter(1);
    assertEquals(listeners.notedSeq, 1);
    for (const seq of [1, 2]) note(seq, "new");
    listeners.deliver();
    listeners.deliver();
    assertEquals(told, ["1 old", "2 new"]);
  },
});

/** Lets something happen between the engine's last look at the journal and its next transaction. */
function justBeforeTheLock({ journal }: RunningStore, act: () => Promise<void>): void {
  const { transact } = journal;
  journal.transact = async (after, transaction) => {
    journal.transact = transact;
    await act();
    return await journal.transact(after, transaction);
  };
}

/** Bytes of a batch as above, roughly. */
async function sizeOfBatch(): Promise<number> {
  const disk = new MemoryDisk();
  await using store = await startStore({ directory: "/data", disk });
  await Promise.all(["a", "b", "c"].map((id) => createTask(store.engine, id)));
  return disk.identity("/data/journal/0000000001.jsonl")?.sizeBytes ?? 0;
}

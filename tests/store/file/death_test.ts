/**
 * Shows that whatever was acknowledged is there after a process is killed, or the power fails, before or in the
 * middle of any operation on the disk, and that nothing is there twice or without having been asked for.
 */

import { wholeState } from "../../support/store.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import type { Engine } from "../../../src/app/engine.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { claim, complete } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  append,
  checkpoint,
  createTask,
  drafted,
  openStore,
  recordsAfter,
  type RunningStore,
  startStore,
} from "../../support/store.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS, type Plan } from "./faulty_disk.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Segments of two or three records. */
const SEGMENT_BYTES = 500;

/** How a death meets the operation at which it comes. */
const DEATHS: Readonly<Record<string, (number: number) => Plan>> = {
  "before": dieAt,
  "in the middle of": (number) => (operation) => {
    const isPartial = operation.number === number && operation.name === "write";
    return isPartial ? { taken: 100, error: new Error("killed") } : dieAt(number)(operation);
  },
};

for (const [when, plan] of Object.entries(DEATHS)) {
  test(`a process that dies ${when} any operation loses nothing that it answered`, async () => {
    for (let number = 1, isOver = false; !isOver; number++) {
      assert(number < MAX_OPERATIONS, "it never ends");
      const memory = new MemoryDisk();
      const disk = new FaultyDisk(memory);
      disk.plan = plan(number);
      const calls = new Calls();
      await using store = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES }).catch(() =>
        undefined
      );
      isOver = store !== undefined && await work(store, calls);
      for (const left of [memory.afterKill(), memory.afterPowerLoss()]) await assertWhole(left, calls);
    }
  });

  test(`answers of others after a process died ${when} any operation survive a loss of power`, async () => {
    for (let number = 1, isOver = false; !isOver; number++) {
      assert(number < MAX_OPERATIONS, "it never ends");
      const memory = new MemoryDisk();
      const disk = new FaultyDisk(memory);
      disk.plan = plan(number);
      const calls = new Calls();
      {
        await using dying = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES }).catch(() =>
          undefined
        );
        isOver = dying !== undefined && await work(dying, calls);
      }
      await using other = await startStore({ directory: "/data", disk: memory, segmentBytes: SEGMENT_BYTES });
      const seen = await wholeState(other.engine);
      await calls.create(other.engine, "by another");
      const left = memory.afterPowerLoss();
      await assertWhole(left, calls);
      await using again = await startStore({ directory: "/data", disk: left, segmentBytes: SEGMENT_BYTES });
      // What was read is not taken back either.
      assertEquals((await wholeState(again.engine)).tasks.slice(0, seen.tasks.length), seen.tasks);
    }
  });
}

test("a read that saw another's unfinished call still holds after a loss of power", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using writer = await startStore({ directory: "/data", disk });
  await using reader = await startStore({ directory: "/data", disk: memory });
  disk.plan = ({ name }) => name === "sync" ? { error: new Error("killed") } : undefined;
  await createTask(writer.engine, "a").catch(() => {});
  const seen = await wholeState(reader.engine);
  assertEquals(seen.tasks.length, 1);
  await using again = await startStore({ directory: "/data", disk: memory.afterPowerLoss() });
  assertEquals(await wholeState(again.engine), seen);
});

test("a transaction that saw another's unfinished call still holds after a loss of power", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using writer = openStore({ directory: "/data", disk });
  await using other = openStore({ directory: "/data", disk: memory });
  disk.plan = ({ name }) => name === "sync" ? { error: new Error("killed") } : undefined;
  await append(writer.journal, [drafted("a")]).catch(() => {});
  const { tail } = await append(other.journal, []);
  assertEquals(tail.records.length, 1);
  await using again = openStore({ directory: "/data", disk: memory.afterPowerLoss() });
  assertEquals(await recordsAfter(again.journal), tail.records);
});

test("a segment is durable before the next one is created, even if another process had not synced it", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using writer = openStore({ directory: "/data", disk, segmentBytes: 1 });
  await using other = openStore({ directory: "/data", disk: memory, segmentBytes: 1 });
  disk.plan = ({ name }) => name === "sync" ? { error: new Error("killed") } : undefined;
  await append(writer.journal, [drafted("a")]).catch(() => {});
  await append(other.journal, [drafted("b")]);
  await using again = openStore({ directory: "/data", disk: memory.afterPowerLoss(), segmentBytes: 1 });
  assertEquals((await recordsAfter(again.journal)).map(({ seq }) => seq), [1, 2]);
});

test("a refusal due to another's unfinished call still holds after a loss of power", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using writer = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk: memory });
  disk.plan = ({ name }) => name === "sync" ? { error: new Error("killed") } : undefined;
  await createTask(writer.engine, "a").catch(() => {});
  const refusal = await createTask(other.engine, "a").then(() => "", String);
  assert(refusal.includes("already exists"), refusal);
  await using again = await startStore({ directory: "/data", disk: memory.afterPowerLoss() });
  assertEquals((await wholeState(again.engine)).tasks.length, 1);
});

/** What was asked for and what was answered. */
class Calls {
  readonly asked: string[] = [];
  readonly created: string[] = [];
  readonly completed: string[] = [];

  async create(engine: Engine, id: string): Promise<void> {
    this.asked.push(id);
    await createTask(engine, id);
    this.created.push(id);
  }

  async completeNext(engine: Engine): Promise<void> {
    const { task } = await engine.execute(claim("x"), localOperator("x"));
    assert(task !== undefined);
    await engine.execute(complete("x", task.id), localOperator("x"));
    this.completed.push(task.id);
  }
}

/** Lets a process work for a while; resolves to whether it survived. */
async function work(store: RunningStore, calls: Calls): Promise<boolean> {
  const { engine } = store;
  try {
    await calls.create(engine, "a");
    await calls.create(engine, "b");
    await checkpoint(store);
    await calls.completeNext(engine);
    const settled = await Promise.allSettled(["c", "d", "e"].map((id) => calls.create(engine, id)));
    if (settled.some(({ status }) => status === "rejected")) return false;
    await checkpoint(store);
    await calls.completeNext(engine);
    await calls.create(engine, "f");
    await checkpoint(store);
    return true;
  } catch (error) {
    assert(error instanceof Error && /dead|killed|storage|durable|write to/.test(error.message), String(error));
    return false;
  }
}

async function assertWhole(disk: MemoryDisk, calls: Calls): Promise<void> {
  const { fault } = verifyJournal(disk, "/data");
  assert(fault === undefined || fault.kind === "torn", fault?.why);
  await using store = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  const { tasks } = await wholeState(store.engine);
  const ids = tasks.map(({ id }) => id);
  for (const id of calls.created) assert(ids.includes(id), `${id} is lost`);
  for (const id of ids) assert(calls.asked.includes(id), `nobody asked for ${id}`);
  const completed = tasks.filter(({ status }) => status === "completed").map(({ id }) => id);
  for (const id of calls.completed) assert(completed.includes(id), `the result of ${id} is lost`);
  const events = (await recordsAfter(store.journal)).flatMap(({ events }) => events);
  const createdIds = events.flatMap((event) => event.type === "tasks.created" ? event.tasks.map(({ id }) => id) : []);
  assertEquals(createdIds, ids);
  assertEquals(store.log.warnings.filter((warning) => warning.includes("set aside")), []);
  await createTask(store.engine, "after");
  assertEquals(verifyJournal(disk, "/data").fault, undefined);
}

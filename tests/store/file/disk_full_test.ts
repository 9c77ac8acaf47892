/**
 * Shows that a disk that fills up, at whatever byte, takes nothing that was acknowledged, leaves nothing that was
 * not, and that servers go on by themselves when there is room again.
 */

import { readState } from "../../support/store.ts";
import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../../src/app/engine.ts";
import { AppendFailed, type Checkpoints, Unavailable } from "../../../src/app/ports.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { newTask, times } from "../../core/given.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  append,
  checkpoint,
  createTask,
  drafted,
  openStore,
  recordsAfter,
  startStore,
  taskIds,
} from "../../support/store.ts";
import { FaultyDisk, noSpace, type Plan } from "./faulty_disk.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** What a disk that is nearly full takes. */
const ROOM_BYTES = 100 * 1024;

const SEGMENT = "/data/journal/0000000001.jsonl";

/** How a disk without room behaves: takes a part of a write, then says so or not; cutting may fail too. */
const WAYS: Readonly<Record<string, (taken: number) => Plan>> = {
  "takes only a part": (taken) => ({ name }) => name === "write" ? { taken } : undefined,
  "takes a part and throws": (taken) => ({ name }) => name === "write" ? { taken, error: noSpace } : undefined,
  "takes a part, throws and cannot cut either": (taken) => ({ name }) => {
    if (name === "write") return { taken, error: noSpace };
    return name === "truncate" ? { error: new Error("Input/output error") } : undefined;
  },
};

for (const [way, plan] of Object.entries(WAYS)) {
  test(`a disk that ${way}, at any byte of a batch, keeps exactly the acknowledged records`, async () => {
    const sizeBytes = await sizeOfBatch();
    for (let taken = 0; taken <= sizeBytes; taken++) {
      const disk = new FaultyDisk(new MemoryDisk());
      await using store = await startStore({ directory: "/data", disk });
      await using other = await startStore({ directory: "/data", disk });
      await createTask(store.engine, "before");
      disk.plan = plan(taken);
      const acknowledged = await createAtOnce(store.engine);
      if (taken < sizeBytes) assert(acknowledged.length < 3);
      acknowledged.push(...await createAtOnce(store.engine, ["d", "e"]));
      disk.plan = () => undefined;
      const expected = ["before", ...acknowledged];
      assertEquals(await taskIds(store.engine), expected);
      assertEquals(await taskIds(other.engine), expected);
      await createTask(other.engine, "by another");
      await createTask(store.engine, "after");
      assertEquals(await taskIds(store.engine), [...expected, "by another", "after"]);
      await using again = await startStore({ directory: "/data", disk });
      assertEquals(await taskIds(again.engine), [...expected, "by another", "after"]);
      assertEquals(verifyJournal(disk, "/data").fault, undefined);
    }
  });
}

test("a failed append reports how many records are in the journal", async () => {
  // As long as those of an engine.
  const drafts = ["a", "b", "c"].map((id, index) => ({ ...drafted(id), request: `#0a1b2c3d-${index}` }));
  for (let taken = 0; taken < await sizeOfBatch(); taken += 7) {
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = openStore({ directory: "/data", disk });
    disk.plan = ({ name }) => name === "write" ? { taken } : undefined;
    const error = await assertRejects(() => append(store.journal, drafts), AppendFailed, "make room on the disk");
    assertEquals(error.code, "storage_failed");
    assert(error.message.includes(SEGMENT), error.message);
    disk.plan = () => undefined;
    assertEquals((await recordsAfter(store.journal)).length, error.appended);
    const lines = new TextDecoder().decode(disk.readFile(SEGMENT)).split("\n");
    assertEquals(lines.length - 1, error.appended);
    assertEquals(lines.at(-1), "");
  }
});

test("whole records in the file count even if the write reports a failure", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  disk.plan = ({ name }) => name === "write" ? { taken: 100_000, error: noSpace } : undefined;
  assertEquals(await createAtOnce(store.engine), ["a", "b", "c"]);
  assertEquals(await taskIds(store.engine), ["a", "b", "c"]);
});

test("records of a batch that a full disk kept are durable before they are acknowledged", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  const taken = await sizeOfBatch() - 10;
  disk.plan = ({ name }) => name === "write" ? { taken } : undefined;
  assertEquals(await createAtOnce(store.engine), ["a", "b"]);
  await using again = await startStore({ directory: "/data", disk: memory.afterPowerLoss() });
  assertEquals(await taskIds(again.engine), ["a", "b"]);
});

test("on a full disk, calls that change nothing are answered, and others refused", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  disk.plan = ({ name }) => name === "write" ? { taken: 0, error: noSpace } : undefined;
  const read = taskIds(store.engine);
  const failing = createTask(store.engine, "b");
  const later = taskIds(store.engine);
  assertEquals(await read, ["a"]);
  assertEquals((await assertRejects(() => failing, Unavailable)).code, "storage_failed");
  // It was carried out after a command that has not happened.
  assertEquals((await assertRejects(() => later, Unavailable)).code, "storage_failed");
  assertEquals(await taskIds(store.engine), ["a"]);
  await assertRejects(() => createTask(store.engine, "b"), Unavailable, "nothing of this call was kept");
  disk.plan = () => undefined;
  await createTask(store.engine, "b");
  assertEquals(await taskIds(store.engine), ["a", "b"]);
});

for (const [way, plan] of Object.entries(WAYS)) {
  test(`on a disk that ${way}, any number of refused commands rebuild the state once`, async () => {
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = openStore({ directory: "/data", disk });
    const checkpoints = countLoads(store.checkpoints);
    const engine = await Engine.start({ ...store, checkpoints });
    await createTask(engine, "before");
    checkpoints.loads = 0;
    disk.plan = plan(10);
    for (const id of times(20, (index) => `t${index}`)) {
      const error = await assertRejects(() => createTask(engine, id), Unavailable);
      assertEquals(error.code, "storage_failed");
      assertEquals(await taskIds(engine), ["before"]);
    }
    assertEquals(checkpoints.loads, 1);
    disk.plan = () => undefined;
    await createTask(engine, "after");
    assertEquals(await taskIds(engine), ["before", "after"]);
    assertEquals(checkpoints.loads, 1);
    await engine.close();
    assertEquals(verifyJournal(disk, "/data"), { ...verifyJournal(disk, "/data"), records: 2 });
  });
}

for (const error of [undefined, noSpace]) {
  const way = error === undefined ? "takes only a part" : "takes a part and throws";
  test(`on a disk that ${way}, large commands without room rebuild the state once, and small ones succeed`, async () => {
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = openStore({ directory: "/data", disk });
    const counted = countLoads(store.checkpoints);
    const engine = await Engine.start({ ...store, checkpoints: counted });
    await createTask(engine, "before");
    counted.loads = 0;
    const created = ["before"];
    for (let index = 0; index < 10; index++) {
      disk.plan = ({ sizeBytes = 0 }) => {
        return sizeBytes > ROOM_BYTES ? { taken: ROOM_BYTES, ...(error !== undefined && { error }) } : undefined;
      };
      const large = assertRejects(() => createLarge(engine, `large${index}`), Unavailable, "make room");
      const small = `small${index}`;
      // In the first round they share the batch that fails, and both have not happened.
      const isCreated = await createTask(engine, small).then(() => true, () => false);
      await large;
      assertEquals(isCreated, index > 0);
      if (isCreated) created.push(small);
      assertEquals(await taskIds(engine), created);
    }
    assertEquals(counted.loads, 1);
    disk.plan = () => undefined;
    await createLarge(engine, "large");
    assertEquals(await taskIds(engine), [...created, "large 0", "large 1", "large 2"]);
    assertEquals(counted.loads, 1);
    await engine.close();
    assertEquals(verifyJournal(disk, "/data").fault, undefined);
  });
}

test("without room for due changes, no later command is decided, and reads are answered", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  let now = 0;
  await using store = openStore({ directory: "/data", disk, now: () => now });
  const checkpoints = countLoads(store.checkpoints);
  const engine = await Engine.start({ ...store, checkpoints });
  const ids = times(300, (index) => `${"x".repeat(150)}${index}`);
  await engine.execute(
    { type: "create_tasks", tasks: ids.map((id) => ({ ...newTask(id), timeoutMs: 100 })) },
    localOperator("test"),
  );
  const [first = ""] = ids;
  for (const id of ids) {
    await engine.execute({ type: "claim_task", instance: id === first ? "bob" : "ann", id }, localOperator("test"));
  }
  checkpoints.loads = 0;
  const room = 10_000;
  disk.plan = ({ sizeBytes = 0 }) => sizeBytes > room ? { taken: room } : undefined;
  await assertRejects(() => createLarge(engine, "large"), Unavailable, "make room");
  now = 1_000;
  const completion = { type: "complete_task", id: first, instance: "bob", attempt: 1, result: "late" } as const;
  const completing = assertRejects(() => engine.execute(completion, localOperator("test")), Unavailable, "make room");
  assertEquals(await readState(engine, (state) => state.counts.in_progress), ids.length);
  await completing;
  assertEquals(checkpoints.loads, 1);
  disk.plan = () => undefined;
  await createTask(engine, "after");
  assertEquals(await readState(engine, (state) => [state.counts.in_progress, state.counts.pending]), [
    0,
    ids.length + 1,
  ]);
  assertEquals(checkpoints.loads, 1);
  await engine.close();
});

test("a small command succeeds where a large one had no room", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  disk.plan = ({ name }) => name === "write" ? { taken: ROOM_BYTES } : undefined;
  const large = { ...newTask("large"), description: "x".repeat(60_000) };
  const create = (): Promise<unknown> =>
    store.engine.execute({ type: "create_tasks", tasks: [large, { ...large, id: "larger" }] }, localOperator("test"));
  await assertRejects(create, Unavailable, "make room");
  await createTask(store.engine, "small");
  assertEquals(await taskIds(store.engine), ["small"]);
});

test("a process that dies while it tests for room leaves a tail that the next writer cuts off", async () => {
  for (const taken of [0, 1, 50]) {
    const memory = new MemoryDisk();
    const disk = new FaultyDisk(memory);
    await using store = await startStore({ directory: "/data", disk });
    await createTask(store.engine, "before");
    disk.plan = ({ name }) => name === "write" ? { taken: 0, error: noSpace } : undefined;
    await assertRejects(() => createTask(store.engine, "a"), Unavailable, "make room");
    disk.plan = ({ name }) => name === "write" ? { taken } : { error: new Error("killed") };
    await assertRejects(() => createTask(store.engine, "a"), Error, "killed");
    for (const left of [memory.afterKill(), memory.afterPowerLoss()]) {
      await using again = await startStore({ directory: "/data", disk: left });
      await createTask(again.engine, "after");
      assertEquals(await taskIds(again.engine), ["before", "after"]);
      assertEquals(verifyJournal(left, "/data").fault, undefined);
    }
  }
});

test("without room for the next segment a call is refused, and the segment is created later", async () => {
  for (const failing of ["create", "write"] as const) {
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = await startStore({ directory: "/data", disk, segmentBytes: 300 });
    await createTask(store.engine, "a");
    await createTask(store.engine, "b");
    assertEquals(disk.list("/data/journal").length, 1);
    disk.plan = ({ name, path }) =>
      name === failing && path.startsWith("/data/journal") ? { error: noSpace } : undefined;
    const error = await assertRejects(() => createTask(store.engine, "c"), Unavailable);
    assertEquals(error.code, "storage_failed");
    disk.plan = () => undefined;
    await using other = await startStore({ directory: "/data", disk, segmentBytes: 300 });
    assertEquals(await taskIds(other.engine), ["a", "b"]);
    await createTask(other.engine, "c");
    await createTask(other.engine, "d");
    assertEquals(await taskIds(other.engine), ["a", "b", "c", "d"]);
    assertEquals(verifyJournal(disk, "/data").fault, undefined);
  }
});

test("a checkpoint written while the next segment is empty is valid with that segment and without", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk, segmentBytes: 300 });
  await createTask(store.engine, "a");
  await createTask(store.engine, "b");
  disk.plan = ({ name }) => name === "write" ? { error: noSpace } : undefined;
  await assertRejects(() => createTask(store.engine, "c"), Unavailable);
  disk.plan = () => undefined;
  assertEquals(disk.list("/data/journal").length, 2);
  // Takes the lock and reads up to the end of the journal, but appends nothing.
  await store.engine.execute({ type: "update_task", id: "a" }, localOperator("test"));
  await checkpoint(store);
  for (const left of [memory.afterKill(), memory.afterPowerLoss()]) {
    await using again = await startStore({ directory: "/data", disk: left, segmentBytes: 300 });
    assertEquals(await taskIds(again.engine), ["a", "b"]);
    await createTask(again.engine, "c");
    assertEquals(verifyJournal(left, "/data").records, 3);
  }
});

/** Passes on to checkpoints, and counts how often the state is read anew. */
function countLoads(checkpoints: Checkpoints): Checkpoints & { loads: number } {
  const counted = {
    loads: 0,
    load: () => (counted.loads++, checkpoints.load()),
    save: checkpoints.save.bind(checkpoints),
    close: () => {},
  };
  return counted;
}

/** Creates tasks with one command that takes more than `ROOM_BYTES`. */
function createLarge(engine: Engine, id: string): Promise<unknown> {
  const description = "x".repeat(60_000);
  return engine.execute({
    type: "create_tasks",
    tasks: times(3, (index) => ({ ...newTask(`${id} ${index}`), description })),
  }, localOperator("test"));
}

/** Creates tasks in one batch; resolves to the ids of those that were acknowledged. */
async function createAtOnce(engine: Engine, ids: readonly string[] = ["a", "b", "c"]): Promise<string[]> {
  // However slow the machine, no time passes that would split the batch.
  using _time = new FakeTime();
  const settled = await Promise.allSettled(ids.map((id) => createTask(engine, id)));
  for (const each of settled) {
    if (each.status === "fulfilled") continue;
    assert(each.reason instanceof Unavailable && each.reason.code === "storage_failed", String(each.reason));
  }
  return ids.filter((_, index) => settled[index]?.status === "fulfilled");
}

/** Bytes of the journal that the batch makes. */
async function sizeOfBatch(): Promise<number> {
  const disk = new MemoryDisk();
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "before");
  const before = disk.identity(SEGMENT)?.sizeBytes ?? 0;
  assertEquals((await createAtOnce(store.engine)).length, 3);
  return (disk.identity(SEGMENT)?.sizeBytes ?? 0) - before;
}

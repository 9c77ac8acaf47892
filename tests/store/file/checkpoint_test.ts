/** Shows that a checkpoint gives back the state it was made of, and that a bad one costs nothing but time. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { READABLE_SNAPSHOTS, SNAPSHOT_VERSION } from "../../../src/core/state/snapshot.ts";
import { sha256 } from "../../../src/store/file/hash.ts";
import { LOCK_WAIT_MS, WriteLock } from "../../../src/store/file/write_lock.ts";
import { cancel, claim, complete, create, fail, newTask, release, remove, times } from "../../core/given.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  checkpoint,
  createTask,
  openStore,
  type RunningStore,
  startStore,
  takeCheckpoint,
  taskIds,
  wholeState,
} from "../../support/store.ts";
import { FaultyDisk, noSpace } from "./faulty_disk.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

const [TASKS, STATE] = ["/data/tasks.json", "/data/state.json"];

test("a loaded checkpoint equals the saved one", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await doEverything(store);
  const { snapshot, position } = await takeCheckpoint(store.engine);
  await store.checkpoints.save(snapshot, position);
  assertEquals(await store.checkpoints.load(), { snapshot, position });
  await using other = openStore({ directory: "/data", disk });
  assertEquals(await other.checkpoints.load(), { snapshot, position });
  assertEquals(disk.list("/data").sort(), ["checkpoint.lock", "lock", "state.json", "tasks.json"]);
  assertEquals(store.log.warnings, []);
});

test("a start from a checkpoint has the same state as one from the journal", async (disk) => {
  await using store = await startStore({ directory: "/data", disk, segmentBytes: 1_000 });
  await doEverything(store);
  await checkpoint(store);
  await createTask(store.engine, "after the checkpoint");
  const expected = await wholeState(store.engine);
  await assertSameState(disk, expected, { segmentBytes: 1_000, warnings: 0 });
  for (const path of [TASKS, STATE]) disk.remove(path);
  await assertSameState(disk, expected, { segmentBytes: 1_000, warnings: 0 });
});

test("without records there is no checkpoint", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await store.checkpoints.load(), undefined);
});

test("a checkpoint never replaces one of the same or a newer position", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  const older = await takeCheckpoint(store.engine);
  await createTask(other.engine, "b");
  await checkpoint(other);
  const before = disk.files();
  await store.checkpoints.save(older.snapshot, older.position);
  await taskIds(store.engine);
  await checkpoint(store);
  assertEquals(disk.files(), before);
});

test("a newer checkpoint replaces an older one, whoever wrote it", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk });
  for (let round = 0; round < 20; round++) {
    const each = round % 2 === 0 ? store : other;
    await createTask(each.engine, `t${round}`);
    await checkpoint(each);
  }
  assertEquals((await store.checkpoints.load())?.position.seq, 20);
  assertEquals([...store.log.warnings, ...other.log.warnings], []);
});

test("of checkpoints saved at the same time by many processes, the newest one stays, whole", async (disk) => {
  const stores = await Promise.all(times(5, () => startStore({ directory: "/data", disk })));
  for (const [index, store] of stores.entries()) await createTask(store.engine, `t${index}`);
  await Promise.all(stores.map(checkpoint));
  const [first] = stores;
  assertEquals((await first?.checkpoints.load())?.position.seq, 5);
  assertEquals(stores.flatMap(({ log }) => log.warnings), []);
  for (const store of stores) await store[Symbol.asyncDispose]();
});

test("a damaged file of a checkpoint, at any byte, costs nothing but time", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  for (const id of ["a", "b", "c"]) await createTask(store.engine, id);
  await checkpoint(store);
  const expected = await wholeState(store.engine);
  for (const path of [TASKS, STATE]) {
    const bytes = disk.readFile(path) ?? new Uint8Array();
    for (let index = 0; index < bytes.length; index++) {
      const flipped = bytes.map((byte, each) => each === index ? byte ^ (1 << index % 8) : byte);
      for (const content of [flipped, bytes.subarray(0, index)]) {
        const damaged = disk.afterKill();
        damaged.put(path, content);
        await using again = await startStore({ directory: "/data", disk: damaged });
        assertEquals(await wholeState(again.engine), expected);
        if (index % 50 !== 0) continue;
        await createTask(again.engine, "next");
        await checkpoint(again);
        await assertSameState(damaged, await wholeState(again.engine), { warnings: 0 });
      }
    }
  }
});

test("files of a checkpoint that are missing or do not belong together cost nothing but time", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  const older = disk.files();
  await createTask(store.engine, "b");
  await checkpoint(store);
  const expected = await wholeState(store.engine);
  const contents = (path: string) => [undefined, older.get(path), disk.files().get(path), ""];
  for (const tasks of contents(TASKS)) {
    for (const state of contents(STATE)) {
      const mixed = disk.afterKill();
      for (const [path, content] of [[TASKS, tasks], [STATE, state]] as const) {
        if (content === undefined) mixed.remove(path);
        else mixed.put(path, content);
      }
      await using again = await startStore({ directory: "/data", disk: mixed });
      assertEquals(await wholeState(again.engine), expected);
    }
  }
});

test("half-written files do not matter", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  for (const path of [TASKS, STATE]) disk.put(`${path}.tmp`, "half wri");
  await createTask(store.engine, "a");
  await checkpoint(store);
  for (const path of [TASKS, STATE]) disk.put(`${path}.tmp`, "x".repeat(100_000));
  await createTask(store.engine, "b");
  await checkpoint(store);
  await assertSameState(disk, await wholeState(store.engine), { warnings: 0 });
  assertEquals(disk.list("/data").filter((name) => name.endsWith(".tmp")), []);
});

test("a journal that ends before the checkpoint, at any byte, is refused and left as it is", async (disk) => {
  await using store = await startStore({ directory: "/data", disk, segmentBytes: 400 });
  for (const id of ["a", "b", "c", "d", "e"]) await createTask(store.engine, id);
  await checkpoint(store);
  const path = `/data/journal/${disk.list("/data/journal").sort().at(-1)}`;
  const bytes = disk.readFile(path) ?? new Uint8Array();
  for (let size = -1; size < bytes.length; size++) {
    const shorter = disk.afterKill();
    if (size < 0) shorter.remove(path);
    else shorter.put(path, bytes.subarray(0, size));
    const before = shorter.files();
    const error = await assertRejects(
      () => startStore({ directory: "/data", disk: shorter, segmentBytes: 400 }),
      Unavailable,
      "was written when it had 5",
    );
    assertEquals(error.code, "journal_damaged");
    assertEquals(shorter.files(), before);
  }
});

test("a checkpoint of version 1 is rebuilt from the journal, and its tasks file stays", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await store.engine.execute({ type: "create_group", id: "g", settings: { title: "G" } }, localOperator("test"));
  await store.engine.execute(
    { type: "register_instance", instance: "x", settings: { roles: ["qa"] } },
    localOperator("x"),
  );
  await store.engine.execute(create({ ...newTask("a"), group: "g" }), localOperator("test"));
  await checkpoint(store);
  putStateOfVersion1(disk);
  const before = disk.files();
  await createTask(store.engine, "b");
  const expected = await wholeState(store.engine);
  assertEquals([expected.groups.length, expected.instances.length], [1, 1]);
  await assertSameState(disk, expected, { warnings: 0 });
  assertEquals(disk.files().get(TASKS), before.get(TASKS));
  assertEquals(disk.files().get(STATE), before.get(STATE));
  assertEquals(disk.list("/data").sort(), ["checkpoint.lock", "lock", "state.json", "tasks.json"]);
  // The next one takes its place.
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(again.engine.checkpointSeq, 0);
  await checkpoint(again);
  assertEquals((await again.checkpoints.load())?.snapshot, expected);
  assertEquals([...store.log.warnings, ...again.log.warnings], []);
  assertEquals(disk.list("/data").sort(), ["checkpoint.lock", "lock", "state.json", "tasks.json"]);
});

test("a checkpoint of an older version is not used, and is replaced though no record followed", async (disk) => {
  const older = times(SNAPSHOT_VERSION - 1, (index) => index + 1).filter((each) => !READABLE_SNAPSHOTS.includes(each));
  assert(older.length > 0);
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  const expected = await wholeState(store.engine);
  for (const version of older) {
    await checkpoint(store);
    const { sha256: _, ...state } = JSON.parse(new TextDecoder().decode(disk.readFile(STATE)));
    // In the form of today, but with what that version derived.
    putState(disk, { ...state, version, nextOrder: 99 });
    await using again = await startStore({ directory: "/data", disk });
    assertEquals([again.engine.checkpointSeq, await wholeState(again.engine)], [0, expected]);
    await checkpoint(again);
    assertEquals((await again.checkpoints.load())?.snapshot, expected);
    assertEquals(again.log.warnings, []);
  }
});

test("a tasks file that was changed by hand beside a checkpoint of version 1 is set aside", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  putStateOfVersion1(disk);
  disk.put(TASKS, "[]");
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(again.engine), ["a"]);
  assertEquals(disk.list("/data").filter((name) => name.startsWith("tasks.json.set-aside")).length, 1);
});

test("a checkpoint of another journal is set aside", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  const other = new MemoryDisk();
  await using foreign = await startStore({ directory: "/data", disk: other });
  await createTask(foreign.engine, "b");
  for (const path of [TASKS, STATE]) other.put(path, disk.readFile(path) ?? "");
  await using again = await startStore({ directory: "/data", disk: other });
  assertEquals(await taskIds(again.engine), ["b"]);
  assert(again.log.warnings.some((warning) => warning.startsWith(`${STATE} belongs to another journal`)));
  await createTask(again.engine, "c");
  await checkpoint(again);
  await assertSameState(other, await wholeState(again.engine), { warnings: 0 });
});

test("a checkpoint without room leaves no files, and the previous one stays", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  const before = memory.files();
  await createTask(store.engine, "b");
  for (const path of [`${TASKS}.tmp`, `${STATE}.tmp`]) {
    disk.plan = (operation) =>
      operation.name === "write" && operation.path === path ? { taken: 50, error: noSpace } : undefined;
    await assertRejects(() => checkpoint(store), Error, "No space left");
    assertEquals(memory.files().get(path), "");
    for (const each of [TASKS, STATE]) assertEquals(memory.files().get(each), before.get(each));
  }
  disk.plan = () => undefined;
  await checkpoint(store);
  assertEquals((await store.checkpoints.load())?.position.seq, 2);
});

test("a start while another process writes a long checkpoint reads the journal", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  const writing = new WriteLock(disk, "/data/checkpoint.lock");
  await writing.acquire();
  using time = new FakeTime();
  const starting = startStore({ directory: "/data", disk });
  await time.pass(LOCK_WAIT_MS);
  await using started = await starting;
  assertEquals(await taskIds(started.engine), ["a"]);
});

test("saving a checkpoint delays no command", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await store.engine.execute(
    create(...times(900, (index) => newTask(`t${index} ${"x".repeat(150)}`))),
    localOperator("test"),
  );
  const { snapshot, position } = await takeCheckpoint(store.engine);
  let isSaving = true;
  const saving = store.checkpoints.save(snapshot, position).then(() => isSaving = false);
  for (let index = 0; index < 3; index++) await createTask(store.engine, `meanwhile ${index}`);
  assert(isSaving, "the commands waited for the checkpoint");
  await saving;
  assertEquals((await store.checkpoints.load())?.snapshot.tasks.length, 900);
});

/** A history with every status, odd ids, and a hole in the order. */
async function doEverything({ engine }: RunningStore): Promise<void> {
  const ids = ["done", "failed", "cancelled", "held", "released", "deleted", "__proto__", "10", "9", "é\u{1F600}"];
  for (const id of ids) await createTask(engine, id);
  await engine.execute(create(newTask("waiting", "held", "__proto__")), localOperator("test"));
  for (const id of ["done", "failed", "held", "released"]) await engine.execute(claim("x", id), localOperator("x"));
  await engine.execute(complete("x", "done", 'a "result"\n'), localOperator("x"));
  await engine.execute(fail("x", "failed"), localOperator("x"));
  await engine.execute({ ...release("x", "released"), reason: "why not" }, localOperator("x"));
  await engine.execute({ ...cancel("cancelled"), reason: "no" }, localOperator("test"));
  await engine.execute(remove("deleted"), localOperator("test"));
}

/** Makes of `state.json` what version 1 would have written. */
function putStateOfVersion1(disk: MemoryDisk): void {
  const { position, nextOrder, tasks, previous } = JSON.parse(new TextDecoder().decode(disk.readFile(STATE)));
  putState(disk, { version: 1, position, nextOrder, tasks, previous });
}

/** Puts a `state.json` there, signed as every version does. */
function putState(disk: MemoryDisk, state: Readonly<Record<string, unknown>>): void {
  disk.put(STATE, JSON.stringify({ ...state, sha256: sha256(JSON.stringify(state)) }, undefined, 2) + "\n");
}

async function assertSameState(
  disk: MemoryDisk,
  expected: Awaited<ReturnType<typeof wholeState>>,
  { segmentBytes, warnings }: { readonly segmentBytes?: number; readonly warnings: number },
): Promise<void> {
  await using store = await startStore({
    directory: "/data",
    disk,
    ...(segmentBytes !== undefined && { segmentBytes }),
  });
  assertEquals(await wholeState(store.engine), expected);
  assertEquals(store.log.warnings.length, warnings, store.log.warnings.join("\n"));
}

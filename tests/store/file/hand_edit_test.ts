/** Shows that a tasks.json that the program did not write is never overwritten, only set aside, with a warning. */

import { assert, assertEquals } from "@std/assert";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, type RunningStore, startStore, taskIds, wholeState } from "../../support/store.ts";
import { FaultyDisk } from "./faulty_disk.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

const TASKS = "/data/tasks.json";
const EDITED = '{"edited": {"description": "by hand"}}';

test("an edit is set aside at the next start, and the tasks of the journal stay", async (disk) => {
  const expected = await oneTaskAndCheckpoint(disk);
  disk.put(TASKS, EDITED);
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await wholeState(store.engine), expected);
  assertSetAside(disk, [EDITED]);
  assertWarned(store);
  await createTask(store.engine, "b");
  await checkpoint(store);
  assertSetAside(disk, [EDITED]);
});

test("an edit is set aside at the next checkpoint", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  disk.put(TASKS, EDITED);
  await createTask(store.engine, "b");
  await checkpoint(store);
  assertSetAside(disk, [EDITED]);
  assertWarned(store);
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(again.engine), ["a", "b"]);
  assertEquals(again.log.warnings, []);
});

test("an edit in place of the same size is noticed", async (disk) => {
  await oneTaskAndCheckpoint(disk);
  const edited = (disk.files().get(TASKS) ?? "").replace("do a", "do b");
  const file = disk.open(TASKS, "append");
  file.truncate(0);
  file.write(new TextEncoder().encode(edited));
  file.close();
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(store.engine), ["a"]);
  assertSetAside(disk, [edited]);
});

test("an edit while a checkpoint is being written is set aside", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  const steps = [`${TASKS}.tmp`, "/data/state.json.tmp"];
  for (const [index, step] of steps.entries()) {
    const edited = `{"edited ${index}": {}}`;
    disk.plan = ({ name, path }) => {
      if (name === "sync" && path === step) memory.put(TASKS, edited);
      return undefined;
    };
    await createTask(store.engine, `b${index}`);
    await checkpoint(store);
  }
  assertSetAside(memory, ['{"edited 0": {}}', '{"edited 1": {}}']);
});

test("a tasks file that appears before the first checkpoint is set aside", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  disk.put(TASKS, EDITED);
  await checkpoint(store);
  assertSetAside(disk, [EDITED]);
  assertEquals(await taskIds(store.engine), ["a"]);
});

test("a file that was only copied or touched is not an edit", async (disk) => {
  const expected = await oneTaskAndCheckpoint(disk);
  disk.put(TASKS, disk.readFile(TASKS) ?? "");
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await wholeState(store.engine), expected);
  await createTask(store.engine, "b");
  await checkpoint(store);
  assertSetAside(disk, []);
  assertEquals(store.log.warnings, []);
});

test("a deleted tasks file is written again", async (disk) => {
  await oneTaskAndCheckpoint(disk);
  disk.remove(TASKS);
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "b");
  await checkpoint(store);
  assertEquals(Object.keys(JSON.parse(disk.files().get(TASKS) ?? "")), ["a", "b"]);
  assertEquals(store.log.warnings, []);
});

async function oneTaskAndCheckpoint(disk: MemoryDisk) {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  return await wholeState(store.engine);
}

function assertSetAside(disk: MemoryDisk, expected: readonly string[]): void {
  const aside = [...disk.files()].filter(([path]) => path.startsWith(`${TASKS}.set-aside-`));
  assertEquals(aside.map(([, content]) => content).sort(), expected);
}

function assertWarned({ log }: RunningStore): void {
  assertEquals(log.warnings.length, 1);
  assert(log.warnings[0]?.startsWith(`${TASKS} was changed by hand`), log.warnings[0]);
  assert(log.warnings[0]?.includes(`set aside as ${TASKS}.set-aside-1970-01-01T`), log.warnings[0]);
}

/** Shows how a tasks file that was there before the journal is taken over: once, whole, or not at all. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  checkpoint,
  createTask,
  recordsAfter,
  type RunningStore,
  startStore,
  taskIds,
  wholeState,
} from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";
import { times } from "../../core/given.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS } from "./faulty_disk.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

const TASKS = "/data/tasks.json";
const JOURNAL = "/data/journal/0000000001.jsonl";

/** As the earlier server wrote it: results of any form, dependencies that may be missing. */
const LEGACY = JSON.stringify({
  setup: {
    id: "setup",
    description: "Set up",
    status: "completed",
    dependencies: [],
    assignedTo: "w1",
    result: { ok: 1 },
  },
  build: { id: "build", description: "Build", status: "in_progress", dependencies: ["setup"], assignedTo: "w2" },
  test: { id: "test", description: "Test", status: "pending", dependencies: ["build"] },
  docs: { id: "docs", description: "Docs", status: "pending" },
});

test("a tasks file without a journal is imported, and its tasks can be claimed", async (disk) => {
  disk.put(TASKS, LEGACY);
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(store.log.infos, ["Imported 4 tasks from a tasks file without a journal"]);
  const { tasks } = await wholeState(store.engine);
  assertEquals(tasks.map(({ id, status, dependencies }) => [id, status, dependencies]), [
    ["setup", "completed", []],
    ["build", "in_progress", ["setup"]],
    ["test", "pending", ["build"]],
    ["docs", "pending", []],
  ]);
  assertEquals(tasks[0]?.result, '{"ok":1}');
  const { unlocked } = await store.engine.execute(
    { type: "complete_task", id: "build", instance: "w2", result: "r" },
    localOperator("w2"),
  );
  assertEquals(unlocked.map(({ id }) => id), ["test"]);
});

test("the imported file is kept under another name", async (disk) => {
  disk.put(TASKS, LEGACY);
  {
    await using store = await startStore({ directory: "/data", disk });
    await checkpoint(store);
  }
  assert([...disk.files()].some(([path, content]) => path.startsWith(`${TASKS}.imported-`) && content === LEGACY));
  await using again = await startStore({ directory: "/data", disk });
  assertEquals((await recordsAfter(again.journal)).length, 1);
  assertEquals([...again.log.infos, ...again.log.warnings], []);
  assertEquals((await taskIds(again.engine)).length, 4);
});

test("a tasks file beside a journal is not imported", async (disk) => {
  {
    await using store = await startStore({ directory: "/data", disk });
    await createTask(store.engine, "a");
  }
  disk.put(TASKS, LEGACY);
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(store.engine), ["a"]);
  assertEquals(store.log.warnings.length, 1);
});

test("a process that dies while it imports a file loses nothing of it", async (memory) => {
  memory.put(TASKS, LEGACY);
  for (let number = 1, isOver = false; !isOver; number++) {
    assert(number < MAX_OPERATIONS, "it never ends");
    for (const taken of [0, 1, 300]) {
      const left = memory.afterKill();
      const disk = new FaultyDisk(left);
      disk.plan = (operation) => {
        const isPartial = operation.number === number && operation.name === "write";
        return isPartial ? { taken, error: new Error("killed") } : dieAt(number)(operation);
      };
      isOver = await startStore({ directory: "/data", disk }).then((store) =>
        store[Symbol.asyncDispose](), () => false) ===
        undefined;
      for (const next of [left.afterKill(), left.afterPowerLoss()]) {
        await using store = await startStore({ directory: "/data", disk: next });
        assertEquals(
          await taskIds(store.engine),
          ["setup", "build", "test", "docs"],
          `death at ${number}, ${taken} bytes`,
        );
        assertEquals((await recordsAfter(store.journal)).length, 1);
      }
    }
  }
});

/** So many tasks that they take several records, each before the one that it depends on. */
const LARGE = Object.fromEntries(times(40, (index) => [
  `t${index}`,
  { description: `${index} `.padEnd(60_000, "x"), dependencies: index < 39 ? [`t${index + 1}`] : [] },
]));
const LARGE_IDS = Object.keys(LARGE).toReversed();

test("a large file is imported in several records, dependencies first", async (disk) => {
  disk.put(TASKS, JSON.stringify(LARGE));
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(store.engine), LARGE_IDS);
  const records = await recordsAfter(store.journal);
  assert(records.length === 3 && records.every((record) => JSON.stringify(record).length < 1.2 * 1024 * 1024));
  assertEquals(store.log.infos, ["Imported 40 tasks from a tasks file without a journal"]);
});

test("if a process dies anywhere while it imports a large file, the next start completes it, and imports no task twice", async (memory) => {
  const text = JSON.stringify(LARGE);
  memory.put(TASKS, text);
  let completed = 0;
  for (let number = 1, isOver = false; !isOver; number++) {
    assert(number < MAX_OPERATIONS, "it never ends");
    const left = memory.afterKill();
    const disk = new FaultyDisk(left);
    disk.plan = dieAt(number);
    isOver = await startStore({ directory: "/data", disk }).then((store) =>
      store[Symbol.asyncDispose](), () => false) ===
      undefined;
    for (const next of [left.afterKill(), left.afterPowerLoss()]) {
      const hasAll = (store: RunningStore) => taskIds(store.engine).then((ids) => assertEquals(ids, LARGE_IDS));
      const isBegun = verifyJournal(next, "/data").records > 0;
      assert(isOver || next.files().get(TASKS) === text || verifyJournal(next, "/data").records === 3);
      {
        await using store = await startStore({ directory: "/data", disk: next });
        await hasAll(store);
        assertEquals(store.log.warnings.filter((warning) => warning.includes("set aside")), []);
        if (isBegun && store.log.infos.length > 0) completed++;
        await checkpoint(store);
      }
      const kept = [...next.files()].filter(([path]) => path.startsWith(`${TASKS}.imported-`));
      assertEquals(kept.map(([, content]) => content), [text]);
    }
  }
  assert(completed > 1, "no import was interrupted between two records");
});

test("a running server does not overwrite a file whose import was interrupted", async (memory) => {
  await using running = await startStore({ directory: "/data", disk: memory });
  const text = JSON.stringify(LARGE);
  memory.put(TASKS, text);
  const disk = new FaultyDisk(memory);
  disk.plan = ({ name }) => name === "write" && verifyJournal(memory, "/data").records === 2 ? { taken: 0 } : undefined;
  await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable, "make room");
  await createTask(running.engine, "meanwhile");
  await checkpoint(running);
  assertEquals(memory.files().get(TASKS), text);
  await using again = await startStore({ directory: "/data", disk: memory });
  assertEquals((await taskIds(again.engine)).toSorted(), [...LARGE_IDS, "meanwhile"].toSorted());
  assertEquals(await taskIds(running.engine), await taskIds(again.engine));
});

test("a start that completes an import does not import deleted tasks again", async (memory) => {
  await using running = await startStore({ directory: "/data", disk: memory });
  const file = { a: {}, ...Object.fromEntries(Object.entries(LARGE).toReversed()) };
  memory.put(TASKS, JSON.stringify(file));
  const disk = new FaultyDisk(memory);
  disk.plan = ({ name }) => name === "write" && verifyJournal(memory, "/data").records === 2 ? { taken: 0 } : undefined;
  await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable, "make room");
  await running.engine.execute({ type: "delete_task", id: "a" }, localOperator("test"));
  await using again = await startStore({ directory: "/data", disk: memory });
  assertEquals(await taskIds(again.engine), LARGE_IDS);
});

test("a full disk leaves the file to be taken over later", async (memory) => {
  memory.put(TASKS, LEGACY);
  const disk = new FaultyDisk(memory);
  disk.plan = ({ name }) => name === "write" ? { taken: 50 } : undefined;
  const error = await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable, "make room");
  assertEquals(error.code, "storage_failed");
  disk.plan = () => undefined;
  await using store = await startStore({ directory: "/data", disk });
  assertEquals((await taskIds(store.engine)).length, 4);
});

test("a file that is no tasks file is refused with the reason, and left as it is", async (disk) => {
  const refused: Readonly<Record<string, string>> = {
    "": "It is not JSON",
    "{": "It is not JSON",
    "\xff": "It is not JSON",
    "7": "It is not an object of tasks",
    '{"a": {"status": "finished"}}': "at a.status",
    '{"a": {"description": ["x"]}}': "at a.description",
    '{"a": {"dependancies": []}}': "at a.dependancies: write dependencies",
    '{"a": {}, "a": {}}': "It has a key twice: a",
    '{"master": {"tasks": []}}': "at master: it has no field of a task, but tasks",
  };
  for (const [text, message] of Object.entries(refused)) {
    disk.put(TASKS, text);
    const error = await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable, message);
    assertEquals(error.code, "storage_failed");
    assert(error.message.startsWith(`Cannot import ${TASKS}: `), error.message);
    assertEquals(disk.files().get(TASKS), text);
    assertEquals(disk.identity(JOURNAL)?.sizeBytes ?? 0, 0);
  }
  disk.put(TASKS, new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x7d]));
  await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable, `Cannot import ${TASKS}: `);
});

test("a file of tasks that the rules forbid is refused with the reason, and left as it is", async (disk) => {
  const refused: Readonly<Record<string, string>> = {
    '{"a": {"dependencies": ["b"]}}': "Dependency task b not found",
    '{"a": {"dependencies": ["b"]}, "b": {"dependencies": ["a"]}}': "Dependencies would create a cycle",
    '{"a": {"id": "x"}, "b": {"id": "x"}}': "x",
    '{" a": {}}': "white space",
    '{"a": {"status": "in_progress"}}': "assignedTo",
  };
  for (const [text, message] of Object.entries(refused)) {
    disk.put(TASKS, text);
    const error = await assertRejects(() => startStore({ directory: "/data", disk }), Unavailable, message);
    assert(error.message.startsWith("Cannot import the tasks file without a journal: "), error.message);
    assertEquals(disk.files().get(TASKS), text);
    assertEquals(disk.identity(JOURNAL)?.sizeBytes ?? 0, 0);
  }
});

test("fields that no task has are named in a warning", async (disk) => {
  disk.put(TASKS, '{"a": {"description": "x", "title": "y"}}');
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(store.log.warnings, [`${TASKS}: Fields that no task has were left out: title (of a)`]);
  assertEquals(await taskIds(store.engine), ["a"]);
});

test("an empty object of tasks is nothing to take over", async (disk) => {
  disk.put(TASKS, "{}");
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  assertEquals((await recordsAfter(store.journal)).map(({ command }) => command), ["create_tasks"]);
});

Deno.test({
  name: "processes that start on the same file at once take it over once",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using directory = await temporaryDirectory();
    await Deno.writeTextFile(`${directory.path}/tasks.json`, LEGACY);
    const stores = await Promise.all([1, 2, 3, 4].map(() => startStore({ directory: directory.path })));
    for (const { engine } of stores) assertEquals(await taskIds(engine), ["setup", "build", "test", "docs"]);
    assertEquals(stores.flatMap(({ log }) => log.infos).length, 1);
    assertEquals(verifyJournal(realDisk, directory.path).records, 1);
    for (const store of stores) await store[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "processes that start on the same large file at once import each task once",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using directory = await temporaryDirectory();
    await Deno.writeTextFile(`${directory.path}/tasks.json`, JSON.stringify(LARGE));
    const stores = await Promise.all([1, 2, 3].map(() => startStore({ directory: directory.path })));
    for (const { engine } of stores) assertEquals(await taskIds(engine), LARGE_IDS);
    assertEquals(stores.flatMap(({ log }) => log.warnings), []);
    for (const store of stores) await store[Symbol.asyncDispose]();
  },
});

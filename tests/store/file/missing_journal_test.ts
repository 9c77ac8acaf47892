/** Shows that where a journal is gone or shorter than its checkpoint, nothing is overwritten, and each way out works. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Checkpointer } from "../../../src/app/checkpointer.ts";
import { Unavailable } from "../../../src/app/ports.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { repairJournal, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { claim, create, newTask } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, type RunningStore, startStore, taskIds, wholeState } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";
import { contents } from "./damage.ts";
import { FaultyDisk } from "./faulty_disk.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

const SEGMENT = "/data/journal/0000000001.jsonl";
const [TASKS, STATE] = ["/data/tasks.json", "/data/state.json"];

/** Ways in which a journal gets lost beside its checkpoint. */
const LOSSES: Readonly<Record<string, (disk: MemoryDisk) => void>> = {
  "is deleted": (disk) => disk.remove("/data/journal"),
  "is empty": (disk) => disk.put(SEGMENT, ""),
  "has only an unfinished record": (disk) => disk.put(SEGMENT, '{"v":2,"seq":1,'),
};

for (const [loss, lose] of Object.entries(LOSSES)) {
  test(`a start is refused if the journal ${loss}, and changes nothing`, async (disk) => {
    await threeTasks(disk);
    lose(disk);
    const before = contents(disk);
    for (let start = 0; start < 2; start++) await assertMissing(() => startStore({ directory: "/data", disk }), 0);
    assertEquals(contents(disk), before);
    assertEquals(verifyJournal(disk, "/data").fault?.kind, "damaged");
  });

  test(`a running server whose journal ${loss} refuses its calls, and leaves the checkpoint as it is`, async (disk) => {
    await using store = await startStore({ directory: "/data", disk });
    await using other = await startStore({ directory: "/data", disk });
    const checkpointers = [new Checkpointer(store), new Checkpointer(other)];
    for (const id of ["a", "b", "c"]) await createTask(store.engine, id);
    await taskIds(other.engine);
    await checkpoint(store);
    await createTask(store.engine, "d");
    const journal = disk.readFile(SEGMENT) ?? "";
    lose(disk);
    const before = contents(disk);
    await assertMissing(() => createTask(store.engine, "new"), 0);
    await assertMissing(() => taskIds(store.engine), 0);
    for (const checkpointer of checkpointers) await checkpointer.close();
    assertEquals(contents(disk), before);
    // The way out that loses nothing.
    disk.put(SEGMENT, journal);
    await createTask(store.engine, "e");
    assertEquals(await taskIds(other.engine), ["a", "b", "c", "d", "e"]);
  });
}

test("after a deletion, a new journal can start from the tasks of the last checkpoint", async (disk) => {
  {
    await using store = await startStore({ directory: "/data", disk });
    await store.engine.execute({ type: "create_group", id: "g", settings: {} }, localOperator("test"));
    await store.engine.execute(create({ ...newTask("in a group"), group: "g" }), localOperator("test"));
    for (const id of ["b", "10", "9", "__proto__", "a"]) await createTask(store.engine, id);
    await store.engine.execute(claim("x"), localOperator("x"));
    await checkpoint(store);
  }
  disk.remove("/data/journal");
  const error = await assertMissing(() => startStore({ directory: "/data", disk }), 0);
  assertStringIncludes(error.message, `move ${STATE} away and start again`);
  disk.rename(STATE, "/data/elsewhere");
  const tasks = disk.files().get(TASKS);
  await using store = await startStore({ directory: "/data", disk });
  const state = await wholeState(store.engine);
  assertEquals(state.tasks.map(({ id }) => id), ["in a group", "b", "10", "9", "__proto__", "a"]);
  assertEquals(state.tasks[0]?.status, "in_progress");
  assert([...disk.files()].some(([path, text]) => path.startsWith(`${TASKS}.imported-`) && text === tasks));
  await createTask(store.engine, "c");
  await checkpoint(store);
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await wholeState(again.engine), await wholeState(store.engine));
});

test("after a repair without any record left, the next start imports the tasks of the last checkpoint", async (disk) => {
  await threeTasks(disk);
  disk.put(SEGMENT, firstLines(disk, 1).slice(1));
  await repairJournal(disk, "/data", 0);
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(store.engine), ["a", "b", "c"]);
});

test("a journal that is shorter than its checkpoint is refused, and a repair continues with the remaining records", async (disk) => {
  await threeTasks(disk);
  disk.put(SEGMENT, firstLines(disk, 2));
  const before = contents(disk);
  const error = await assertMissing(() => startStore({ directory: "/data", disk }), 2);
  assertStringIncludes(error.message, "run the repair command");
  assertEquals(contents(disk), before);
  await repairJournal(disk, "/data", 0);
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(store.engine), ["a", "b"]);
});

test("missing records are noticed even after a crash between the two files of the checkpoint", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  await checkpoint(store);
  await createTask(store.engine, "b");
  disk.plan = ({ name, path }) => name === "rename" && path === TASKS ? { error: new Error("killed") } : undefined;
  await assertRejects(() => checkpoint(store), Error, "killed");
  const left = memory.afterKill();
  left.remove("/data/journal");
  await assertMissing(() => startStore({ directory: "/data", disk: left }), 0);
});

test("without tasks.json there is nothing to lose: a new journal starts", async (disk) => {
  await threeTasks(disk);
  for (const path of ["/data/journal", TASKS]) disk.remove(path);
  const state = disk.files().get(STATE);
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(store.engine), []);
  assert([...disk.files()].some(([path, text]) => path.startsWith(`${STATE}.set-aside-`) && text === state));
  await createTask(store.engine, "new");
  await checkpoint(store);
  assertEquals((await store.checkpoints.load())?.position.seq, 1);
});

test("a server whose journal is repaired while it runs writes no checkpoint with the removed records", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  const checkpointer = new Checkpointer(store);
  for (const id of ["a", "b", "c"]) await createTask(store.engine, id);
  const file = disk.open(SEGMENT, "append");
  file.truncate(file.identity().sizeBytes - 5);
  file.close();
  await repairJournal(disk, "/data", 0);
  await checkpointer.close();
  assertStringIncludes(store.log.warnings.join(), "does not have record 3 any more");
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(again.engine), ["a", "b"]);
});

test("a checkpoint of another journal is never overwritten, only set aside", async (disk) => {
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "mine");
  const other = disk.afterKill();
  other.remove("/data");
  await threeTasks(other);
  // Both come here while the server runs: nothing makes it look at them before it writes its own.
  for (const path of [TASKS, STATE]) disk.put(path, other.readFile(path) ?? "");
  await checkpoint(store);
  for (const path of [TASKS, STATE]) {
    const kept = [...disk.files()].filter(([each]) => each.startsWith(`${path}.set-aside-`)).map(([, text]) => text);
    assertEquals(kept, [other.files().get(path) ?? ""]);
  }
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await taskIds(again.engine), ["mine"]);
  assertEquals(again.log.warnings, []);
});

Deno.test({
  name: "on a real disk a deleted journal under a running server is refused and can be put back",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using parent = await temporaryDirectory();
    const directory = `${parent.path}/data`;
    await using store = await startStore({ directory });
    for (const id of ["a", "b"]) await createTask(store.engine, id);
    await checkpoint(store);
    await Deno.rename(`${directory}/journal`, `${parent.path}/journal`);
    const before = await Deno.readTextFile(`${directory}/tasks.json`);
    await assertMissing(() => createTask(store.engine, "c"), 0);
    await assertMissing(() => startStore({ directory }), 0);
    assertEquals(await Deno.readTextFile(`${directory}/tasks.json`), before);
    await Deno.remove(`${directory}/journal`, { recursive: true });
    await Deno.rename(`${parent.path}/journal`, `${directory}/journal`);
    await createTask(store.engine, "c");
    assertEquals(verifyJournal(realDisk, directory).records, 3);
  },
});

Deno.test({
  name: "on a real disk a repair succeeds after the journal was deleted",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using parent = await temporaryDirectory();
    const directory = `${parent.path}/data`;
    {
      await using store = await startStore({ directory });
      await createTask(store.engine, "a");
      await checkpoint(store);
    }
    await Deno.remove(`${directory}/journal`, { recursive: true });
    assertEquals((await repairJournal(realDisk, directory, 0)).verification.records, 0);
    await using store = await startStore({ directory });
    assertEquals(await taskIds(store.engine), ["a"]);
  },
});

async function threeTasks(disk: MemoryDisk): Promise<void> {
  await using store = await startStore({ directory: "/data", disk });
  for (const id of ["a", "b", "c"]) await createTask(store.engine, id);
  await checkpoint(store);
}

function firstLines(disk: MemoryDisk, count: number): string {
  return (disk.files().get(SEGMENT) ?? "").split("\n").slice(0, count).map((line) => `${line}\n`).join("");
}

/** Asserts that it is refused since records after `seq` are missing. */
async function assertMissing(
  act: () => Promise<RunningStore | unknown>,
  seq: number,
): Promise<Unavailable> {
  const error = await assertRejects(act, Unavailable, `can be read up to record ${seq}, but `);
  assertEquals(error.code, "journal_damaged");
  assertStringIncludes(error.message, "Nothing was changed. Put the journal back from a backup");
  return error;
}

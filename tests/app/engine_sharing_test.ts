/** Shows that engines on one journal see each other's answers at once, and never do the same thing twice. */

import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../src/app/ports.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { WriteLock } from "../../src/store/file/write_lock.ts";
import { claim, complete, create, newTask, times } from "../core/given.ts";
import { FaultyDisk, noSpace } from "../store/file/faulty_disk.ts";
import { rounds } from "../support/rounds.ts";
import {
  checkpoint,
  createTask,
  recordsAfter,
  type RunningStore,
  startStore,
  takeCheckpoint,
  taskIds,
  wholeState,
} from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";

function test(name: string, fn: (disk: MemoryDisk) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => fn(new MemoryDisk()) });
}

test("the next call of any engine sees what another one has answered", async (disk) => {
  await using first = await startStore({ directory: "/data", disk });
  await using second = await startStore({ directory: "/data", disk });
  for (let round = 0; round < 20; round++) {
    const [writer, other] = round % 2 === 0 ? [first, second] : [second, first];
    await createTask(writer.engine, `t${round}`);
    if (round % 3 === 0) {
      assertEquals((await taskIds(other.engine)).length, round + 1);
    } else {
      const refusal = await assertRejects(() => createTask(other.engine, `t${round}`), Refusal);
      assertEquals(refusal.code, "already_exists");
    }
  }
  assertEquals(await wholeState(first.engine), await wholeState(second.engine));
});

test("an engine that starts later sees what another one has answered", async (disk) => {
  await using first = await startStore({ directory: "/data", disk });
  for (let round = 0; round < 5; round++) {
    await createTask(first.engine, `t${round}`);
    if (round === 2) await checkpoint(first);
    await using later = await startStore({ directory: "/data", disk });
    assertEquals(await wholeState(later.engine), await wholeState(first.engine));
  }
});

Deno.test({
  name: "engines that race for tasks hand out each once",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using directory = await temporaryDirectory();
    const stores = await Promise.all(times(3, () => startStore({ directory: directory.path })));
    const [first] = stores;
    assert(first !== undefined);
    await first.engine.execute(create(...times(60, (index) => newTask(`t${index}`))), localOperator("test"));
    const handedOut = await Promise.all(stores.map((store, index) => workUntilNone(store, `w${index}`)));
    assertEquals(handedOut.flat().sort(), times(60, (index) => `t${index}`).sort());
    assert(handedOut.every((ids) => ids.length > 0), "there was no race");
    for (const store of stores) {
      const { tasks } = await wholeState(store.engine);
      assert(tasks.every(({ status, attempt }) => status === "completed" && attempt === 1));
      await store[Symbol.asyncDispose]();
    }
  },
});

test("a call that can't get the lock is refused as busy, and changes nothing", async (disk) => {
  await using store = await startStore({ directory: "/data", disk, lockWaitMs: 10 });
  await createTask(store.engine, "a");
  const lock = new WriteLock(disk, "/data/lock");
  await lock.acquire();
  const refused = [createTask(store.engine, "b"), createTask(store.engine, "c")];
  const read = taskIds(store.engine);
  assertEquals(await read, ["a"]);
  for (const each of refused) assertEquals((await assertRejects(() => each, Unavailable)).code, "busy");
  assertEquals(await taskIds(store.engine), ["a"]);
  lock.release();
  await createTask(store.engine, "b");
  assertEquals(await taskIds(store.engine), ["a", "b"]);
});

test("an error of the operating system is reported as such, and later calls succeed", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  disk.plan = ({ name }) =>
    name === "makeDirectory"
      ? { error: Object.assign(new Error("Permission denied (os error 13)"), { code: "EACCES" }) }
      : undefined;
  const error = await assertRejects(() => createTask(store.engine, "a"), Unavailable, "Permission denied");
  assertEquals(error.code, "storage_failed");
  disk.plan = () => undefined;
  await createTask(store.engine, "a");
  assertEquals(await taskIds(store.engine), ["a"]);
});

test("after a failed append none of it is visible, and the engine sees what others did meanwhile", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using failing = await startStore({ directory: "/data", disk });
  await using other = await startStore({ directory: "/data", disk: memory });
  await createTask(failing.engine, "a");
  disk.plan = ({ name }) => name === "write" ? { taken: 20, error: noSpace } : undefined;
  await assertRejects(() => createTask(failing.engine, "phantom"), Unavailable);
  assertEquals(await taskIds(failing.engine), ["a"]);
  await createTask(other.engine, "phantom");
  const { task } = await other.engine.execute(claim("x"), localOperator("x"));
  await checkpoint(other);
  disk.plan = () => undefined;
  assertEquals(task?.id, "a");
  assertEquals(await wholeState(failing.engine), await wholeState(other.engine));
  await failing.engine.execute(complete("x", "a"), localOperator("x"));
  assertEquals((await recordsAfter(other.journal)).map(({ seq }) => seq), [1, 2, 3, 4]);
});

test("a checkpoint after a failed append has the content of the journal", async (memory) => {
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "a");
  disk.plan = ({ name }) => name === "write" ? { error: noSpace } : undefined;
  const failing = createTask(store.engine, "phantom");
  const during = takeCheckpoint(store.engine);
  await assertRejects(() => failing, Unavailable);
  for (const { snapshot, position } of [await during, await takeCheckpoint(store.engine)]) {
    assertEquals([snapshot.tasks.map(({ id }) => id), position.seq], [["a"], 1]);
  }
});

async function workUntilNone({ engine }: RunningStore, instance: string): Promise<string[]> {
  const ids: string[] = [];
  for (const _ of rounds("the work", 1_000)) {
    const { task } = await engine.execute(claim(instance), localOperator(instance));
    if (task === undefined) break;
    ids.push(task.id);
    await engine.execute(complete(instance, task.id), localOperator(instance));
  }
  return ids;
}

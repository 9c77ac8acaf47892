/**
 * Shows that a process that dies at any operation of writing a checkpoint leaves a directory that opens to the same
 * state, that nothing of ours is taken for an edit by hand, and that the next checkpoint can be written.
 */

import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Snapshot } from "../../../src/core/state/snapshot.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, startStore, wholeState } from "../../support/store.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS } from "./faulty_disk.ts";

/** How many checkpoints were written well before the one that is not. */
for (const before of [0, 1, 2]) {
  Deno.test({
    name: `a death while checkpoint ${before + 1} is written costs nothing`,
    permissions: "none",
    async fn() {
      const { disk, expected } = await prepared(before);
      let deaths = 0;
      for (let isOver = false; !isOver; deaths++) {
        assert(deaths < MAX_OPERATIONS, "it never ends");
        const dying = disk.afterKill();
        isOver = await dieSaving(dying, deaths + 1);
        for (const left of [dying.afterKill(), dying.afterPowerLoss()]) await assertUnharmed(left, expected);
      }
      // Two files, each made, written and synced; two renames; the directory.
      assert(deaths > 9, `${deaths} deaths`);
    },
  });
}

Deno.test({
  name: "deaths while checkpoints are written, one after the other, cost nothing",
  permissions: "none",
  async fn() {
    const { disk, expected } = await prepared(1);
    for (let first = 1; first <= 9; first++) {
      for (let second = 1; second <= 9; second++) {
        const left = disk.afterKill();
        await dieSaving(left, first);
        const again = left.afterKill();
        await dieSaving(again, second);
        await assertUnharmed(again.afterKill(), expected);
      }
    }
  },
});

Deno.test({
  name:
    "a tasks.json is recognized after as many deaths between the two renames as digests are kept, and not after one more",
  permissions: "none",
  async fn() {
    for (const [deaths, isKnown] of [[1, true], [2, true], [7, true], [8, true], [9, false]] as const) {
      const { disk } = await prepared(1);
      const first = disk.files().get("/data/tasks.json");
      for (let death = 1; death <= deaths; death++) {
        const dying = new FaultyDisk(disk);
        await using store = await startStore({ directory: "/data", disk: dying });
        await createTask(store.engine, `death ${death}`);
        let renames = 0;
        dying.plan = ({ name }) => name === "rename" && ++renames === 2 ? { error: new Error("killed") } : undefined;
        await assertRejects(() => checkpoint(store), Error, "killed");
        assertEquals([store.log.warnings, disk.files().get("/data/tasks.json")], [[], first]);
      }
      await using store = await startStore({ directory: "/data", disk });
      await createTask(store.engine, "after");
      await checkpoint(store);
      assertEquals(store.log.warnings.length, isKnown ? 0 : 1, store.log.warnings.join());
      assertEquals([...disk.files().keys()].some((path) => path.includes("set-aside")), !isKnown);
    }
  },
});

/** A disk with some checkpoints, and changes since. */
async function prepared(checkpoints: number): Promise<{ readonly disk: MemoryDisk; readonly expected: Snapshot }> {
  const disk = new MemoryDisk();
  await using store = await startStore({ directory: "/data", disk });
  for (let index = 0; index < checkpoints; index++) {
    await createTask(store.engine, `checkpointed ${index}`);
    await checkpoint(store);
  }
  await createTask(store.engine, "last");
  return { disk, expected: await wholeState(store.engine) };
}

/** Writes a checkpoint and dies at an operation of that; resolves to whether it was over before. */
async function dieSaving(disk: MemoryDisk, number: number): Promise<boolean> {
  const dying = new FaultyDisk(disk);
  await using store = await startStore({ directory: "/data", disk: dying });
  const done = dying.operations.length;
  dying.plan = dieAt(done + number);
  return await checkpoint(store).then(() => true, () => false);
}

async function assertUnharmed(disk: MemoryDisk, expected: Snapshot): Promise<void> {
  await using store = await startStore({ directory: "/data", disk });
  assertEquals(await wholeState(store.engine), expected);
  await createTask(store.engine, "next");
  await checkpoint(store);
  assertEquals(disk.list("/data").sort(), ["checkpoint.lock", "lock", "state.json", "tasks.json"]);
  assertEquals(store.log.warnings, []);
  await using again = await startStore({ directory: "/data", disk });
  assertEquals(await wholeState(again.engine), await wholeState(store.engine));
  assert((await again.checkpoints.load()) !== undefined);
  assertEquals(again.log.warnings, []);
}

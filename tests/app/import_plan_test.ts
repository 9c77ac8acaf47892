/** Shows that an import of any size is refused as a whole or carried out in parts, and completed by repeating it. */

import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { importPlan, newProgress } from "../../src/app/import_plan.ts";
import { planOfTasks } from "../../src/core/model/portable_plan.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { claim, oldTask, times } from "../core/given.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { recordsAfter, startStore, taskIds } from "../support/store.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS } from "../store/file/faulty_disk.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

const LARGE = times(
  60,
  (index) =>
    oldTask(`t${index}`, { description: "x".repeat(60_000), dependencies: index === 0 ? [] : [`t${index - 1}`] }),
);
const IDS = LARGE.map(({ id }) => id);

test("an import that dies at any operation can be repeated, and imports no task twice", async () => {
  const kinds = new Set<string>();
  for (let number = 1, isOver = false; !isOver; number++) {
    assert(number < MAX_OPERATIONS, "it never ends");
    const memory = new MemoryDisk();
    const disk = new FaultyDisk(memory);
    disk.plan = dieAt(number);
    const store = await startStore({ directory: "/data", disk }).catch(() => undefined);
    isOver = store !== undefined &&
      await importPlan(store.engine, planOfTasks(LARGE), newProgress()).then(() => true, () => false);
    for (const left of [memory.afterKill(), memory.afterPowerLoss()]) {
      await using again = await startStore({ directory: "/data", disk: left });
      const before = (await taskIds(again.engine)).length;
      const progress = newProgress();
      await importPlan(again.engine, planOfTasks(LARGE), progress);
      assertEquals(progress, { ...newProgress(), imported: 60 - before, present: before });
      assertEquals(await taskIds(again.engine), IDS);
      const records = await recordsAfter(again.journal);
      const imported = records.flatMap(({ events }) =>
        events.flatMap((event) => event.type === "tasks.imported" ? event.tasks.map(({ id }) => id) : [])
      );
      assertEquals(imported, IDS);
      kinds.add(before === 0 ? "none" : before === 60 ? "all" : "some");
    }
  }
  assertEquals([...kinds].sort(), ["all", "none", "some"]);
});

test("a repeated import leaves tasks alone that were imported and changed since", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  await importPlan(store.engine, planOfTasks(LARGE), newProgress());
  await store.engine.execute(claim("x"), localOperator("x"));
  const progress = newProgress();
  await importPlan(store.engine, planOfTasks(LARGE), progress);
  assertEquals(progress, { ...newProgress(), present: 60 });
});

test("an invalid large import is refused before any task is imported", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  await importPlan(store.engine, planOfTasks([oldTask("t7")]), newProgress());
  for (
    const [tasks, message] of [
      [LARGE, "Task t7 already exists"],
      [[...LARGE.slice(8), oldTask("z", { dependencies: ["none"] })], "not found"],
      [[oldTask("y"), oldTask("z", { description: "x".repeat(70_000) })], "too long"],
      // Each control character takes six bytes of JSON.
      [[oldTask("y"), huge("z")], "Cannot import task z as it takes"],
    ] as const
  ) {
    const progress = newProgress();
    await assertRejects(() => importPlan(store.engine, planOfTasks(tasks), progress), Refusal, message);
    assertEquals([progress.imported, await taskIds(store.engine)], [0, ["t7"]]);
  }
});

/** A task whose texts are within their limits and whose JSON is more than a record takes. */
function huge(id: string) {
  const past = {
    attempt: 1,
    instance: "x",
    startedAt: 1,
    endedAt: 2,
    outcome: "failed",
    message: "\x01".repeat(60_000),
  };
  return oldTask(id, {
    status: "completed",
    assignedTo: "x",
    attempt: 11,
    startedAt: 3,
    finishedAt: 4,
    result: "\x01".repeat(500_000),
    pastAttempts: times(10, () => ({ ...past, outcome: "failed" as const })),
  });
}

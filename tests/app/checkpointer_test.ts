/** Shows when checkpoints are written: soon after things go quiet, seldom while they don't, and at the end. */

import { assert, assertEquals } from "@std/assert";
import { Checkpointer } from "../../src/app/checkpointer.ts";
import { Engine } from "../../src/app/engine.ts";
import type { Checkpoints } from "../../src/app/ports.ts";
import { MemoryJournal } from "../../src/store/memory/memory_journal.ts";
import { steppingClock } from "../support/clock.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { createTask, startStore } from "../support/store.ts";

interface Scene {
  readonly time: FakeTime;
  readonly engine: Engine;
  readonly checkpointer: Checkpointer;
  readonly log: RecordingLog;
  /** Seq of each checkpoint that was written. */
  readonly saved: readonly number[];
  /** How long it takes to write one. */
  saveMs: number;
  isFull: boolean;
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const saved: number[] = [];
      const log = new RecordingLog();
      let underWay = 0;
      const checkpoints: Checkpoints = {
        load: () => Promise.resolve(undefined),
        close: () => {},
        async save(_, position) {
          if (scene.isFull) throw new Error("No space left on device");
          assertEquals(underWay++, 0);
          await new Promise((resolve) => setTimeout(resolve, scene.saveMs));
          underWay--;
          saved.push(position.seq);
        },
      };
      const journal = new MemoryJournal(steppingClock());
      const engine = await Engine.start({ journal, checkpoints, log });
      const checkpointer = new Checkpointer({ engine, checkpoints, log });
      const scene: Scene = { time, engine, checkpointer, log, saved, saveMs: 0, isFull: false };
      await act(scene);
      const closing = checkpointer.close();
      await time.pass(10_000);
      await closing;
      assertEquals([time.timers, underWay], [0, 0]);
    },
  });
}

test("a checkpoint is written 250 ms after the last change, one for all of them", async ({ time, engine, saved }) => {
  for (const id of ["a", "b", "c"]) {
    await createTask(engine, id);
    await time.pass(200);
  }
  assertEquals(saved, []);
  await time.pass(49);
  assertEquals(saved, []);
  await time.pass(1);
  assertEquals(saved, [3]);
  await time.pass(60_000);
  assertEquals(saved, [3]);
});

test("without changes no checkpoint is written, not even by closing", async ({ time, engine, checkpointer, saved }) => {
  await engine.catchUp();
  await time.pass(60_000);
  await checkpointer.close();
  assertEquals(saved, []);
});

test("constant changes get a checkpoint every five seconds", async ({ time, engine, saved }) => {
  for (let index = 0; index < 170; index++) {
    await createTask(engine, `t${index}`);
    await time.pass(100);
  }
  assertEquals(saved.length, 3);
  assert(saved.every((seq, index) => Math.abs(seq - 50 * (index + 1)) <= 10), saved.join());
});

test("writing checkpoints takes at most a tenth of the time", async (scene) => {
  scene.saveMs = 2_000;
  let ticks = 0;
  for (; scene.saved.length < 5; ticks++) {
    await createTask(scene.engine, `t${ticks}`);
    await scene.time.pass(100);
  }
  assert(ticks * 100 > 4 * 10 * scene.saveMs, `${ticks} ticks`);
});

test("changes during a checkpoint are in the next one", async (scene) => {
  scene.saveMs = 1_000;
  await createTask(scene.engine, "a");
  await scene.time.pass(300);
  await createTask(scene.engine, "b");
  await scene.time.pass(60_000);
  assertEquals(scene.saved, [1, 2]);
});

test("closing writes a checkpoint of the latest changes", async ({ engine, checkpointer, saved, time }) => {
  await createTask(engine, "a");
  await engine.close();
  const closing = checkpointer.close();
  await time.pass(1);
  await closing;
  assertEquals(saved, [1]);
});

test("closing waits for a running checkpoint, and writes another if there are changes since", async (scene) => {
  scene.saveMs = 1_000;
  await createTask(scene.engine, "a");
  await scene.time.pass(300);
  await createTask(scene.engine, "b");
  const closing = scene.checkpointer.close();
  await scene.time.pass(5_000);
  await closing;
  assertEquals(scene.saved, [1, 2]);
  assertEquals(scene.time.timers, 0);
});

test("closing waits for a running checkpoint even if nothing has changed since", async (scene) => {
  scene.saveMs = 1_000;
  await createTask(scene.engine, "a");
  await scene.time.pass(300);
  let isClosed = false;
  const closing = scene.checkpointer.close().then(() => isClosed = true);
  await scene.time.pass(900);
  assertEquals([isClosed, scene.saved], [false, []]);
  await scene.time.pass(100);
  await closing;
  assertEquals(scene.saved, [1]);
});

test("nothing is written after close", async ({ engine, checkpointer, saved, time }) => {
  await checkpointer.close();
  await createTask(engine, "a");
  await time.pass(60_000);
  assertEquals(saved, []);
});

test("a checkpoint that can't be written causes a warning, and the next change another try", async (scene) => {
  scene.isFull = true;
  await createTask(scene.engine, "a");
  await scene.time.pass(1_000);
  assertEquals(scene.log.warnings, [
    "Cannot write a checkpoint, the next start will take longer: Error: No space left on device",
  ]);
  scene.isFull = false;
  await createTask(scene.engine, "b");
  await scene.time.pass(60_000);
  assertEquals(scene.saved, [2]);
});

Deno.test({
  name: "records that a process left without a checkpoint get one from the next process, without any change",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    {
      await using store = await startStore({ directory: "/data", disk });
      await createTask(store.engine, "a");
    }
    for (const expected of [true, false]) {
      await using store = await startStore({ directory: "/data", disk });
      const before = disk.files().get("/data/state.json");
      await new Checkpointer(store).close();
      assertEquals(disk.files().get("/data/state.json") !== before, expected);
    }
  },
});

Deno.test({
  name: "changes by other processes get a checkpoint, too",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    await using other = await startStore({ directory: "/data", disk });
    const checkpointer = new Checkpointer(store);
    await createTask(other.engine, "a");
    await store.engine.catchUp();
    await checkpointer.close();
    assertEquals((await store.checkpoints.load())?.snapshot.tasks.length, 1);
  },
});

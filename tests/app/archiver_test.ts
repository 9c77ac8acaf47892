/** Shows that old tasks are archived by themselves where the operator asked for that, in parts, and once. */

import { assert, assertEquals } from "@std/assert";
import { Archiver } from "../../src/app/archiver.ts";
import { Engine } from "../../src/app/engine.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { recordsOf } from "../support/store.ts";

/** When the tests begin, in milliseconds since the Unix epoch. */
const START = 1_000_000;

const HOUR_MS = 3_600_000;

interface Scene {
  readonly time: FakeTime;
  readonly engine: Engine;
  readonly log: RecordingLog;
  /** Starts an archiver, which the scene ends. */
  readonly archive: (afterMs: number, engine?: Engine) => void;
  /** An engine of another process on the same journal. */
  readonly other: () => Promise<Engine>;
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const journal = new MemoryJournal(() => START + performance.now());
      const log = new RecordingLog();
      const other = () => Engine.start({ journal, checkpoints: noCheckpoints, log });
      const engine = await other();
      const archivers: Archiver[] = [];
      const archive = (afterMs: number, by = engine) => void archivers.push(new Archiver({ engine: by, log, afterMs }));
      await act({ time, engine, log, archive, other });
      for (const archiver of archivers) await archiver[Symbol.asyncDispose]();
      assertEquals(time.timers, 0);
    },
  });
}

test("tasks are archived once they ended so long ago, those of one moment in records of 1,000", async (scene) => {
  const { time, engine, log, archive } = scene;
  const ids = times(2_500, (index) => `t${index}`);
  for (const start of [0, 1_000, 2_000]) {
    const part = ids.slice(start, start + 1_000).map((id) => newTask(id));
    await engine.execute(create(...part), localOperator("test"));
  }
  await engine.execute(create(newTask("open")), localOperator("test"));
  for (const id of ids) await engine.execute({ type: "cancel_task", id }, localOperator("test"));
  archive(24 * HOUR_MS);
  await time.pass(24 * HOUR_MS - 1);
  assertEquals(await archivedIn(engine), []);
  await time.pass(HOUR_MS);
  assertEquals(await archivedIn(engine), [1_000, 1_000, 500]);
  assertEquals(log.infos, ["Archived 2500 tasks, as --archive-after says"]);
  const { tasks } = await engine.query({ type: "export_tasks" }, localOperator("test"));
  assertEquals(tasks.map(({ id }) => id), ["open"]);
});

test("several processes archive a task once, and look seldom while there is nothing to archive", async (scene) => {
  const { time, engine, archive, other } = scene;
  const processes = [engine, await other(), await other()];
  await engine.execute(create(newTask("a")), localOperator("test"));
  await engine.execute({ type: "cancel_task", id: "a" }, localOperator("test"));
  let looks = 0;
  for (const process of processes) {
    const { execute } = process;
    Object.assign(process, {
      execute(...call: Parameters<Engine["execute"]>) {
        looks++;
        return execute.apply(process, call);
      },
    });
    archive(2 * HOUR_MS, process);
  }
  await time.pass(4 * HOUR_MS);
  assertEquals(await archivedIn(engine), [1]);
  // Each looks at once, and then 12 times an hour.
  assert(looks <= 3 * 49, `${looks} looks`);
});

test("an error is logged once, and archiving goes on after it", async ({ time, engine, log, archive }) => {
  await engine.execute(create(newTask("a")), localOperator("test"));
  await engine.execute({ type: "cancel_task", id: "a" }, localOperator("test"));
  const { execute } = engine;
  engine.execute = () => Promise.reject(new Error("the disk is tired"));
  archive(1_000);
  await time.pass(10_000);
  assertEquals(log.warnings, ["Cannot archive tasks: Error: the disk is tired"]);
  engine.execute = () => Promise.reject(new Unavailable("busy", "not now"));
  await time.pass(10_000);
  assertEquals(log.warnings.length, 1);
  engine.execute = execute;
  await time.pass(1_000);
  assertEquals(await archivedIn(engine), [1]);
});

test("a record that is being written is waited for at the end, and no other follows", async (scene) => {
  const { time, engine, log } = scene;
  for (const name of ["a", "b"]) {
    const ids = times(1_000, (index) => `${name}${index}`);
    await engine.execute(create(...ids.map((id) => newTask(id))), localOperator("test"));
    for (const id of ids) await engine.execute({ type: "cancel_task", id }, localOperator("test"));
  }
  const archiver = new Archiver({ engine, log, afterMs: 0 });
  const { execute } = engine;
  let closing: Promise<void> | undefined;
  Object.assign(engine, {
    execute(...call: Parameters<Engine["execute"]>) {
      closing = archiver[Symbol.asyncDispose]();
      return execute.apply(engine, call);
    },
  });
  await time.pass(1);
  await closing;
  assertEquals(await archivedIn(engine), [1_000]);
  assertEquals(time.timers, 0);
});

/** How many tasks each record archived. */
async function archivedIn(engine: Engine): Promise<readonly number[]> {
  const events = (await recordsOf(engine)).flatMap(({ events }) => events);
  return events.flatMap((event) => event.type === "tasks.archived" ? [event.tasks.length] : []);
}

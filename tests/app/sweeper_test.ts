/** Shows that what is due happens though nobody calls, once however many processes look, and that nobody looks for no reason. */

import { readState, recordsOf } from "../support/store.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { ORCHESTRATOR } from "../../src/app/job.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { Sweeper } from "../../src/app/sweeper.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask, taskWith, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { JournalHandle } from "../support/journal_handle.ts";
import { RecordingLog } from "../support/log.ts";

/** When the tests begin, in milliseconds since the Unix epoch. */
const START = 1_000_000;

/** A server process as far as sweeping goes. */
interface Process {
  readonly engine: Engine;
  readonly sweeper: Sweeper;
  readonly log: RecordingLog;
  /** Sets what it takes for the journal's clock by so many milliseconds off the right time. */
  readonly setClock: (offMs: number) => void;
  /** How often its engine read. */
  reads: number;
}

interface Scene extends Process {
  readonly time: FakeTime;
  /** A process that is gone, though what it wrote is there: nothing runs in it but what a test calls. */
  readonly gone: Engine;
  readonly journal: MemoryJournal;
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const journal = new MemoryJournal(now);
      const gone = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
      const process = await startProcess(journal);
      await act(Object.assign(process, { time, gone, journal }));
      await process.sweeper.close();
      assertEquals(time.timers, 0);
    },
  });
}

test("the lease of a dead process expires at its time", async ({ time, gone, engine }) => {
  await gone.execute(create(taskWith({ timeoutMs: 3_456 }, "a")), localOperator("test"));
  await gone.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await time.pass(3_455);
  assertEquals(await swept(engine), []);
  await time.pass(1);
  assertEquals(await swept(engine), ["attempt.ended"]);
  const [record] = (await recordsOf(engine)).slice(-1);
  assertEquals([record?.actor, record?.command, record?.at], ["orchestrator", "sweep", START + 3_456]);
});

test("an instance of a dead process is lost, with its tasks", async ({ time, gone, engine }) => {
  await gone.execute({ type: "register_instance", instance: "ann", settings: { ttlMs: 2_000 } }, localOperator("test"));
  await gone.execute(create(newTask("a"), newTask("b")), localOperator("test"));
  for (const id of ["a", "b"]) await gone.execute({ type: "claim_task", instance: "ann", id }, localOperator("test"));
  await time.pass(1_999);
  assertEquals(await swept(engine), []);
  await time.pass(1);
  assertEquals(await swept(engine), ["attempt.ended", "attempt.ended", "instance.lost"]);
  assertEquals((await recordsOf(engine)).filter(({ command }) => command === "sweep").length, 1);
});

test("a deadline passes", async ({ time, gone, engine }) => {
  const deadline = now() + 1_500;
  await gone.execute(
    create(taskWith({ deadline }, "a"), taskWith({ deadline, failOnDeadline: true }, "b")),
    localOperator("test"),
  );
  await time.pass(1_499);
  assertEquals(await swept(engine), []);
  await time.pass(1);
  assertEquals(await swept(engine), ["task.overdue", "task.overdue", "tasks.abandoned"]);
});

test("many leases of different lengths each expire at their time", async ({ time, gone, engine }) => {
  await time.pass(10);
  const timeouts = [100, 250, 251, 900, 1_700, 1_800, 5_000];
  await gone.execute(
    create(...timeouts.map((timeoutMs) => taskWith({ timeoutMs }, `t${timeoutMs}`))),
    localOperator("test"),
  );
  for (const timeoutMs of timeouts) {
    await gone.execute({ type: "claim_task", instance: "ann", id: `t${timeoutMs}` }, localOperator("test"));
  }
  // What others write shows within a second: so the first of them are late.
  await time.pass(10_000);
  const ends = (await recordsOf(engine))
    .filter(({ events }) => events.some(({ type }) => type === "attempt.ended")).map(({ at }) => at - START);
  assertEquals(ends, [1_000, 1_710, 1_810, 5_010]);
});

test("work for more than one sweep is done in several", async ({ time, gone, engine }) => {
  const ids = times(1_500, (index) => `t${index}`);
  for (const part of [ids.slice(0, 1_000), ids.slice(1_000)]) {
    await gone.execute(create(...part.map((id) => taskWith({ timeoutMs: 5_000 }, id))), localOperator("test"));
  }
  await Promise.all(ids.map((id) => gone.execute({ type: "claim_task", instance: "ann", id }, localOperator("test"))));
  await time.pass(5_010);
  assertEquals((await swept(engine)).length, 1_500);
  assertEquals((await recordsOf(engine)).filter(({ command }) => command === "sweep").length, 2);
});

test("an instance that holds many tasks is lost in parts, unless it calls in between", async ({ time, gone, engine }) => {
  const ids = times(2_500, (index) => `t${index}`);
  for (const instance of ["ann", "ben"]) {
    await gone.execute({ type: "register_instance", instance, settings: { ttlMs: 2_000 } }, localOperator("test"));
    for (const start of [0, 1_000, 2_000]) {
      await gone.execute(
        create(...ids.slice(start, start + 1_000).map((id) => newTask(instance + id))),
        localOperator("test"),
      );
    }
    await Promise.all(
      ids.map((id) => gone.execute({ type: "claim_task", instance, id: instance + id }, localOperator("test"))),
    );
  }
  const heldBy = (instance: string) => readState(engine, (state) => state.held.get(instance)?.size ?? 0);
  const { query } = engine;
  // The sweeper sees nothing until both are over; then a call of ben comes before it.
  engine.query = () => Promise.reject(new Unavailable("busy", "not now"));
  await time.pass(2_000);
  engine.query = query;
  await gone.execute({ type: "heartbeat", instance: "ben" }, localOperator("test"));
  assertEquals([await heldBy("ann"), await heldBy("ben")], [2_000, 2_500]);
  await time.pass(1_000);
  assertEquals([await heldBy("ann"), await heldBy("ben")], [0, 2_500]);
  const sweeps = (await recordsOf(engine)).filter(({ command }) => command === "sweep");
  const ended = sweeps.map(({ events }) => events.filter(({ type }) => type !== "tasks.ready"));
  assertEquals(ended.map(({ length }) => length), [500, 1_000, 1_001]);
  const lost = ended.at(-1)?.at(-1);
  assertEquals([lost?.type, lost?.type === "instance.lost" && lost.instance], ["instance.lost", "ann"]);
});

test("many tasks that a failure makes unreachable are skipped in parts, without any call", async ({ time, gone, engine }) => {
  const ids = times(2_500, (index) => `t${index}`);
  await gone.execute(create(newTask("root")), localOperator("test"));
  for (const start of [0, 1_000, 2_000]) {
    const part = ids.slice(start, start + 1_000).map((id) => taskWith({ ifUnreachable: "skip" }, id, "root"));
    await gone.execute(create(...part), localOperator("test"));
  }
  await gone.execute({ type: "cancel_task", id: "root" }, localOperator("test"));
  await time.pass(1_000);
  assertEquals(await readState(engine, (state) => state.counts.skipped), 2_500);
  assertEquals(await swept(engine), ["tasks.skipped", "tasks.skipped"]);
});

test("a journal ahead of the clock causes one warning, and another if it happens again", async (scene) => {
  const { time, journal, log } = scene;
  const ahead = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  await ahead.execute(create(newTask("a")), localOperator("test"));
  for (const round of [1, 2]) {
    scene.setClock(-3_600_000);
    await time.pass(5_000);
    assertEquals(log.warnings.length, round);
    assertEquals(log.warnings.at(-1)?.slice(0, 60), "The journal is 1 hour ahead of this machine's clock: its lat");
    scene.setClock(0);
    await time.pass(2_000);
  }
  assertEquals(log.warnings.length, 2);
});

test("a sweep counts all that was due, and one that is refused lets no later call see an expired lease", async (scene) => {
  const { time, gone, journal } = scene;
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: scene.log });
  await scene.sweeper.close();
  const task = taskWith({ timeoutMs: 100, backoff: { initialIntervalMs: 0 } }, "a");
  await gone.execute(create(task), localOperator("test"));
  await gone.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await time.pass(100);
  const refused = engine.execute({ type: "sweep" }, { name: "test", role: "observer" });
  const claim = engine.execute({ type: "claim_task", instance: "ben", id: "a" }, localOperator("test"));
  await assertRejects(() => refused, Refusal);
  assertEquals((await claim).task?.assignedTo, "ben");
  await time.pass(100);
  assertEquals(await engine.execute({ type: "sweep" }, ORCHESTRATOR), { swept: 1 });
  assertEquals(await engine.execute({ type: "sweep" }, ORCHESTRATOR), { swept: 0 });
});

test("a due change happens once, however many processes sweep", async ({ time, gone, engine, journal }) => {
  const others = await Promise.all(times(4, () => startProcess(journal)));
  await gone.execute(create(taskWith({ timeoutMs: 1_500 }, "a")), localOperator("test"));
  await gone.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await gone.execute({ type: "register_instance", instance: "bob", settings: { ttlMs: 1_500 } }, localOperator("test"));
  await time.pass(10_000);
  assertEquals((await swept(engine)).toSorted(), ["attempt.ended", "instance.lost"]);
  for (const { log } of others) assertEquals(log.warnings, []);
  await Promise.all(others.map(({ sweeper }) => sweeper.close()));
});

test("if nothing is due, it checks once a second and writes nothing", async (scene) => {
  const { time, gone, engine, log } = scene;
  await gone.execute(create(taskWith({ timeoutMs: 60_000 }, "a"), newTask("b")), localOperator("test"));
  await gone.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await time.pass(10);
  const { seq } = engine;
  scene.reads = 0;
  await time.pass(10_000);
  assert(scene.reads >= 9 && scene.reads <= 11, `${scene.reads} reads`);
  assertEquals([engine.seq, log.warnings], [seq, []]);
});

test("an error is logged once, and again after a success; sweeping continues", async (scene) => {
  const { time, gone, engine, log } = scene;
  const { query } = engine;
  for (const round of [1, 2]) {
    engine.query = () => Promise.reject(new Error("the disk is tired"));
    await time.pass(10_000);
    assertEquals(log.warnings, times(round, () => "Cannot look for expired leases: Error: the disk is tired"));
    engine.query = query;
    await time.pass(2_000);
  }
  await gone.execute(create(taskWith({ timeoutMs: 500 }, "a")), localOperator("test"));
  await gone.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await time.pass(2_000);
  assertEquals(await swept(engine), ["attempt.ended"]);
});

for (const code of ["busy", "closed"] as const) {
  test(`an engine that is ${code} is not logged`, async ({ time, engine, log }) => {
    engine.query = () => Promise.reject(new Unavailable(code, "not now"));
    await time.pass(5_000);
    assertEquals(log.warnings, []);
  });
}

test("after close, it sweeps no more, and the last sweep is over", async (scene) => {
  const { time, gone, engine, sweeper } = scene;
  await gone.execute(create(taskWith({ timeoutMs: 1_500 }, "a")), localOperator("test"));
  await gone.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await time.pass(1_000);
  const { promise: looked, resolve: look } = Promise.withResolvers<void>();
  const { query } = engine;
  engine.query = async (...call) => {
    await looked;
    return await query.apply(engine, call);
  };
  await time.pass(500);
  let isClosed = false;
  const closing = sweeper.close().then(() => isClosed = true);
  await time.pass(0);
  assertEquals(isClosed, false);
  look();
  await closing;
  assertEquals(await swept(gone), ["attempt.ended"]);
  assertEquals(time.timers, 0);
});

/** Milliseconds since the Unix epoch, as time passes in the tests. */
function now(): number {
  return START + performance.now();
}

async function startProcess(journal: MemoryJournal): Promise<Process> {
  const log = new RecordingLog();
  let offMs = 0;
  const handle = new JournalHandle(journal, () => now() + offMs);
  const engine = await Engine.start({ journal: handle, checkpoints: noCheckpoints, log });
  const query = engine.query.bind(engine);
  engine.query = (...call) => {
    process.reads++;
    return query(...call);
  };
  const sweeper = new Sweeper({ engine, log });
  const process: Process = { engine, log, sweeper, setClock: (ms) => offMs = ms, reads: 0 };
  return process;
}

/** The types of the events that sweeps caused, in order. */
async function swept(engine: Engine): Promise<string[]> {
  const records = await recordsOf(engine);
  const events = records.filter(({ command }) => command === "sweep").flatMap(({ events }) => events);
  return events.map(({ type }) => type).filter((type) => type !== "tasks.ready");
}

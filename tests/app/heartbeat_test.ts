/** Shows that any call of an instance keeps it and its leases alive, refused ones too, and that a wrong clock does no harm. */

import { readState, recordsOf } from "../support/store.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import type { Command } from "../../src/core/messages/commands.ts";
import type { Task } from "../../src/core/model/task.ts";
import { Refusal, type RefusalCode } from "../../src/core/model/refusal.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { claim, complete, create, fail, newTask, taskWith } from "../core/given.ts";
import { JournalHandle } from "../support/journal_handle.ts";
import { RecordingLog } from "../support/log.ts";

const HOUR = 3_600_000;

/** Several processes with one journal, and a clock that stands still until a test moves it. */
class Scene {
  /** Milliseconds since the Unix epoch. */
  now = 1_000_000;
  readonly #journal = new MemoryJournal(() => this.now);

  /** @param now the time that the process takes for the journal's */
  startEngine(now = () => this.now): Promise<Engine> {
    const journal = new JournalHandle(this.#journal, now);
    return Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  }
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: () => act(new Scene()) });
}

const REFUSED: readonly (readonly [string, Command, RefusalCode])[] = [
  ["a claim of a task that is not ready", claim("ann", "waiting"), "not_ready"],
  ["a claim of a task that is not there", claim("ann", "nothing"), "not_found"],
  ["a completion of somebody else's task", complete("ann", "bobs"), "not_holder"],
  ["a completion of the own task under a wrong attempt", { ...complete("ann", "a"), attempt: 7 }, "stale_attempt"],
  ["a failure of the own task without end", fail("ann", "a", "x".repeat(100_000)), "limit_exceeded"],
  ["progress of somebody else's task", { type: "report_progress", id: "bobs", instance: "ann" }, "not_holder"],
];

for (const [what, command, code] of REFUSED) {
  test(`${what} is refused, but counts as a sign of life`, async (scene) => {
    const engine = await withWorkOfAnn(scene);
    scene.now += 60;
    const { seq } = engine;
    const refusal = await assertRejects(() => engine.execute(command, localOperator("ann")), Refusal);
    assertEquals(refusal.code, code, refusal.message);
    const records = (await recordsOf(engine)).filter((record) => record.seq > seq);
    assertEquals(records.map(({ actor, command, events }) => ({ actor, command, events })), [{
      actor: "ann",
      command: command.type,
      events: [{
        type: "instance.renewed",
        instance: "ann",
        expiresAt: scene.now + 150,
      }],
    }]);
    assertEquals((await taskIn(engine, "a")).leaseUntil, scene.now + 300);
    // All that it has asked for is before it, for every process.
    scene.now += 100;
    const other = await scene.startEngine();
    await other.execute({ type: "sweep" }, localOperator("test"));
    assertEquals((await taskIn(other, "a")).status, "in_progress");
    assertEquals(await statusOf(other, "ann"), "active");
  });
}

test("a refused call writes nothing while enough time is left, or if nothing can expire", async (scene) => {
  const engine = await withWorkOfAnn(scene);
  scene.now += 60;
  await engine.execute({ type: "heartbeat", instance: "ann" }, localOperator("ann"));
  scene.now += 10;
  const { seq } = engine;
  for (const instance of ["ann", "bob", "nobody"]) {
    await assertRejects(() => engine.execute(claim(instance, "waiting"), localOperator(instance)), Refusal);
  }
  await assertRejects(() => engine.execute(create(newTask("a")), localOperator("ann")), Refusal);
  assertEquals(engine.seq, seq);
});

test("a refused call does not disturb the other calls of its batch", async (scene) => {
  const engine = await withWorkOfAnn(scene);
  scene.now += 60;
  const settled = await Promise.allSettled([
    engine.execute(create(newTask("b")), localOperator("test")),
    engine.execute(claim("ann", "waiting"), localOperator("ann")),
    engine.execute(create(newTask("c")), localOperator("test")),
  ]);
  assertEquals(settled.map(({ status }) => status), ["fulfilled", "rejected", "fulfilled"]);
  const commands = (await recordsOf(engine)).slice(-3).map(({ command }) => command);
  assertEquals(commands, ["create_tasks", "claim_task", "create_tasks"]);
});

test("registering again renews the leases of held tasks", async (scene) => {
  const engine = await withWorkOfAnn(scene);
  scene.now += 60;
  const settings = { ttlMs: 100 };
  const { expiresAt, holding } = await engine.execute(
    { type: "register_instance", instance: "ann", settings },
    localOperator("ann"),
  );
  assertEquals(expiresAt, scene.now + 100);
  assertEquals(holding, [{ id: "a", attempt: 1, leaseUntil: scene.now + 300 }]);
});

test("lost tasks are reported once, whichever calls are refused or accepted before", async (scene) => {
  const engine = await withWorkOfAnn(scene);
  scene.now += 150;
  await engine.execute({ type: "sweep" }, localOperator("orchestrator"));
  assertEquals(await statusOf(engine, "ann"), "lost");
  // A claim that is refused has no answer which could tell it.
  await assertRejects(() => engine.execute(claim("ann", "waiting"), localOperator("ann")), Refusal);
  await assertRejects(
    () => engine.execute({ type: "report_progress", id: "a", instance: "ann" }, localOperator("ann")),
    Refusal,
  );
  await engine.execute({ type: "release_task", id: "bobs", instance: "bob" }, localOperator("ann"));
  const heartbeat = await engine.execute({ type: "heartbeat", instance: "ann" }, localOperator("ann"));
  assertEquals([heartbeat.status, heartbeat.lostTasks], ["active", ["a"]]);
  const { lostTasks } = await engine.execute({ type: "heartbeat", instance: "ann" }, localOperator("ann"));
  assertEquals(lostTasks, []);
});

test("a time that only a read in one process saw neither extends a lease nor ends it early", async (scene) => {
  const right = await scene.startEngine();
  await right.execute(
    create(taskWith({ timeoutMs: HOUR / 2 }, "a"), taskWith({ timeoutMs: HOUR / 2 }, "b")),
    localOperator("test"),
  );
  await right.execute(
    { type: "register_instance", instance: "ann", settings: { ttlMs: HOUR / 2 } },
    localOperator("test"),
  );
  await right.execute(claim("ann", "a"), localOperator("ann"));
  let aheadMs = 0;
  const wrong = await scene.startEngine(() => scene.now + aheadMs);
  aheadMs = HOUR;
  assertEquals((await taskIn(wrong, "a")).status, "in_progress");
  aheadMs = 0;
  scene.now += 1_000;
  const claimed = await wrong.execute(claim("bob", "b"), localOperator("bob"));
  assertEquals(claimed.task?.leaseUntil, scene.now + HOUR / 2);
  assertEquals(await wrong.execute({ type: "sweep" }, localOperator("test")), { swept: 0 });
  for (const engine of [wrong, right]) {
    assertEquals([(await taskIn(engine, "a")).status, await statusOf(engine, "ann")], ["in_progress", "active"]);
  }
  const types = (await recordsOf(right)).flatMap(({ events }) => events.map(({ type }) => type));
  assertEquals(types, ["tasks.created", "tasks.ready", "instance.registered", "task.claimed", "task.claimed"]);
});

test("a task that was ready only by a wrong clock is delayed again", async (scene) => {
  const right = await scene.startEngine();
  const reserved = taskWith({ assignTo: { instance: "bob", fallbackMs: HOUR / 2 } }, "bobs");
  await right.execute(create(taskWith({ notBefore: scene.now + HOUR / 2 }, "a"), reserved), localOperator("test"));
  let aheadMs = HOUR;
  const wrong = await scene.startEngine(() => scene.now + aheadMs);
  const readiness = async () => (await wrong.query({ type: "get_task", id: "a" }, localOperator("test"))).readiness;
  assertEquals(await readiness(), "ready");
  aheadMs = 0;
  assertEquals(await readiness(), "delayed");
  assertEquals((await wrong.execute(claim("ann"), localOperator("ann"))).task, undefined);
  scene.now += HOUR / 2;
  // Of both the one that has been ready for longer, if for bob alone, comes first.
  for (const id of ["bobs", "a"]) assertEquals((await wrong.execute(claim("ann"), localOperator("ann"))).task?.id, id);
});

test("a time in the journal counts, even if the clock goes back before it", async (scene) => {
  const engine = await scene.startEngine();
  await engine.execute(create(taskWith({ timeoutMs: 100 }, "a")), localOperator("test"));
  scene.now -= HOUR;
  const { task } = await engine.execute(claim("ann", "a"), localOperator("ann"));
  assert(task?.leaseUntil !== undefined);
  assertEquals(task.leaseUntil, scene.now + HOUR + 100);
});

/** Ann has 100 ms to live and holds a, whose lease is 200 ms; bob holds another task, and one waits for both. */
async function withWorkOfAnn(scene: Scene): Promise<Engine> {
  const engine = await scene.startEngine();
  await engine.execute({ type: "register_instance", instance: "ann", settings: { ttlMs: 100 } }, localOperator("test"));
  const tasks = [taskWith({ timeoutMs: 200 }, "a"), newTask("bobs"), newTask("waiting", "a", "bobs")];
  await engine.execute(create(...tasks), localOperator("test"));
  await engine.execute(claim("ann", "a"), localOperator("ann"));
  await engine.execute(claim("bob", "bobs"), localOperator("bob"));
  return engine;
}

async function taskIn(engine: Engine, id: string): Promise<Task> {
  const task = await readState(engine, (state) => state.tasks.get(id)?.task);
  assert(task !== undefined);
  return task;
}

async function statusOf(engine: Engine, id: string): Promise<string | undefined> {
  return await readState(engine, (state) => state.instances.get(id)?.instance.status);
}

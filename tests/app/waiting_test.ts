/** Shows that claims wait in line for tasks of any process, cost little while they do, and leave nothing claimed. */

import { readState, recordsOf } from "../support/store.ts";
import { type Caller, localOperator } from "../../src/core/model/access.ts";
import { Engine } from "../../src/app/engine.ts";
import { Feed } from "../../src/app/feed.ts";
import type { CommandOptions } from "../../src/app/job.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { Sweeper } from "../../src/app/sweeper.ts";
import { DEFAULT_MAX_WAIT_MS, MAX_WAITERS, type WaitedClaim, Waiting } from "../../src/app/waiting.ts";
import type { Command, CommandOf, CommandType } from "../../src/core/messages/commands.ts";
import type { Event } from "../../src/core/messages/events.ts";
import type { News } from "../../src/core/model/news.ts";
import { mergeNews } from "../../src/core/views/news.ts";
import type { InstanceSettings } from "../../src/core/model/instance.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import type { Task } from "../../src/core/model/task.ts";
import type { NewToken } from "../../src/core/model/token.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask, taskWith, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { notRepeated } from "../support/not_repeated.ts";
import { assert, assertEquals } from "@std/assert";

/** When the tests begin, in milliseconds since the Unix epoch. */
const START = 1_000_000;

/** Longest time in which who waits learns of a new task, in milliseconds. */
const SOON_MS = 25;

/** How far apart signs of life of an instance that waits are at least, in milliseconds. */
const HEARTBEAT_MS = 20;

/** A server process as far as waiting goes. */
interface Process {
  readonly engine: Engine;
  readonly waiting: Waiting;
  readonly log: RecordingLog;
  /** The types of commands that were carried out, in order. */
  readonly commands: CommandType[];
  /** Called when a command was carried out; its caller knows only once that is over. */
  onExecuted: (command: Command) => void | Promise<void>;
}

interface Scene extends Process {
  readonly time: FakeTime;
  readonly other: Process;
}

/** A claim that was called for, and what has come of it so far. */
interface Waiter {
  readonly cancel: () => void;
  readonly reports: readonly (readonly [waitedMs: number, reason: string | undefined])[];
  readonly claim: WaitedClaim | undefined;
  readonly error: unknown;
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const journal = new MemoryJournal(now);
      const [process, other] = [await startProcess(journal), await startProcess(journal)];
      await act(Object.assign(process, { time, other }));
      const closing = [process, other].map(({ waiting }) => waiting.close());
      await time.pass(0);
      await Promise.all(closing);
      assertEquals(time.timers, 0);
    },
  });
}

test("a waiting claim gets a task of its own process at once", async ({ time, engine, waiting }) => {
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(500);
  assertEquals(ann.claim, undefined);
  await engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(taskOf(ann), "a");
});

test("a waiting claim gets a task of another process at once", async ({ time, waiting, other }) => {
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(500);
  await other.engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(taskOf(ann), "a");
  assertEquals((await taskIn(other.engine, "a")).assignedTo, "ann");
});

test("claims wait on while the project is paused, and are served at once when another process resumes it", async (scene) => {
  const { time, engine, waiting, other } = scene;
  await other.engine.execute({ type: "pause_project", reason: "upgrade" }, localOperator("test"));
  await other.engine.execute(create(newTask("a"), newTask("b")), localOperator("test"));
  const waiters = [claimOf(waiting, "ann", 30_000), claimOf(other.waiting, "bob", 30_000)];
  const late = claimOf(waiting, "cem", 3_000);
  await time.pass(4_000);
  assertEquals(waiters.map(({ claim }) => claim), [undefined, undefined]);
  assertEquals(waiters[0]?.reports, [[0, "paused"]]);
  assertEquals(reasonOf(late), "paused");
  // A pause during the wait does not end it either.
  await engine.execute({ type: "pause_project", reason: "longer" }, localOperator("test"));
  const tries = scene.commands.filter((type) => type === "claim_task").length;
  await time.pass(1_000);
  assertEquals(scene.commands.filter((type) => type === "claim_task").length, tries);
  await other.engine.execute({ type: "resume_project" }, localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(waiters.map(taskOf).sort(), ["a", "b"]);
});

test("a waiting claim gets a task that another one unlocks, with its result", async ({ time, waiting, other }) => {
  await other.engine.execute(create(newTask("a"), newTask("b", "a")), localOperator("test"));
  await other.engine.execute({ type: "claim_task", instance: "bob" }, localOperator("test"));
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(500);
  await other.engine.execute(
    { type: "complete_task", id: "a", instance: "bob", result: "made" },
    localOperator("test"),
  );
  await time.pass(SOON_MS);
  assert(ann.claim?.task !== undefined);
  assertEquals(ann.claim.inputs, [{ task: "a", by: "bob", result: "made" }]);
});

test("a claim whose token is revoked by another process ends at once, and others go on", async (scene) => {
  const { time, waiting, other } = scene;
  await issue(other.engine, {});
  const ann = claimOf(waiting, "ann", 10_000, { token: DIGEST });
  const bob = claimOf(waiting, "bob", 10_000);
  await time.pass(500);
  await other.engine.execute({ type: "revoke_token", name: "ci" }, localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(codeOf(ann.error), "unauthorized");
  await other.engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(taskOf(bob), "a");
});

test("a claim whose token is revoked as a task comes does not get the task", async ({ time, waiting, other }) => {
  await issue(other.engine, {});
  const ann = claimOf(waiting, "ann", 10_000, { token: DIGEST });
  await time.pass(500);
  await Promise.all([
    other.engine.execute(create(newTask("a")), localOperator("test")),
    other.engine.execute({ type: "revoke_token", name: "ci" }, localOperator("test")),
  ]);
  await time.pass(SOON_MS);
  assertEquals([codeOf(ann.error), (await taskIn(other.engine, "a")).status], ["unauthorized", "pending"]);
});

test("a claim whose token expires ends within a second, also if its instance is due to be renewed", async (scene) => {
  const { time, engine, waiting } = scene;
  await issue(engine, { expiresAt: now() + 5_000 });
  await register(engine, "ann", { ttlMs: 300 });
  const ann = claimOf(waiting, "ann", 20_000, { token: DIGEST });
  await time.pass(4_999);
  assertEquals([ann.error, await statusOf(engine, "ann")], [undefined, "active"]);
  await time.pass(1_001);
  assertEquals(codeOf(ann.error), "unauthorized");
});

test("a task is handed back although the token of its client was revoked", async ({ time, engine, waiting, other }) => {
  await issue(engine, {});
  const ann = claimOf(waiting, "ann", 10_000, { token: DIGEST });
  await time.pass(500);
  const { execute } = engine;
  engine.execute = async <K extends CommandType>(command: CommandOf<K>, caller: Caller, options?: CommandOptions) => {
    const answer = await execute.call(engine, command, caller, options ?? {});
    if (command.type === "claim_task") {
      ann.cancel();
      await other.engine.execute({ type: "revoke_token", name: "ci" }, localOperator("test"));
    }
    return answer;
  };
  await other.engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals((await taskIn(other.engine, "a")).reason, "its client did not wait for it");
});

test("a claim does not wait if there is a task", async ({ time, engine, waiting }) => {
  await engine.execute(create(newTask("a")), localOperator("test"));
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(0);
  assertEquals(taskOf(ann), "a");
  assertEquals(ann.reports, []);
});

test("waiting claims are served in the order of their arrival", async ({ time, waiting, other }) => {
  const waiters = ["ann", "bob", "cid", "dan"].map((instance) => claimOf(waiting, instance, 10_000));
  await time.pass(100);
  await other.engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(waiters.map(taskOf), ["a", undefined, undefined, undefined]);
  await other.engine.execute(create(newTask("b"), newTask("c")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(waiters.map(taskOf), ["a", "b", "c", undefined]);
});

test("a claim that cannot get a task does not block later claims", async ({ time, waiting, other }) => {
  const ann = claimOf(waiting, "ann", 10_000);
  const bob = claimOf(waiting, "bob", 10_000, { roles: ["qa"] });
  await time.pass(100);
  await other.engine.execute(create(taskWith({ role: "qa" }, "a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals([taskOf(ann), taskOf(bob)], [undefined, "a"]);
});

test("at the end of its time, the answer says why there is no task now", async ({ time, waiting, other }) => {
  const ann = claimOf(waiting, "ann", 1_000);
  await time.pass(500);
  await other.engine.execute(create(newTask("a")), localOperator("test"));
  await other.engine.execute({ type: "claim_task", instance: "bob" }, localOperator("test"));
  await time.pass(499);
  assertEquals(ann.claim, undefined);
  await time.pass(1);
  assertEquals(reasonOf(ann), "waiting");
  assertEquals(ann.reports[0], [0, "no_tasks_exist"]);
});

test("a claim whose time ends while it is served claims no second task", async (scene) => {
  const { time, waiting, other, engine, commands } = scene;
  const ann = claimOf(waiting, "ann", 1_000);
  await time.pass(500);
  const late = Promise.withResolvers<void>();
  scene.onExecuted = ({ type }) => type === "claim_task" ? late.promise : undefined;
  commands.length = 0;
  await other.engine.execute(create(newTask("a"), newTask("b")), localOperator("test"));
  await time.pass(2_000);
  late.resolve();
  await time.pass(0);
  assertEquals(taskOf(ann), "a");
  assertEquals(commands.filter((type) => type !== "heartbeat"), ["claim_task"]);
  assertEquals((await taskIn(engine, "b")).attempt, 0);
});

test("no claim waits without wait_ms, or as long as the timeout of clients", async ({ time, waiting }) => {
  const [ann, bob] = [claimOf(waiting, "ann", 0), claimOf(waiting, "bob", 10 * DEFAULT_MAX_WAIT_MS)];
  await time.pass(0);
  assertEquals(reasonOf(ann), "no_tasks_exist");
  await time.pass(DEFAULT_MAX_WAIT_MS - 1);
  assertEquals(bob.claim, undefined);
  await time.pass(1);
  assertEquals(reasonOf(bob), "no_tasks_exist");
});

test("a waiting claim reports its reason at once, and then every five seconds", async ({ time, engine, waiting }) => {
  await engine.execute(create(newTask("a")), localOperator("test"));
  await engine.execute({ type: "claim_task", instance: "bob" }, localOperator("test"));
  const ann = claimOf(waiting, "ann", 11_000);
  await time.pass(11_000);
  assertEquals(ann.reports, [[0, "waiting"], [5_000, "waiting"], [10_000, "waiting"]]);
});

for (const reason of ["draining", "at_capacity"] as const) {
  test(`an instance that is ${reason} does not wait`, async ({ time, engine, waiting }) => {
    await register(engine, "ann", { maxConcurrent: 1 });
    await engine.execute(create(newTask("a"), newTask("b", "a")), localOperator("test"));
    await engine.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
    if (reason === "draining") {
      await engine.execute({ type: "leave", instance: "ann", isDraining: true }, localOperator("test"));
    }
    const ann = claimOf(waiting, "ann", 10_000);
    await time.pass(0);
    assertEquals(reasonOf(ann), reason);
  });
}

for (const where of ["its own process", "another process"] as const) {
  for (const [reason, isDraining] of [["left", false], ["draining", true]] as const) {
    test(`a waiting instance that becomes ${reason} by a call to ${where} is answered at once`, async ({ time, engine, waiting, other }) => {
      await register(engine, "ann", {});
      await register(engine, "bob", {});
      await engine.execute(create(newTask("a"), newTask("b", "a")), localOperator("test"));
      await engine.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
      // A task in its hands lets it drain, and not leave at once.
      const [ann, same, bob] = [
        claimOf(waiting, "ann", 10_000),
        claimOf(waiting, "ann", 10_000, { actor: "another client" }),
        claimOf(waiting, "bob", 10_000),
      ];
      await time.pass(500);
      const caller = where === "another process" ? other.engine : engine;
      await caller.execute({ type: "leave", instance: "ann", isDraining }, localOperator("test"));
      await time.pass(SOON_MS);
      assertEquals([ann, same].map(reasonOf), [reason, reason]);
      // What it handed back is for the others.
      assertEquals(taskOf(bob), isDraining ? undefined : "a");
    });
  }
}

test("a waiting claim is answered at once when another client fills its capacity", async (scene) => {
  const { time, engine, waiting, other } = scene;
  await register(engine, "ann", { maxConcurrent: 1 });
  const ann = claimOf(waiting, "ann", 10_000, { roles: ["qa"] });
  await time.pass(500);
  await other.engine.execute(create(taskWith({ role: "dev" }, "a")), localOperator("test"));
  await other.engine.execute({ type: "claim_task", instance: "ann", id: "a", roles: ["dev"] }, localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(reasonOf(ann), "at_capacity");
});

test("a cancelled claim is answered at once, and gets no task later", async ({ time, engine, waiting }) => {
  const [ann, bob] = [claimOf(waiting, "ann", 10_000), claimOf(waiting, "bob", 10_000)];
  await time.pass(100);
  ann.cancel();
  await time.pass(0);
  assertEquals(reasonOf(ann), "no_tasks_exist");
  await engine.execute(create(newTask("a"), newTask("b")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals([taskOf(ann), taskOf(bob)], [undefined, "a"]);
  assertEquals((await taskIn(engine, "b")).status, "pending");
});

for (const moment of ["the first try", "a later try", "the last try"] as const) {
  test(`a task claimed for a claim that is cancelled during ${moment} is handed back`, async (scene) => {
    const { time, engine, waiting, other } = scene;
    if (moment === "the first try") await engine.execute(create(newTask("a")), localOperator("test"));
    const ann = claimOf(waiting, "ann", 1_000);
    if (moment !== "the first try") await time.pass(500);
    scene.onExecuted = ({ type }) => {
      // The last try is made when the time is over; until then nobody learns of the task.
      if (type === "claim_task") ann.cancel();
    };
    if (moment === "a later try") await other.engine.execute(create(newTask("a")), localOperator("test"));
    if (moment === "the last try") {
      await time.pass(499);
      // In the same millisecond as the end of the wait: no look comes before it.
      const creation = other.engine.execute(create(newTask("a")), localOperator("test"));
      await time.pass(1);
      await creation;
    }
    await time.pass(100);
    const claims = scene.commands.filter((type) => type === "claim_task");
    assertEquals(claims.length, moment === "the first try" ? 1 : 2);
    const { status, pastAttempts } = await taskIn(engine, "a");
    assertEquals(status, "pending");
    assertEquals(pastAttempts?.map(({ instance, outcome, message }) => [instance, outcome, message]), [
      ["ann", "released", "its client did not wait for it"],
    ]);
  });
}

test("a task that an instance already held is not handed back when it cancels another claim of it", async (scene) => {
  const { time, engine, waiting } = scene;
  await engine.execute(create(newTask("a")), localOperator("test"));
  await engine.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  await time.pass(1);
  const ann = claimOf(waiting, "ann", 1_000, { id: "a" });
  ann.cancel();
  await time.pass(SOON_MS);
  assertEquals((await taskIn(engine, "a")).status, "in_progress");
});

test("a newer call of the same caller and instance ends only their older wait", async (scene) => {
  const { time, engine, waiting, other } = scene;
  const older = claimOf(waiting, "ann", 10_000);
  const others = [
    claimOf(waiting, "bob", 10_000),
    claimOf(waiting, "ann", 10_000, { actor: "another client" }),
    claimOf(other.waiting, "ann", 10_000),
  ];
  await time.pass(100);
  const newer = claimOf(waiting, "ann", 10_000);
  await time.pass(0);
  assertEquals(reasonOf(older), "superseded");
  assertEquals(others.map(({ claim }) => claim), [undefined, undefined, undefined]);
  await engine.execute(create(...times(5, (index) => newTask(`t${index}`))), localOperator("test"));
  await time.pass(2_000);
  assertEquals([...others, newer].filter((waiter) => taskOf(waiter) !== undefined).length, 4);
  assertEquals((await readState(engine, (state) => state.counts)).in_progress, 4);
});

test("of four simultaneous calls, only the newest waits", async ({ time, engine, waiting }) => {
  const waiters = times(4, () => claimOf(waiting, "ann", 10_000));
  await time.pass(100);
  assertEquals(waiters.map(reasonOf), ["superseded", "superseded", "superseded", undefined]);
  await engine.execute(create(newTask("a"), newTask("b")), localOperator("test"));
  await time.pass(2_000);
  assertEquals(waiters.map(taskOf), [undefined, undefined, undefined, "a"]);
  assertEquals((await taskIn(engine, "b")).status, "pending");
});

test("a newer call that does not wait ends the older wait too", async ({ time, engine, waiting }) => {
  const older = claimOf(waiting, "ann", 10_000);
  await time.pass(100);
  const newer = claimOf(waiting, "ann", 0);
  await time.pass(0);
  assertEquals([reasonOf(older), reasonOf(newer)], ["superseded", "no_tasks_exist"]);
  await engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(2_000);
  assertEquals((await taskIn(engine, "a")).status, "pending");
});

for (const moment of ["a later try", "the last try"] as const) {
  test(`a task claimed for an older wait is handed back if a newer call comes during ${moment}`, async (scene) => {
    const { time, engine, waiting, other } = scene;
    const older = claimOf(waiting, "ann", 1_000);
    await time.pass(500);
    let newer: Waiter | undefined;
    scene.onExecuted = ({ type }) => {
      if (type === "claim_task") newer ??= claimOf(waiting, "ann", 5_000, { roles: ["qa"] });
    };
    const task = taskWith({ assignTo: { instance: "ann" } }, "a");
    if (moment === "a later try") await other.engine.execute(create(task), localOperator("test"));
    else {
      await time.pass(499);
      // In the same millisecond as the end of the wait: no look comes before it.
      const creation = other.engine.execute(create(task), localOperator("test"));
      await time.pass(1);
      await creation;
    }
    await time.pass(2_000);
    assert(newer !== undefined);
    assertEquals([reasonOf(older), taskOf(newer)], ["superseded", "a"]);
    const { pastAttempts, assignedTo } = await taskIn(engine, "a");
    assertEquals([assignedTo, pastAttempts?.map(({ outcome }) => outcome)], ["ann", ["released"]]);
  });
}

test("closing answers all waiting claims, and later claims do not wait", async ({ time, engine, waiting }) => {
  const waiters = times(5, (index) => claimOf(waiting, `w${index}`, 10_000));
  await time.pass(100);
  const closing = waiting.close();
  await time.pass(0);
  await closing;
  assertEquals(waiters.map(reasonOf), times(5, () => "no_tasks_exist"));
  const late = claimOf(waiting, "late", 10_000);
  await time.pass(0);
  assertEquals(reasonOf(late), "no_tasks_exist");
  await engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals((await taskIn(engine, "a")).status, "pending");
});

test("closing waits until tasks that were claimed meanwhile are handed back", async (scene) => {
  const { time, engine, waiting, other } = scene;
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(100);
  let closing: Promise<void> | undefined;
  scene.onExecuted = ({ type }) => {
    // As main.ts does: the engine takes nothing more once all who waited are gone.
    if (type === "claim_task") closing ??= waiting.close().then(() => engine.close());
  };
  await other.engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assert(closing !== undefined);
  await closing;
  assertEquals(taskOf(ann), undefined);
  assertEquals((await taskIn(other.engine, "a")).status, "pending");
});

test("fifty waiting claims try little more often than there are tasks", async ({ time, engine, waiting, commands }) => {
  const waiters = times(50, (index) => claimOf(waiting, `w${index}`, 30_000));
  await time.pass(2_000);
  const before = commands.length;
  await engine.execute(create(...times(5, (index) => newTask(`t${index}`))), localOperator("test"));
  await time.pass(2_000);
  assertEquals(waiters.filter((waiter) => taskOf(waiter) !== undefined).length, 5);
  const claims = commands.slice(before).filter((type) => type === "claim_task").length;
  assert(claims <= 5 + 2, `${claims} claims`);
  const others = commands.slice(before).filter((type) => type !== "claim_task" && type !== "create_tasks");
  assertEquals(others, []);
});

test("waiting claims in two processes get each task once, with few tries", async (scene) => {
  const { time, waiting, other } = scene;
  const waiters = times(25, (index) => [
    claimOf(waiting, `a${index}`, 30_000),
    claimOf(other.waiting, `b${index}`, 30_000),
  ]).flat();
  await time.pass(2_000);
  const before = scene.commands.length + other.commands.length;
  const tasks = times(10, (index) => newTask(`t${index}`));
  await other.engine.execute(create(...tasks), localOperator("test"));
  await time.pass(2_000);
  const got = waiters.map(taskOf).filter((id) => id !== undefined);
  assertEquals(got.sort(), tasks.map(({ id }) => id));
  const commands = scene.commands.length + other.commands.length - before;
  assert(commands <= 1 + 2 * tasks.length, `${commands} commands`);
});

test("waiting writes nothing", async ({ time, engine, waiting }) => {
  await engine.execute(create(taskWith({ role: "qa" }, "a")), localOperator("test"));
  await register(engine, "ann", {});
  const { seq } = engine;
  const waiters = times(10, (index) => claimOf(waiting, index === 0 ? "ann" : `w${index}`, 30_000));
  await time.pass(30_000);
  assertEquals(waiters.map(reasonOf), times(10, () => "no_match"));
  assertEquals(engine.seq, seq);
});

for (const ttlMs of [200, 1_000, 2_500]) {
  test(`an instance with a ttl of ${ttlMs} ms is not lost while it waits`, async ({ time, engine, waiting, other }) => {
    const sweeper = new Sweeper({ engine: other.engine, log: other.log });
    await register(engine, "ann", { ttlMs });
    const ann = claimOf(waiting, "ann", 10_000);
    await time.pass(9_990);
    assertEquals(await eventsOf(engine, "instance.lost"), []);
    await time.pass(10);
    assertEquals(reasonOf(ann), "no_tasks_exist");
    await time.pass(2 * ttlMs);
    assertEquals(await statusOf(engine, "ann"), "lost");
    const { length } = await eventsOf(engine, "instance.renewed");
    assert(length >= 2 && length <= 2 + 2 * Math.ceil(10_000 / ttlMs), `${length} renewals`);
    await sweeper.close();
  });
}

test("the leases of an instance do not expire while it waits for another task", async ({ time, engine, waiting, other }) => {
  const sweeper = new Sweeper({ engine: other.engine, log: other.log });
  await engine.execute(create(taskWith({ timeoutMs: 300 }, "a")), localOperator("test"));
  await engine.execute({ type: "claim_task", instance: "ann" }, localOperator("test"));
  claimOf(waiting, "ann", 5_000);
  await time.pass(4_990);
  assertEquals(await eventsOf(engine, "attempt.ended"), []);
  await time.pass(1_000);
  assertEquals((await taskIn(engine, "a")).status, "pending");
  await sweeper.close();
});

test("the task of an expired lease goes to a waiting claim at that moment, without constant polling", async (scene) => {
  const { time, engine, waiting, other } = scene;
  const task = taskWith({ timeoutMs: 700, backoff: { initialIntervalMs: 0 } }, "a");
  await other.engine.execute(create(task), localOperator("test"));
  await other.engine.execute({ type: "claim_task", instance: "gone" }, localOperator("test"));
  const reads = countReads(engine);
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(699);
  assertEquals(ann.claim, undefined);
  await time.pass(SOON_MS);
  assertEquals(taskOf(ann), "a");
  assert(reads() <= 20, `${reads()} reads`);
});

test("a delayed task is handed out at its time, though nothing is written", async ({ time, engine, waiting }) => {
  await engine.execute(create(taskWith({ notBefore: now() + 3_456 }, "a")), localOperator("test"));
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(3_450);
  assertEquals(ann.claim, undefined);
  assertEquals(ann.reports, [[0, "delayed"]]);
  await time.pass(SOON_MS);
  assertEquals(taskOf(ann), "a");
});

test("a task is handed out again after its pause", async ({ time, waiting, other }) => {
  const { engine } = other;
  await engine.execute(create(taskWith({ backoff: { initialIntervalMs: 2_000 } }, "a")), localOperator("test"));
  await engine.execute({ type: "claim_task", instance: "bob" }, localOperator("test"));
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(100);
  await engine.execute(
    { type: "fail_task", id: "a", instance: "bob", error: "e", isRetryable: true },
    localOperator("test"),
  );
  await time.pass(1_990);
  assertEquals(ann.claim, undefined);
  await time.pass(10 + SOON_MS);
  assertEquals(taskOf(ann), "a");
});

test("a reserved task is handed out to others when its reservation ends", async ({ time, engine, waiting }) => {
  await engine.execute(
    create(taskWith({ assignTo: { instance: "bob", fallbackMs: 1_234 } }, "a")),
    localOperator("test"),
  );
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(1_230);
  assertEquals(ann.claim, undefined);
  await time.pass(SOON_MS);
  assertEquals(taskOf(ann), "a");
});

test("a claim beyond the maximum of waiting claims is answered at once", async ({ time, waiting }) => {
  const waiters = times(MAX_WAITERS, (index) => claimOf(waiting, `w${index}`, index === 0 ? 1_000 : 10_000));
  await time.pass(10);
  assert(waiters.every(({ claim }) => claim === undefined));
  const late = claimOf(waiting, "late", 10_000);
  await time.pass(0);
  assertEquals(reasonOf(late), "no_tasks_exist");
  assertEquals(late.claim?.isCrowded, true);
  const asking = claimOf(waiting, "asking", 0);
  await time.pass(1_000);
  assertEquals([asking, ...waiters].map(({ claim }) => claim?.isCrowded), times(MAX_WAITERS + 1, () => undefined));
  const next = claimOf(waiting, "next", 10_000);
  await time.pass(100);
  assertEquals(next.claim, undefined);
});

test("a claim whose progress cannot be reported still waits, and leaves nothing behind", async (scene) => {
  const { time, engine, waiting, log } = scene;
  const command = { type: "claim_task", instance: "ann" } as const;
  const { signal } = new AbortController();
  const onWaiting = () => {
    throw new Error("nobody listens");
  };
  const claim = waiting.claim(command, localOperator("test"), { waitMs: 20_000, signal, onWaiting });
  await time.pass(11_000);
  assertEquals(waiting.instances(), new Set(["ann"]));
  assertEquals(log.errors.length, 3, log.errors.join("\n"));
  assert(log.errors.every((error) => error.includes("nobody listens")));
  await engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(SOON_MS);
  assertEquals(notRepeated(await claim).task?.id, "a");
  assertEquals(waiting.instances(), new Set());
});

test("a claim that fails fails for its own caller only", async (scene) => {
  const { time, engine, waiting } = scene;
  const [ann, bob] = [claimOf(waiting, "ann", 10_000), claimOf(waiting, "bob", 10_000)];
  await time.pass(100);
  scene.onExecuted = (command) => {
    if (command.type === "claim_task" && command.instance === "ann") throw new Unavailable("busy", "taken");
  };
  const task = taskWith({ assignTo: { instance: "ann" } }, "a");
  await engine.execute(create(task, newTask("b")), localOperator("test"));
  await time.pass(100);
  assert(ann.error instanceof Unavailable);
  assertEquals(taskOf(bob), "b");
});

test("a failed scan is logged and repeated", async (scene) => {
  const { time, engine, waiting, log } = scene;
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(100);
  const { query } = engine;
  engine.query = () => Promise.reject(new Error("no luck"));
  await engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(1_500);
  assertEquals(ann.claim, undefined);
  assert(log.warnings.some((warning) => warning.includes("no luck")), log.warnings.join("\n"));
  engine.query = query;
  await time.pass(1_000);
  assertEquals(taskOf(ann), "a");
});

test("a scan that cannot write is not repeated at once", async ({ time, waiting, other, engine, log, commands }) => {
  await other.engine.execute(create(taskWith({ timeoutMs: 700 }, "a")), localOperator("test"));
  await other.engine.execute({ type: "claim_task", instance: "gone" }, localOperator("test"));
  claimOf(waiting, "ann", 20_000);
  await time.pass(100);
  engine.execute = () => {
    commands.push("sweep");
    return Promise.reject(new Unavailable("storage_failed", "the disk is full"));
  };
  commands.length = 0;
  await time.pass(10_000);
  assert(commands.length >= 9 && commands.length <= 11, `${commands.length} tries`);
  assertEquals(log.warnings.length, commands.length);
});

for (const [when, refusals] of [["once", 1], ["four times", 4]] as const) {
  test(`a hand-back that finds the lock taken ${when} is repeated`, async (scene) => {
    const { time, engine, waiting, log } = scene;
    await engine.execute(create(newTask("a")), localOperator("test"));
    const tries = refuseReleases(scene, refusals);
    claimOf(waiting, "ann", 1_000).cancel();
    await time.pass(2_000);
    assertEquals(tries(), refusals + 1);
    assertEquals([(await taskIn(engine, "a")).status, log.warnings], ["pending", []]);
  });
}

test("a repeated hand-back leaves a later attempt of the same instance alone", async (scene) => {
  const { time, engine, waiting, other, log } = scene;
  await engine.execute(create(newTask("a")), localOperator("test"));
  const tries = refuseReleases(scene, 1);
  claimOf(waiting, "ann", 1_000).cancel();
  await time.pass(0);
  await other.engine.execute({ type: "release_task", id: "a", instance: "ann" }, localOperator("test"));
  await other.engine.execute({ type: "claim_task", id: "a", instance: "ann" }, localOperator("test"));
  await time.pass(2_000);
  const { status, attempt } = await taskIn(engine, "a");
  assertEquals([tries(), status, attempt, log.warnings], [2, "in_progress", 2, []]);
});

test("closing waits for a hand-back that will be repeated", async (scene) => {
  const { time, engine, waiting } = scene;
  await engine.execute(create(newTask("a")), localOperator("test"));
  refuseReleases(scene, 2);
  claimOf(waiting, "ann", 1_000).cancel();
  await time.pass(0);
  let isClosed = false;
  const closing = waiting.close().then(() => isClosed = true);
  await time.pass(0);
  assertEquals([isClosed, (await taskIn(engine, "a")).status], [false, "in_progress"]);
  await time.pass(1_000);
  await closing;
  assertEquals((await taskIn(engine, "a")).status, "pending");
});

test("a hand-back that keeps failing is given up and logged", async (scene) => {
  const { time, engine, waiting, log } = scene;
  await engine.execute(create(newTask("a")), localOperator("test"));
  const tries = refuseReleases(scene, Infinity);
  claimOf(waiting, "ann", 1_000).cancel();
  await time.pass(30_000);
  assertEquals(tries(), 5);
  assertEquals(log.warnings, [
    "Task a stays with ann, whose client is gone; release_task frees it: Unavailable: taken",
  ]);
  assertEquals((await taskIn(engine, "a")).assignedTo, "ann");
});

test("a hand-back that cannot succeed is logged at once", async (scene) => {
  const { time, engine, waiting, log } = scene;
  await engine.execute(create(newTask("a")), localOperator("test"));
  const tries = refuseReleases(scene, Infinity, "storage_failed");
  claimOf(waiting, "ann", 1_000).cancel();
  await time.pass(30_000);
  assertEquals([tries(), log.warnings.length], [1, 1]);
});

for (const ttlMs of [5, 16]) {
  test(`an instance with a ttl of ${ttlMs} ms writes little and polls rarely while it waits`, async (scene) => {
    const { time, engine, waiting } = scene;
    await register(engine, "ann", { ttlMs });
    const reads = countReads(engine);
    const ann = claimOf(waiting, "ann", 2_000);
    const { seq } = engine;
    await time.pass(2_000);
    assertEquals(reasonOf(ann), "no_tasks_exist");
    // It may be lost and come back again, but not more often than it may give signs of life.
    const [written, contacts] = [engine.seq - seq, 2_000 / HEARTBEAT_MS];
    assert(written >= 2 && written <= 2 * contacts + 2, `${written} records`);
    assert(reads() <= 4 * contacts, `${reads()} reads`);
  });
}

test("tasks that an instance lost are in the answer to its next claim, which does not wait", async (scene) => {
  const { time, waiting, engine } = scene;
  await loseTaskOfAnn(scene);
  const [ann, again] = [
    claimOf(waiting, "ann", 10_000, { actor: "1" }),
    claimOf(waiting, "ann", 1_000, { actor: "2" }),
  ];
  await time.pass(0);
  assertEquals([reasonOf(ann), lostIn(ann), again.claim], ["waiting", ["a"], undefined]);
  await time.pass(1_000);
  assertEquals([reasonOf(again), lostIn(again)], ["waiting", undefined]);
  assertEquals(await heartbeatOfAnn(engine), {});
});

test("tasks that an instance loses while it waits end its wait", async (scene) => {
  const { time, waiting, engine } = scene;
  const ann = claimOf(waiting, "ann", 10_000);
  await time.pass(100);
  await loseTaskOfAnn(scene);
  await time.pass(SOON_MS);
  assertEquals([reasonOf(ann), lostIn(ann)], ["waiting", ["a"]]);
  assertEquals(await heartbeatOfAnn(engine), {});
});

test("a note and a cancellation end a wait, each once, and the next claim waits on", async (scene) => {
  const { time, engine, waiting, other } = scene;
  await holdByAnn(scene, "a", "b");
  await register(engine, "ann", { ttlMs: 300 });
  const first = claimOf(waiting, "ann", 10_000);
  // Heartbeats for who waits tell nothing.
  await time.pass(5_000);
  assertEquals(first.claim, undefined);
  await other.engine.execute({ type: "add_note", id: "a", text: "STOP" }, LEAD);
  await time.pass(SOON_MS);
  assertEquals([reasonOf(first), notesIn(first), first.claim?.cancelledTasks], ["waiting", ["a: STOP"], undefined]);
  const second = claimOf(waiting, "ann", 10_000);
  await time.pass(5_000);
  await other.engine.execute({ type: "cancel_task", id: "b", reason: "not needed" }, LEAD);
  await time.pass(SOON_MS);
  const cancelled = [{ id: "b", attempt: 1, by: { caller: "lead" }, reason: "not needed" }];
  assertEquals([notesIn(second), second.claim?.cancelledTasks], [undefined, cancelled]);
  const third = claimOf(waiting, "ann", 1_000);
  await time.pass(999);
  assertEquals(third.claim, undefined);
  await time.pass(1);
  assertEquals([reasonOf(third), notesIn(third), third.claim?.cancelledTasks], ["waiting", undefined, undefined]);
});

test("news for one session end no wait of another one of the same instance", async ({ time, engine, waiting }) => {
  const inSession = (session: string) => localOperator("test", { transport: "stdio", session });
  await engine.execute(create(newTask("a")), LEAD);
  await engine.execute({ type: "claim_task", instance: "ann" }, inSession("s"));
  const options = { waitMs: 1_000, signal: new AbortController().signal };
  let answer: WaitedClaim | undefined;
  const waited = waiting.claim({ type: "claim_task", instance: "ann" }, inSession("t"), options)
    .then((claim) => answer = notRepeated(claim));
  await time.pass(100);
  await engine.execute({ type: "cancel_task", id: "a" }, LEAD);
  await time.pass(500);
  assertEquals(answer, undefined);
  await time.pass(400);
  await waited;
  assertEquals(answer?.cancelledTasks, undefined);
  const { cancelledTasks } = await engine.execute({ type: "heartbeat", instance: "ann" }, inSession("s"));
  assertEquals(cancelledTasks?.map(({ id }) => id), ["a"]);
});

for (const when of ["before it waits", "while it waits"] as const) {
  test(`news that a client has cancelled the claim for ${when} are in its next answer`, async (scene) => {
    const { time, waiting, other } = scene;
    await holdByAnn(scene, "a");
    if (when === "before it waits") await noteOnA(scene);
    const ann = claimOf(waiting, "ann", 10_000);
    if (when === "while it waits") {
      await time.pass(100);
      await noteOnA(scene);
    }
    const isTold = onNextClaim(scene, ann.cancel);
    await time.pass(SOON_MS);
    assert(isTold());
    const next = claimOf(waiting, "ann", 10_000);
    await time.pass(0);
    assertEquals([reasonOf(next), notesIn(next)], ["waiting", ["a: STOP"]]);
    assertEquals(await heartbeatOfAnn(other.engine), {});
  });
}

test("news that a superseded wait was told in vain are told by the newer one, at once", async (scene) => {
  const { time, waiting } = scene;
  await holdByAnn(scene, "a");
  const older = claimOf(waiting, "ann", 10_000);
  await time.pass(100);
  let newer: Waiter | undefined;
  await noteOnA(scene);
  onNextClaim(scene, () => newer = claimOf(waiting, "ann", 10_000));
  await time.pass(SOON_MS);
  assert(newer !== undefined);
  assertEquals([reasonOf(older), notesIn(older)], ["superseded", undefined]);
  assertEquals([reasonOf(newer), notesIn(newer)], ["waiting", ["a: STOP"]]);
});

test("of a claim that goes back, news of other tasks are kept, and not the notes on its own", async (scene) => {
  const { time, engine, waiting, other } = scene;
  await holdByAnn(scene, "a");
  await engine.execute(create(newTask("b")), LEAD);
  await other.engine.execute({ type: "add_note", id: "b", text: "for whoever has b" }, LEAD);
  await other.engine.execute({ type: "add_note", id: "a", text: "STOP" }, LEAD);
  claimOf(waiting, "ann", 1_000).cancel();
  await time.pass(0);
  assertEquals((await taskIn(engine, "b")).status, "pending");
  await engine.execute({ type: "claim_task", instance: "bob", id: "b" }, LEAD);
  const next = claimOf(waiting, "ann", 1_000);
  await time.pass(0);
  assertEquals(notesIn(next), ["a: STOP"]);
});

test("a preamble that came with a claim that goes back comes with the next one", async ({ time, engine, waiting }) => {
  await engine.execute({ type: "create_group", id: "g", settings: { preamble: "Deno only" } }, LEAD);
  await engine.execute(create(taskWith({ group: "g" }, "a")), LEAD);
  claimOf(waiting, "ann", 1_000).cancel();
  await time.pass(0);
  const next = claimOf(waiting, "ann", 1_000);
  await time.pass(0);
  assert(next.claim?.task !== undefined);
  assertEquals([next.claim.task.attempt, next.claim.preamble], [2, "Deno only"]);
});

test("without waiting claims, nothing is scanned", async ({ time, engine, waiting }) => {
  const ann = claimOf(waiting, "ann", 100);
  await time.pass(100);
  assertEquals(reasonOf(ann), "no_tasks_exist");
  assertEquals(time.timers, 0);
  await engine.execute(create(newTask("a")), localOperator("test"));
  await time.pass(5_000);
  assertEquals((await taskIn(engine, "a")).status, "pending");
});

const LEAD = localOperator("lead");

/** Ann claims new tasks. */
async function holdByAnn({ engine }: Scene, ...ids: readonly string[]): Promise<void> {
  await engine.execute(create(...ids.map((id) => newTask(id))), LEAD);
  for (const id of ids) await engine.execute({ type: "claim_task", instance: "ann", id }, localOperator("test"));
}

async function noteOnA({ other }: Scene): Promise<void> {
  await other.engine.execute({ type: "add_note", id: "a", text: "STOP" }, LEAD);
}

/** Calls `act` between the next claim and its answer. Returns how to ask whether it has. */
function onNextClaim(scene: Scene, act: () => void): () => boolean {
  let isOver = false;
  scene.onExecuted = ({ type }) => {
    if (type !== "claim_task" || isOver) return;
    isOver = true;
    act();
  };
  return () => isOver;
}

/** The news in a heartbeat of ann. */
async function heartbeatOfAnn(engine: Engine): Promise<News> {
  return mergeNews(await engine.execute({ type: "heartbeat", instance: "ann" }, localOperator("test")), {});
}

function notesIn({ claim }: Waiter): readonly string[] | undefined {
  return claim?.notes?.map(({ task, text }) => `${task}: ${text}`);
}

/** Milliseconds since the Unix epoch, as time passes in the tests. */
function now(): number {
  return START + performance.now();
}

async function startProcess(journal: MemoryJournal): Promise<Process> {
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  const execute = engine.execute.bind(engine);
  engine.execute = async (command, actor) => {
    process.commands.push(command.type);
    const answer = await execute(command, actor);
    // Of a known type, it is one of them.
    const over = process.onExecuted(command as Command);
    if (over !== undefined) await over;
    return answer;
  };
  const waiting = new Waiting({ engine, feed: new Feed(engine, log), log });
  const process: Process = { engine, waiting, log, commands: [], onExecuted: () => {} };
  return process;
}

function claimOf(
  waiting: Waiting,
  instance: string,
  waitMs: number,
  { actor = "test", token, ...rest }: Omit<Partial<CommandOf<"claim_task">>, "type" | "instance"> & {
    actor?: string;
    token?: string;
  } = {},
): Waiter {
  const aborting = new AbortController();
  const reports: [number, string | undefined][] = [];
  const waiter: { -readonly [K in keyof Waiter]: Waiter[K] } = {
    cancel: () => aborting.abort(),
    reports,
    claim: undefined,
    error: undefined,
  };
  waiting.claim(
    { type: "claim_task", instance, ...rest },
    token === undefined ? localOperator(actor) : { name: actor, token },
    {
      waitMs,
      signal: aborting.signal,
      onWaiting: (waitedMs, claim) =>
        reports.push([waitedMs, claim.task === undefined ? claim.none.reason : undefined]),
    },
  ).then((claim) => waiter.claim = notRepeated(claim), (error) => waiter.error = error);
  return waiter;
}

const DIGEST = "a".repeat(64);

/** Issues the token `ci`, with this digest. */
async function issue(engine: Engine, settings: Partial<NewToken>): Promise<void> {
  const token = { name: "ci", role: "worker", digest: DIGEST, ...settings } as const;
  await engine.execute({ type: "issue_token", token }, localOperator("test"));
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Refusal ? error.code : undefined;
}

function taskOf({ claim }: Waiter): string | undefined {
  return claim?.task?.id;
}

function reasonOf({ claim }: Waiter): string | undefined {
  return claim?.task === undefined ? claim?.none.reason : undefined;
}

function lostIn({ claim }: Waiter): readonly string[] | undefined {
  return claim?.lostTasks;
}

/** Ann, with a short time to live, claims a in another process and is silent until bob has it. */
async function loseTaskOfAnn({ time, other: { engine } }: Scene): Promise<void> {
  await register(engine, "ann", { ttlMs: 300 });
  await engine.execute(create(newTask("a")), localOperator("test"));
  await engine.execute({ type: "claim_task", instance: "ann", id: "a" }, localOperator("test"));
  // As when processes are suspended: the time passes, and nobody wakes up in it.
  time.skip(400);
  await engine.execute({ type: "claim_task", instance: "bob" }, localOperator("test"));
  assertEquals((await taskIn(engine, "a")).assignedTo, "bob");
}

/** Returns how to ask how often an engine has read since. */
function countReads(engine: Engine): () => number {
  let reads = 0;
  const { query } = engine;
  engine.query = (...call) => {
    reads++;
    return query.apply(engine, call);
  };
  return () => reads;
}

/** Lets so many releases fail; returns how to ask how often one was tried. */
function refuseReleases({ engine }: Process, refusals: number, code: "busy" | "storage_failed" = "busy"): () => number {
  let tries = 0;
  const execute = engine.execute.bind(engine);
  engine.execute = async (command, actor) => {
    if (command.type === "release_task" && ++tries <= refusals) throw new Unavailable(code, "taken");
    return await execute(command, actor);
  };
  return () => tries;
}

async function register(engine: Engine, instance: string, settings: InstanceSettings): Promise<void> {
  await engine.execute({ type: "register_instance", instance, settings }, localOperator("test"));
}

async function taskIn(engine: Engine, id: string): Promise<Task> {
  const task = await readState(engine, (state) => state.tasks.get(id)?.task);
  assert(task !== undefined);
  return task;
}

async function statusOf(engine: Engine, id: string): Promise<string | undefined> {
  return await readState(engine, (state) => state.instances.get(id)?.instance.status);
}

async function eventsOf(engine: Engine, type: Event["type"]): Promise<Event[]> {
  const records = await recordsOf(engine);
  return records.flatMap(({ events }) => events).filter((event) => event.type === type);
}

/** Shows that the end of a session is noticed in time and once, that nothing is written or looked for in vain, and how a process ends. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Heard } from "../../src/app/heard.ts";
import { ORCHESTRATOR } from "../../src/app/job.ts";
import { type OpenSession, type ProcessAbout, type Sessions, Unavailable } from "../../src/app/ports.ts";
import { SessionKeeper } from "../../src/app/session_keeper.ts";
import type { Command, CommandType } from "../../src/core/messages/commands.ts";
import type { Event } from "../../src/core/messages/events.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { MAX_RECORD_TASKS } from "../../src/core/model/limits.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { MemorySessions } from "../../src/store/memory/memory_sessions.ts";
import { create, newTask, taskWith, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { JournalHandle } from "../support/journal_handle.ts";
import { RecordingLog } from "../support/log.ts";

/** Longest time until the death of a process is noticed while another one lives, in milliseconds. */
const NOTICED_MS = 5_000;
const GRACE_MS = 60_000;

/** A server process with a client, as far as sessions go. */
class Process implements Sessions {
  readonly log = new RecordingLog();
  readonly journal: JournalHandle;
  /** The sessions that it asked the store for, one entry a time. */
  readonly probes: (readonly string[])[] = [];
  /** Thrown by the store when it is asked. */
  failure: Unavailable | undefined;
  engine!: Engine;
  heard!: Heard;
  keeper!: SessionKeeper;
  /** What it told operators about itself, one entry a time. */
  readonly told: ProcessAbout[] = [];
  readonly #sessions: MemorySessions;
  #handle: AsyncDisposable | undefined;

  constructor(readonly id: string, { journal, sessions }: Pick<Scene, "journal" | "sessions">) {
    this.journal = new JournalHandle(journal);
    this.#sessions = sessions;
  }

  async start(): Promise<this> {
    this.engine = await Engine.start({ journal: this.journal, checkpoints: noCheckpoints, log: this.log });
    this.heard = new Heard(this.engine);
    const { engine, heard, log, id } = this;
    const about = { pid: 7, version: "1.2.3", format: 5, transport: "stdio", startedAt: 1 } as const;
    this.keeper = await SessionKeeper.start({ engine, heard, log, id, sessions: this, graceMs: GRACE_MS, about });
    return this;
  }

  async open(id: string): Promise<OpenSession> {
    const handle = this.#handle = await this.#sessions.open(id);
    return {
      describe: (about) => {
        if (this.failure !== undefined) return Promise.reject(this.failure);
        return Promise.resolve(void this.told.push(about));
      },
      [Symbol.asyncDispose]: () => handle[Symbol.asyncDispose](),
    };
  }

  async dead(ids: readonly string[]): Promise<readonly string[]> {
    this.probes.push(ids);
    if (this.failure !== undefined) throw this.failure;
    return await this.#sessions.dead(ids);
  }

  /** Makes its session die, as the process or the file of its session is gone. The keeper itself goes on. */
  async dies(): Promise<void> {
    await this.#handle?.[Symbol.asyncDispose]();
  }

  /** Makes a call of an instance, as its client does. */
  async call(command: Command) {
    const caller = localOperator("client", { transport: "stdio", session: this.id });
    if ("instance" in command) this.heard.note(command.instance, caller);
    return await this.keeper.execute<CommandType>(
      command,
      caller,
      { request: undefined },
    );
  }
}

class Scene {
  readonly time = new FakeTime();
  readonly journal = new MemoryJournal(() => 1_000_000 + performance.now());
  readonly sessions = new MemorySessions();
  readonly #processes: Process[] = [];

  async start(id: string): Promise<Process> {
    const process = await new Process(id, this).start();
    this.#processes.push(process);
    return process;
  }

  /** A process that is gone, with a task for each of these instances; it runs no more. */
  async gone(id: string, ...instances: readonly string[]): Promise<void> {
    const process = await this.start(id);
    for (const instance of instances) await claimNew(process, instance);
    await process.dies();
    await this.silence(process);
  }

  /** Stops what a process does by itself, without a trace. */
  async silence(process: Process): Promise<void> {
    await process.engine.close();
    await process.keeper.close();
  }

  /** The events of sessions in the journal. */
  async events(): Promise<readonly Event[]> {
    const events: Event[] = [];
    for await (const { records } of this.journal.read(this.journal.origin)) {
      events.push(...records.flatMap((record) => record.events).filter(({ type }) => type.startsWith("session.")));
    }
    return events;
  }

  async end(): Promise<void> {
    for (const process of this.#processes) await this.silence(process);
    assertEquals(this.time.timers, 0);
    this.time[Symbol.dispose]();
  }
}

async function claimNew(process: Process, instance: string): Promise<void> {
  const id = `${instance}'s ${performance.now()}`;
  await process.call(create(newTask(id)));
  await process.call({ type: "claim_task", instance, id });
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      const scene = new Scene();
      try {
        await act(scene);
      } finally {
        await scene.end();
      }
    },
  });
}

test("the death of a process is noticed within 5 s, and written once however many others look", async (scene) => {
  const watchers = await Promise.all(times(5, (index) => scene.start(`watcher${index}`)));
  const dying = await scene.start("dying");
  await claimNew(dying, "ann");
  await scene.time.pass(12_345);
  assertEquals(await scene.events(), []);
  await dying.dies();
  await scene.silence(dying);
  await scene.time.pass(NOTICED_MS);
  const [lost, ...others] = await scene.events();
  assert(lost?.type === "session.lost");
  assertEquals([lost.session, lost.tasks.length, others], ["dying", 1, []]);
  await scene.time.pass(60_000);
  assertEquals((await scene.events()).length, 1);
  assertEquals(watchers.flatMap(({ log }) => log.warnings), []);
});

test("the sessions that died while nobody was there are ended before a start is over", async (scene) => {
  await scene.gone("first", "ann", "bob");
  await scene.gone("second", "cid");
  await scene.start("next");
  const ended = (await scene.events()).map((event) => event.type === "session.lost" && event.session);
  assertEquals(ended, ["first", "second"]);
});

test("nothing is probed or written unless another session has tasks", async (scene) => {
  const [idle, busy] = [await scene.start("idle"), await scene.start("busy")];
  await claimNew(busy, "ann");
  const { transactions } = busy.journal;
  await scene.time.pass(60_000);
  assertEquals([idle.journal.transactions, busy.journal.transactions], [0, transactions]);
  assertEquals(busy.probes, []);
  assert(idle.probes.length > 20 && idle.probes.every((ids) => ids.join() === "busy"));
  await busy.call({ type: "release_task", id: "ann's 0", instance: "ann" });
  await scene.time.pass(2_000);
  const probed = idle.probes.length;
  await scene.time.pass(60_000);
  assertEquals(idle.probes.length, probed);
});

test("a process brings over the tasks of instances that called through it, and of no others", async (scene) => {
  const [old, next] = [await scene.start("old"), await scene.start("next")];
  for (const instance of ["ann", "bob"]) await claimNew(old, instance);
  await next.call({ type: "heartbeat", instance: "ann" });
  await old.keeper.close();
  await scene.time.pass(2_000);
  const [closed, resumed, ...others] = await scene.events();
  assert(closed?.type === "session.closed" && resumed?.type === "session.resumed");
  assertEquals([closed.tasks.length, resumed.session, resumed.instance, others], [2, "next", "ann", []]);
  const { records } = await lastRecord(scene);
  assertEquals(records.at(-1)?.actor, "orchestrator");
});

test("a process brings tasks over as soon as it reads of the end, and does not wait for its next look", async (scene) => {
  const [old, next] = [await scene.start("old"), await scene.start("next")];
  await claimNew(old, "ann");
  await next.call({ type: "heartbeat", instance: "ann" });
  await scene.time.pass(1);
  await old.keeper.close();
  await next.engine.catchUp();
  await scene.time.pass(0);
  assertEquals((await scene.events()).map(({ type }) => type), ["session.closed", "session.resumed"]);
});

test("a process whose session counts as dead by mistake opens it again, and keeps its tasks", async (scene) => {
  const [watcher, worker] = [await scene.start("watcher"), await scene.start("worker")];
  await claimNew(worker, "ann");
  await worker.dies();
  await scene.time.pass(NOTICED_MS);
  assertEquals((await scene.events()).map(({ type }) => type), ["session.lost", "session.resumed"]);
  assertEquals(await watcher.dead(["worker"]), []);
  await scene.time.pass(60_000);
  assertEquals((await scene.events()).length, 2);
});

test("a session with more tasks than a record has room for is ended and brought over whole", async (scene) => {
  const [old, next] = [await scene.start("old"), await scene.start("next")];
  for (const part of ["a", "b"]) {
    await old.call({ type: "create_tasks", tasks: times(MAX_RECORD_TASKS, (index) => newTask(`${part}${index}`)) });
  }
  await Promise.all(times(2 * MAX_RECORD_TASKS, () => old.call({ type: "claim_task", instance: "ann" })));
  await next.call({ type: "heartbeat", instance: "ann" });
  await old.keeper.close();
  await scene.time.pass(4_000);
  const counts = (await scene.events()).map((event) => [event.type, "tasks" in event && event.tasks.length]);
  assertEquals(counts.filter(([type]) => type === "session.closed").length, 2);
  assertEquals(counts.filter(([type]) => type === "session.resumed").reduce((sum, [, n]) => sum + Number(n), 0), 2_000);
});

test("a session that holds only a task with timeout_ms is ended once, and its lease goes on", async (scene) => {
  const [watcher, dying] = [await scene.start("watcher"), await scene.start("dying")];
  await dying.call(create(taskWith({ timeoutMs: 600_000 }, "a")));
  await dying.call({ type: "claim_task", instance: "ann" });
  const leaseOf = async () => (await watcher.engine.query({ type: "get_task", id: "a" }, ORCHESTRATOR)).leaseUntil;
  const lease = await leaseOf();
  await scene.time.pass(60_000);
  assertEquals(await scene.events(), []);
  await dying.dies();
  await scene.silence(dying);
  await scene.time.pass(60_000);
  assertEquals((await scene.events()).map(({ type }) => type), ["session.lost"]);
  assertEquals([await leaseOf(), watcher.probes.at(-1)], [lease, ["dying"]]);
  assertEquals(watcher.journal.transactions, 1);
});

for (const how of ["closes", "dies"] as const) {
  test(`if a process ${how} whose client was not told of a cancelled task, another one tells it`, async (scene) => {
    const [old, next] = [await scene.start("old"), await scene.start("next")];
    await claimNew(old, "ann");
    await next.call({ type: "cancel_task", id: "ann's 0" });
    await next.call({ type: "heartbeat", instance: "ann" });
    if (how === "closes") await old.keeper.close();
    else await old.dies();
    if (how === "dies") await scene.silence(old);
    await scene.time.pass(NOTICED_MS);
    const heartbeat = await next.call({ type: "heartbeat", instance: "ann" });
    assertEquals("cancelledTasks" in heartbeat && heartbeat.cancelledTasks?.map(({ id }) => id), ["ann's 0"]);
    await scene.time.pass(60_000);
    assertEquals((await scene.events()).map(({ type }) => type), [
      how === "closes" ? "session.closed" : "session.lost",
    ]);
  });
}

test("a call in whose way a dead session is looks for itself, and goes on", async (scene) => {
  const [old, next] = [await scene.start("old"), await scene.start("next")];
  await claimNew(old, "ann");
  const complete = { type: "complete_task", id: "ann's 0", instance: "ann", result: "" } as const;
  const refusal = await assertRejects(() => next.call(complete), Refusal);
  assertEquals(refusal.code, "instance_in_use");
  await old.dies();
  await next.call(complete);
});

test("a client without tasks ends without a record, and without the write lock", async (scene) => {
  const process = await scene.start("s");
  await process.keeper.close();
  assertEquals([process.journal.transactions, await scene.events()], [0, []]);
  assertEquals(await process.dead(["s"]), ["s"]);
});

test("the end of a client waits only so long for a lock that another process holds", async (scene) => {
  const process = await scene.start("s");
  await claimNew(process, "ann");
  const stuck = Promise.withResolvers<never>();
  process.journal.transact = () => stuck.promise;
  const closing = process.keeper.close();
  await scene.time.pass(2_000);
  await closing;
  assertEquals(process.log.warnings.length, 1);
  assertEquals(await process.dead(["s"]), ["s"]);
  stuck.reject(new Unavailable("busy", "stuck"));
});

test("a store that cannot tell is asked again, with one warning", async (scene) => {
  const [watcher, dying] = [await scene.start("watcher"), await scene.start("dying")];
  await claimNew(dying, "ann");
  await dying.dies();
  await scene.silence(dying);
  watcher.failure = new Unavailable("storage_failed", "no permission");
  await scene.time.pass(20_000);
  assertEquals(watcher.log.warnings, ["Cannot look for ended sessions: Unavailable: no permission"]);
  watcher.failure = undefined;
  await scene.time.pass(NOTICED_MS);
  assertEquals((await scene.events()).length, 1);
});

test("a process tells operators of its calls once in a minute at most, and at once who its client is", async (scene) => {
  const { keeper, told } = await scene.start("one");
  const before = { pid: 7, version: "1.2.3", format: 5, transport: "stdio", startedAt: 1 } as const;
  assertEquals(told, [before]);
  keeper.noteCall("claude-code");
  const first = { ...before, client: "claude-code", calledAt: 1_000_000 + performance.now() };
  assertEquals(told, [before, first]);
  for (let calls = 0; calls < 59; calls++) {
    await scene.time.pass(1_000);
    keeper.noteCall("claude-code");
  }
  assertEquals(told.length, 2);
  await scene.time.pass(1_000);
  keeper.noteCall("other");
  assertEquals(told.slice(2), [{ ...first, client: "other", calledAt: 1_000_000 + performance.now() }]);
});

test("a process that cannot tell operators about itself says so once, and goes on", async (scene) => {
  const process = new Process("one", scene);
  process.failure = new Unavailable("storage_failed", "no room");
  await process.start();
  process.keeper.noteCall("claude-code");
  await scene.time.pass(61_000);
  process.keeper.noteCall("claude-code");
  await scene.time.pass(1);
  assertEquals(process.log.warnings, ["Cannot write about this process for doctor: Unavailable: no room"]);
  process.failure = undefined;
  await scene.time.pass(60_000);
  process.keeper.noteCall("claude-code");
  assertEquals(process.told.map(({ client }) => client), ["claude-code"]);
  await scene.silence(process);
});

async function lastRecord({ journal }: Scene) {
  const chunks = await Array.fromAsync(journal.read(journal.origin));
  const last = chunks.at(-1);
  assert(last !== undefined);
  return last;
}

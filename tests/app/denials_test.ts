/** Shows that refused calls are recorded, at a bounded rate, and that they change nothing else. */

import { assertEquals, assertRejects } from "@std/assert";
import { readAudit } from "../../src/app/audit.ts";
import { Denials, MAX_DENIALS, MAX_DENIED_CALLERS } from "../../src/app/denials.ts";
import { Engine } from "../../src/app/engine.ts";
import { type Caller, Denied, localOperator } from "../../src/core/model/access.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, taskWith, times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { recordsOf } from "../support/store.ts";

/** When the tests begin, in milliseconds since the Unix epoch. */
const START = 1_000_000;

interface Scene {
  readonly time: FakeTime;
  readonly engine: Engine;
  readonly log: RecordingLog;
}

function test(name: string, act: (scene: Scene) => Promise<void>): void {
  Deno.test({
    name,
    permissions: "none",
    async fn() {
      using time = new FakeTime();
      const log = new RecordingLog();
      const journal = new MemoryJournal(() => START + performance.now());
      const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
      const denials = new Denials({ engine, log });
      await act({ time, engine, log });
      await denials[Symbol.asyncDispose]();
      assertEquals(time.timers, 0);
    },
  });
}

test("a refused command and a refused query are recorded with who called, what and on what", async ({ engine }) => {
  const via = { transport: "stdio", process: "7" } as const;
  await refused(engine, { name: "agent", role: "observer", via });
  const query = engine.query({ type: "export_tasks" }, { name: "agent", role: "planner", via });
  await assertRejects(() => query, Denied);
  assertEquals(await denialsIn(engine), [
    { caller: "agent", via, call: "heartbeat", reason: "role", verb: "work", role: "observer", instances: ["x"] },
    { caller: "agent", via, call: "export_tasks", reason: "role", verb: "administer", role: "planner" },
  ]);
  const { events } = await readAudit({ engine, query: (query) => engine.query(query, localOperator("cli")) }, {
    limit: 10,
    instance: "x",
  });
  assertEquals(events.map(({ type, data }) => [type, data.actor, data.via]), [
    ["orchestrator.access.denied", "agent", via],
  ]);
});

test("a caller that fails again and again is recorded ten times a minute, and the others are counted", async ({ engine, time }) => {
  const caller: Caller = { name: "agent", role: "observer" };
  for (const _ of times(MAX_DENIALS + 7, String)) await refused(engine, caller);
  assertEquals((await denialsIn(engine)).length, MAX_DENIALS);
  await time.pass(60_000);
  const counted = await denialsIn(engine);
  assertEquals([counted.length, counted.at(-1)?.more], [MAX_DENIALS + 1, 6]);
  await refused(engine, caller);
  assertEquals((await denialsIn(engine)).at(-1)?.more, undefined);
  await time.pass(60_000);
  assertEquals((await denialsIn(engine)).length, MAX_DENIALS + 2);
});

test("callers that change their names share one count once there are many", async ({ engine, time }) => {
  for (const index of times(MAX_DENIED_CALLERS + 5 * MAX_DENIALS, Number)) {
    await refused(engine, { name: `agent ${index}`, role: "observer" });
  }
  assertEquals((await denialsIn(engine)).length, MAX_DENIED_CALLERS + MAX_DENIALS);
  await time.pass(60_000);
  const all = await denialsIn(engine);
  assertEquals([all.length, all.at(-1)?.more], [MAX_DENIED_CALLERS + MAX_DENIALS + 1, 4 * MAX_DENIALS - 1]);
});

test("a call without the right is no sign of life of the instance that it names", async ({ engine, time }) => {
  await engine.execute(create(taskWith({ timeoutMs: 100 }, "a")), localOperator("test"));
  await engine.execute({ type: "claim_task", instance: "x" }, localOperator("test"));
  await time.pass(60);
  await refused(engine, { name: "agent", role: "observer" });
  await time.pass(60);
  await engine.execute({ type: "sweep" }, localOperator("test"));
  assertEquals((await engine.query({ type: "get_task", id: "a" }, localOperator("test"))).status, "pending");
});

test("denials that cannot be recorded are logged, and harm nobody", async ({ engine, log }) => {
  await refused(engine, { name: "agent", role: "observer" });
  const { execute } = engine;
  engine.execute = () => Promise.reject(new Error("full"));
  const query = engine.query({ type: "export_tasks" }, { name: "agent", role: "observer" });
  await assertRejects(() => query, Denied);
  await new Promise<void>((resolve) => queueMicrotask(resolve));
  assertEquals(log.warnings, ["Cannot record 1 calls that were refused to agent: Error: full"]);
  engine.execute = execute;
});

async function refused(engine: Engine, caller: Caller): Promise<void> {
  await assertRejects(() => engine.execute({ type: "heartbeat", instance: "x" }, caller), Denied);
}

async function denialsIn(engine: Engine) {
  const records = await recordsOf(engine);
  return records.flatMap(({ events }) => events).flatMap((event) =>
    event.type === "access.denied" ? [event.denial] : []
  );
}

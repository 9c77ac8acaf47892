/** Shows what observers are told of transactions and calls, and that an observer with a bug harms no call. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { namedIn, observed, subjectsOf } from "../../src/app/observed_call.ts";
import { type CallEnd, type Commit, type Observer, together } from "../../src/app/observer.ts";
import { Unavailable } from "../../src/app/ports.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask } from "../core/given.ts";
import { steppingClock } from "../support/clock.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { openStore } from "../support/store.ts";

async function startEngine(onCommit: Observer["onCommit"], journal = new MemoryJournal(steppingClock())) {
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log, onCommit });
  return { engine, log };
}

Deno.test("each transaction is told with its records and with the callers of these", async () => {
  // A batch ends after 20 ms, which a busy machine takes for one call.
  using _time = new FakeTime();
  const commits: Commit[] = [];
  const { engine } = await startEngine((commit) => commits.push(commit));
  const [ann, bob] = [localOperator("ann"), localOperator("bob")];
  await Promise.all([
    engine.execute(create(newTask("a")), ann),
    engine.execute(create(newTask("b")), bob),
    assertRejects(() => engine.execute(create(newTask("a")), bob), Refusal),
    engine.query({ type: "get_task", id: "a" }, bob),
  ]);
  await engine.query({ type: "get_task", id: "a" }, bob);
  assertEquals(commits.length, 1, "reads alone are no transaction");
  const [{ written, failure, durationMs } = assertCommit()] = commits;
  assertEquals(failure, undefined);
  assert(durationMs >= 0);
  assertEquals(written.map(({ record }) => [record.seq, record.actor]), [[1, "ann"], [2, "bob"]]);
  // The very objects: by these, observers find the calls.
  assert(written[0]?.caller === ann && written[1]?.caller === bob);
  await engine.close();
});

function assertCommit(): never {
  throw new Error("no transaction was told");
}

Deno.test("a transaction in files tells its bytes; one that fails is told, too, with why", async () => {
  const disk = new MemoryDisk();
  await using store = openStore({ directory: "/data", disk, lockWaitMs: 20 });
  const commits: Commit[] = [];
  const engine = await Engine.start({
    journal: store.journal,
    checkpoints: noCheckpoints,
    log: store.log,
    onCommit: (commit) => commits.push(commit),
  });
  await engine.execute(create(newTask("a")), localOperator("ann"));
  assertEquals(commits[0]?.cost.sizeBytes, store.journal.sizeBytes);
  assert(store.journal.sizeBytes > 100);
  const lock = disk.open("/data/lock", "append");
  assert(lock.tryLock());
  await assertRejects(() => engine.execute(create(newTask("b")), localOperator("ann")), Unavailable);
  lock.close();
  await engine.execute(create(newTask("c")), localOperator("ann"));
  assertEquals(commits.map(({ failure, written }) => [failure, written.length]), [
    [undefined, 1],
    ["busy", 0],
    [undefined, 1],
  ]);
  const [, busy] = commits;
  assert(busy !== undefined && busy.cost.lockWaitMs > 0 && busy.cost.lockedMs === 0 && busy.cost.sizeBytes === 0);
  await engine.close();
});

Deno.test("an observer that throws is logged, and the calls are answered", async () => {
  const { engine, log } = await startEngine(() => {
    throw new Error("a bug in telemetry");
  });
  await engine.execute(create(newTask("a")), localOperator("ann"));
  assertEquals((await engine.query({ type: "get_task", id: "a" }, localOperator("ann"))).id, "a");
  assert(log.errors.length === 1 && log.errors[0]?.includes("a bug in telemetry"), log.errors.join("\n"));
  await engine.close();
});

Deno.test("a call is told with how it ends", async () => {
  const ends: CallEnd[] = [];
  const call = { id: "1", caller: localOperator("ann") };
  const onCall = () => (end: CallEnd) => void ends.push(end);
  assertEquals(await observed(onCall, call, () => Promise.resolve(7)), 7);
  for (
    const error of [new Refusal("cycle", "no"), new Unavailable("busy", "later"), new TypeError("a bug")]
  ) await assertRejects(() => observed(onCall, call, () => Promise.reject(error)));
  assertEquals(ends, [
    { outcome: "ok" },
    { outcome: "refused", code: "cycle" },
    { outcome: "unavailable", code: "busy" },
    { outcome: "failed" },
  ]);
  assertEquals(await observed(undefined, call, () => Promise.resolve(8)), 8);
});

Deno.test("several observers are told as one, and none stays none, so that nothing is measured", () => {
  const told: string[] = [];
  const observer = (name: string): Observer => ({
    onCall: ({ id }) => {
      told.push(`${name} begins ${id}`);
      return ({ outcome }) => void told.push(`${name} ends ${outcome}`);
    },
  });
  const { onCall, onCommit } = together([observer("a"), {}, observer("b")]);
  onCall?.({ id: "1", caller: localOperator("ann") })({ outcome: "ok" });
  assertEquals(told, ["a begins 1", "b begins 1", "a ends ok", "b ends ok"]);
  assertEquals([onCommit, together([{}]), together([])], [undefined, {}, {}]);
});

Deno.test("the ids that a call names are bounded, and nothing else of it is taken", () => {
  assertEquals(namedIn({ task_id: "t", instance_id: "i", result: "secret" }, "own"), { task: "t", instance: "i" });
  assertEquals(namedIn({ id: "t" }, "own"), { task: "t", instance: "own" });
  for (const args of [undefined, null, 7, "text", { task_id: 7, instance_id: {} }, { task_id: "x".repeat(10_000) }]) {
    assertEquals(namedIn(args, undefined), {});
  }
});

Deno.test("a record is about the tasks and instances that its notifications name", () => {
  const { tasks, instances } = subjectsOf({
    seq: 1,
    at: 1,
    actor: "a",
    command: "claim_task",
    events: [{ type: "task.claimed", id: "t", instance: "i", attempt: 1 }, { type: "tasks.ready", tasks: ["t", "u"] }],
  });
  assertEquals([[...tasks], [...instances]], [["t", "u"], ["i"]]);
});

/** Shows what one engine promises its callers: order, isolation, answers that last, bounds, and an end. */

import type { QueryOf } from "../../src/core/messages/queries.ts";
import { localOperator } from "../../src/core/model/access.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { MAX_BATCH_BYTES } from "../../src/app/batch.ts";
import { Engine, MAX_QUEUE } from "../../src/app/engine.ts";
import { type Journal, JournalReplaced, type Position, Unavailable } from "../../src/app/ports.ts";
import { evolveRecord } from "../../src/core/state/evolve.ts";
import { snapshotOf } from "../core/snapshot.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { emptyState } from "../../src/core/state/state.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { claim, complete, create, newTask, taskWith, times } from "../core/given.ts";
import { FaultyDisk, noSpace } from "../store/file/faulty_disk.ts";
import { steppingClock } from "../support/clock.ts";
import { FakeTime } from "../support/fake_time.ts";
import { RecordingLog } from "../support/log.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import {
  checkpoint,
  createTask,
  recordsAfter,
  recordsOf,
  startStore,
  takeCheckpoint,
  taskIds,
  wholeState,
} from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("commands called together are carried out in order, each seeing those before it", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const { engine } = store;
  const [first, before, second, claimed, completed, after] = await Promise.all([
    createTask(engine, "a"),
    taskIds(engine),
    engine.execute(create(newTask("b", "a")), localOperator("test")),
    engine.execute(claim("x"), localOperator("x")),
    engine.execute(complete("x", "a"), localOperator("x")),
    taskIds(engine),
  ]);
  assertEquals([first.id, before, second.map(({ id }) => id), after], ["a", ["a"], ["b"], ["a", "b"]]);
  assertEquals(claimed.task?.id, "a");
  assertEquals(completed.unlocked.map(({ id }) => id), ["b"]);
  assertEquals((await recordsAfter(store.journal)).map(({ seq, actor, command }) => [seq, actor, command]), [
    [1, "test", "create_tasks"],
    [2, "test", "create_tasks"],
    [3, "x", "claim_task"],
    [4, "x", "complete_task"],
  ]);
});

test("a command that is refused, or a query that throws, disturbs no other call of its batch", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const { engine } = store;
  const bug = new Error("bug");
  const settled = await Promise.allSettled([
    createTask(engine, "a"),
    createTask(engine, "a"),
    engine.execute(complete("x", "nothing"), localOperator("x")),
    engine.query(
      queryThat(() => {
        throw bug;
      }),
      localOperator("test"),
    ),
    createTask(engine, "b"),
  ]);
  const reasons = settled.map((each) => each.status === "rejected" ? each.reason : undefined);
  assert(reasons[1] instanceof Refusal && reasons[1].code === "already_exists");
  assert(reasons[2] instanceof Refusal && reasons[2].code === "not_found");
  assertEquals([reasons[0], reasons[3], reasons[4]], [undefined, bug, undefined]);
  assertEquals(await taskIds(engine), ["a", "b"]);
  assertEquals((await recordsAfter(store.journal)).length, 2);
});

test("calls made together share one write and one sync, however many they are up to a bound", async () => {
  using _time = new FakeTime();
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  await createTask(store.engine, "first");
  disk.operations.length = 0;
  await Promise.all(times(256, (index) => createTask(store.engine, `t${index}`)));
  assertEquals(disk.operations.map(({ name }) => name), ["write", "sync"]);
  await Promise.all(times(600, (index) => createTask(store.engine, `u${index}`)));
  assertEquals(disk.operations.filter(({ name }) => name === "write").length, 4);
  assertEquals((await taskIds(store.engine)).length, 857);
});

test("calls with large records are spread over several transactions, in order", async () => {
  using _time = new FakeTime();
  const ids = times(40, (index) => `t${index}`);
  for (const sizeBytes of [100, 30_000, 60_000]) {
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = await startStore({ directory: "/data", disk });
    await Promise.all(ids.map((id) => {
      return store.engine.execute(
        create({ ...newTask(id), description: "x".repeat(sizeBytes) }),
        localOperator("test"),
      );
    }));
    const writes = disk.operations.filter(({ name }) => name === "write").length;
    const perWrite = Math.ceil(MAX_BATCH_BYTES / sizeBytes);
    assert(writes >= Math.floor(40 / perWrite) && writes <= Math.ceil(40 / (perWrite - 1)) + 1, `${writes} writes`);
    assertEquals(await taskIds(store.engine), ids);
  }
});

test("a batch that takes too long leaves the rest of its calls to the next one, in order", async () => {
  using time = new FakeTime();
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  disk.operations.length = 0;
  const [, , , between] = await Promise.all([
    createTask(store.engine, "a"),
    store.engine.query(queryThat(() => time.skip(50)), localOperator("test")),
    createTask(store.engine, "b"),
    taskIds(store.engine),
    createTask(store.engine, "c"),
  ]);
  assertEquals(between, ["a", "b"]);
  assertEquals(disk.operations.filter(({ name }) => name === "write").length, 2);
  assertEquals(await taskIds(store.engine), ["a", "b", "c"]);
});

test("the rest of a batch that took too long and failed is still carried out", async () => {
  using time = new FakeTime();
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  let writes = 0;
  disk.plan = ({ name }) => name === "write" && writes++ === 0 ? { error: noSpace } : undefined;
  const settled = await Promise.allSettled([
    createTask(store.engine, "a"),
    store.engine.query(queryThat(() => time.skip(50)), localOperator("test")),
    createTask(store.engine, "b"),
  ]);
  assertEquals(settled.map(({ status }) => status), ["rejected", "rejected", "fulfilled"]);
  assertEquals(await taskIds(store.engine), ["b"]);
});

test("a command that changes nothing leaves no record", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  assertEquals((await store.engine.execute(claim("x"), localOperator("x"))).task, undefined);
  await store.engine.execute(create(), localOperator("test"));
  assertEquals(disk.operations.filter(({ name }) => name === "write"), []);
  assertEquals(store.engine.seq, 0);
});

test("more calls than the queue holds are refused as overloaded, and the others answered", async () => {
  const engine = await Engine.start({
    journal: new MemoryJournal(steppingClock()),
    checkpoints: noCheckpoints,
    log: new RecordingLog(),
  });
  const reads = times(MAX_QUEUE, () => taskIds(engine));
  for (const refused of [taskIds(engine), createTask(engine, "a")]) {
    const error = await assertRejects(() => refused, Unavailable, "nothing was done, try again");
    assertEquals(error.code, "overloaded");
  }
  assertEquals((await Promise.all(reads)).flat(), []);
  await createTask(engine, "a");
  assertEquals(await taskIds(engine), ["a"]);
});

test("closing answers earlier calls, and refuses later ones", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  let answered = 0;
  for (const index of times(600, (each) => each)) createTask(store.engine, `t${index}`).then(() => answered++);
  const closing = store.engine.close();
  for (const late of [createTask(store.engine, "late"), taskIds(store.engine)]) {
    assertEquals((await assertRejects(() => late, Unavailable, "shutting down")).code, "closed");
  }
  await closing;
  assertEquals(answered, 600);
  assertEquals((await recordsAfter(store.journal)).length, 600);
  await store.engine.close();
});

test("the state can still be read after close, for the last checkpoint", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  await createTask(store.engine, "a");
  await store.engine.close();
  assertEquals((await takeCheckpoint(store.engine)).snapshot.tasks.length, 1);
});

test("the state for a checkpoint matches its position while commands come in", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const { engine, journal } = store;
  await createTask(engine, "first");
  const checkpoints: ReturnType<Engine["checkpoint"]>[] = [];
  await Promise.all(times(20, async (worker) => {
    for (let round = 0; round < 10; round++) {
      await createTask(engine, `${worker}-${round}`);
      const { task } = await engine.execute(claim(`w${worker}`), localOperator("test"));
      if (round % 3 === 0) checkpoints.push(takeCheckpoint(engine));
      if (task !== undefined) await engine.execute(complete(`w${worker}`, task.id), localOperator("test"));
    }
  }));
  const records = await recordsAfter(journal);
  const positions = new Set<number>();
  for (const { snapshot, position } of await Promise.all(checkpoints)) {
    positions.add(position.seq);
    const state = emptyState();
    for (const record of records.slice(0, position.seq)) evolveRecord(state, record);
    assertEquals(snapshot, snapshotOf(state));
  }
  assert(positions.size > 3, "the states are all of the same position");
});

test("a closed engine has answered all calls, and accepts no more", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
  const { engine } = store;
  const asked = createTask(engine, "a");
  await engine.close();
  assertEquals((await asked).id, "a");
  for (const call of [() => createTask(engine, "b"), () => engine.catchUp()]) {
    assertEquals((await assertRejects(call, Unavailable)).code, "closed");
  }
  assertEquals((await recordsAfter(store.journal)).length, 1);
});

test("the history has the records of the journal after a position", async () => {
  await using store = await startStore({ directory: "/data", disk: new MemoryDisk(), segmentBytes: 300 });
  for (const index of times(10, (each) => each)) await createTask(store.engine, `t${index}`);
  const records = await recordsAfter(store.journal);
  for (let seq = 0; seq <= 11; seq++) {
    assertEquals(await recordsOf(store.engine, seq), records.slice(seq));
  }
});

Deno.test({
  name: "the history can be read while commands are carried out",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using directory = await temporaryDirectory();
    await using store = await startStore({ directory: directory.path, segmentBytes: 2_000 });
    let isWriting = true;
    const reading = (async () => {
      while (isWriting) {
        const seqs = (await recordsOf(store.engine)).map(({ seq }) => seq);
        assertEquals(seqs, times(seqs.length, (index) => index + 1));
        await new Promise((resolve) => setTimeout(resolve, 0));
      }
    })();
    for (let round = 0; round < 30; round++) {
      await Promise.all(times(3, (index) => createTask(store.engine, `${round}-${index}`)));
    }
    isWriting = false;
    await reading;
    assertEquals((await recordsAfter(store.journal)).length, 90);
  },
});

test("a journal that is replaced again and again causes an error in the end", async () => {
  const memory = new MemoryJournal(steppingClock());
  let tries = 0;
  const journal: Journal = {
    origin: memory.origin,
    now: () => memory.now(),
    transact(): Promise<Position> {
      tries++;
      return Promise.reject(new JournalReplaced("The journal was replaced while this server was running: gone"));
    },
    read: (after) => memory.read(after),
    search: (search) => memory.search(search),
    identity: () => memory.identity(),
    seek: (seq) => memory.seek(seq),
    watch: (signal) => memory.watch(signal),
    close: () => memory.close(),
  };
  const log = new RecordingLog();
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log });
  await assertRejects(() => createTask(engine, "a"), JournalReplaced, "gone");
  assertEquals(tries, 3);
  assertEquals(log.warnings.length, 2);
  assertEquals((await wholeState(engine)).tasks, []);
});

/** A query during whose answer something happens. */
function queryThat(action: () => void): QueryOf<"find"> {
  return {
    type: "find",
    get tasks() {
      action();
      return [];
    },
    groups: [],
  };
}

test("what the holder of a deleted task says does not end a later task with its id, even after a restart", async () => {
  const disk = new MemoryDisk();
  const ann = localOperator("ann");
  {
    await using store = await startStore({ directory: "/data", disk });
    const { engine } = store;
    await createTask(engine, "a");
    await engine.execute(claim("ann", "a"), ann);
    await engine.execute({ type: "cancel_task", id: "a" }, ann);
    await engine.execute({ type: "delete_task", id: "a" }, ann);
    await checkpoint(store);
  }
  await using store = await startStore({ directory: "/data", disk });
  const { engine } = store;
  assertEquals(engine.checkpointSeq, 4);
  await createTask(engine, "a");
  const { task } = await engine.execute(claim("ann", "a"), ann);
  assertEquals(task?.attempt, 2);
  const late = engine.execute({ ...complete("ann", "a"), attempt: 1 }, ann);
  assertEquals((await assertRejects(() => late, Refusal)).code, "stale_attempt");
  assertEquals((await engine.execute({ ...complete("ann", "a"), attempt: 2 }, ann)).completed.status, "completed");
});

test("a journal of a clock in 2030 is corrected to the present, for every process and after a restart", async () => {
  const disk = new MemoryDisk();
  let time = Date.UTC(2030, 0, 1);
  const options = { directory: "/data", disk, now: () => time };
  const present = Date.UTC(2026, 0, 1);
  const states: unknown[] = [];
  {
    await using store = await startStore(options);
    await using other = await startStore(options);
    const { engine } = store;
    await engine.execute(create(taskWith({ timeoutMs: 60_000 }, "a"), newTask("b", "a")), localOperator("test"));
    await engine.execute(claim("ann", "a"), localOperator("ann"));
    await other.engine.catchUp();
    time = present;
    const correct = { type: "correct_clock" } as const;
    const [corrected, created] = await Promise.all([
      engine.execute(correct, localOperator("test")),
      createTask(engine, "c"),
    ]);
    assertEquals([corrected.from > present, corrected.to, created.createdAt], [true, present, present]);
    await assertRejects(() => engine.execute(correct, localOperator("test")), Refusal, "is not ahead");
    const records = await recordsAfter(store.journal);
    assertEquals(records.map(({ at }) => at >= Date.UTC(2030)), [true, true, false, false]);
    // The lease ends by the right clock.
    time += 60_000;
    await other.engine.execute({ type: "sweep" }, localOperator("test"));
    const { status } = await engine.query({ type: "get_task", id: "a" }, localOperator("test"));
    assertEquals(status, "pending");
    for (const { engine } of [store, other]) states.push(await wholeState(engine));
    await checkpoint(store);
  }
  {
    await using store = await startStore(options);
    assertEquals(store.engine.checkpointSeq, store.engine.seq);
    states.push(await wholeState(store.engine));
  }
  disk.remove("/data/state.json");
  disk.remove("/data/tasks.json");
  await using store = await startStore(options);
  assertEquals(store.engine.checkpointSeq, 0);
  for (const state of states) assertEquals(state, await wholeState(store.engine));
});

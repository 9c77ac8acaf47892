/** Shows that after a sync that failed a process answers nothing any more, as it can't know what is on the disk. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Checkpointer } from "../../../src/app/checkpointer.ts";
import { CommitUnknown, Unavailable } from "../../../src/app/ports.ts";
import { NotOpened } from "../../../src/store/file/disk.ts";
import { FakeTime } from "../../support/fake_time.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import {
  append,
  createTask,
  drafted,
  openStore,
  recordsAfter,
  recordsOf,
  startStore,
  taskIds,
} from "../../support/store.ts";
import { FaultyDisk, type Operation, type Plan } from "./faulty_disk.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

const ioError = new Error("Input/output error (os error 5)");

/** The syncs on which an answer rests. */
const SYNCS: Readonly<
  Record<string, { readonly segmentBytes: number; readonly fails: (operation: Operation) => boolean }>
> = {
  "of a segment": { segmentBytes: 10_000, fails: ({ name }) => name === "sync" },
  "of the journal's directory": {
    segmentBytes: 1,
    fails: ({ name, path }) => name === "syncDirectory" && path === "/data/journal",
  },
  "of the data directory": { segmentBytes: 1, fails: ({ name, path }) => name === "syncDirectory" && path === "/data" },
};

for (const [which, { segmentBytes, fails }] of Object.entries(SYNCS)) {
  test(`after a failed sync ${which} the process answers nothing more, and others go on`, async () => {
    // Time stands still, so that calls made together share a batch on a busy machine, too.
    using _time = new FakeTime();
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = await startStore({ directory: "/data", disk, segmentBytes });
    await createTask(store.engine, "before");
    disk.plan = once(fails);
    const calls = [createTask(store.engine, "a"), taskIds(store.engine), createTask(store.engine, "b")];
    assertEquals(await codesOf(calls), ["outcome_unknown", "storage_failed", "outcome_unknown"]);
    await assertAllRejected([createTask(store.engine, "c"), taskIds(store.engine), taskIds(store.engine)]);
    await assertAllRejected([recordsOf(store.engine), recordsAfter(store.journal)]);
    await assertAllRejected([append(store.journal, [])]);
    await using other = await startStore({ directory: "/data", disk, segmentBytes });
    const ids = await taskIds(other.engine);
    assertEquals(ids[0], "before");
    await createTask(other.engine, "after");
    assertEquals(await taskIds(other.engine), [...ids, "after"]);
  });
}

test("a failed sync is reported with its cause and a remedy", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = openStore({ directory: "/data", disk });
  disk.plan = once(({ name }) => name === "sync");
  const error = await assertRejects(
    () => append(store.journal, [drafted("a")]),
    CommitUnknown,
    "check the disk and restart it. Whether this call took effect is unknown: before you repeat it, look with",
  );
  assert(error.message.includes("/data/journal/0000000001.jsonl durable: Error: Input/output error"), error.message);
  const later = await assertRejects(() => append(store.journal, [drafted("a")]), Unavailable);
  assertEquals(later.code, "storage_failed");
  assert(later.cause === ioError);
});

test("a full segment that cannot be made durable is not followed by another", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using dying = await startStore({ directory: "/data", disk, segmentBytes: 1 });
  disk.plan = once(({ name }) => name === "sync");
  assertEquals(await codesOf([createTask(dying.engine, "a")]), ["outcome_unknown"]);
  await using store = openStore({ directory: "/data", disk, segmentBytes: 1 });
  disk.plan = once(({ name }) => name === "sync");
  await assertAllRejected([append(store.journal, [drafted("b")])]);
  assertEquals(disk.list("/data/journal").length, 1);
});

test("opening a directory for its sync is retried, and its failure does not stop the process", async () => {
  for (const path of ["/data", "/data/journal"]) {
    const disk = new FaultyDisk(new MemoryDisk());
    await using store = await startStore({ directory: "/data", disk });
    const notOpened = new NotOpened(path, new Error("Too many open files (os error 24)"));
    let isShort = true;
    disk.plan = (operation) =>
      isShort && operation.name === "syncDirectory" && operation.path === path ? { error: notOpened } : undefined;
    assertEquals(await codesOf([createTask(store.engine, "a")]), ["outcome_unknown"]);
    // Nothing is shown before it is durable.
    assertEquals(await codesOf([taskIds(store.engine)]), ["storage_failed"]);
    isShort = false;
    assertEquals(await taskIds(store.engine), ["a"]);
    await createTask(store.engine, "b");
    assertEquals(await taskIds(store.engine), ["a", "b"]);
  }
});

test("a call whose directory cannot be opened once is answered, as the look that follows makes it durable", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  await using store = await startStore({ directory: "/data", disk });
  const notOpened = new NotOpened("/data", new Error("Too many open files (os error 24)"));
  let failures = 0;
  disk.plan = ({ name }) => name === "syncDirectory" && failures++ === 0 ? { error: notOpened } : undefined;
  await Promise.all([createTask(store.engine, "a"), createTask(store.engine, "b")]);
  await using again = await startStore({ directory: "/data", disk: memory.afterPowerLoss() });
  assertEquals([await taskIds(again.engine), failures > 1], [["a", "b"], true]);
});

test("a reader whose sync fails delivers no record that it read", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using reader = await startStore({ directory: "/data", disk });
  await using writer = await startStore({ directory: "/data", disk });
  await createTask(writer.engine, "a");
  disk.plan = once(({ name }) => name === "sync");
  await assertAllRejected([taskIds(reader.engine)]);
  await assertAllRejected([taskIds(reader.engine)]);
  await createTask(writer.engine, "b");
});

test("no checkpoint has records that could not be synced, and closing does not wait for them", async () => {
  const disk = new FaultyDisk(new MemoryDisk());
  await using store = await startStore({ directory: "/data", disk });
  const checkpointer = new Checkpointer(store);
  await createTask(store.engine, "a");
  disk.plan = once(({ name }) => name === "sync");
  assertEquals(await codesOf([createTask(store.engine, "b")]), ["outcome_unknown"]);
  await store.engine.close();
  await checkpointer.close();
  assertEquals(disk.list("/data").filter((name) => name.endsWith(".json")), []);
  assert(store.log.warnings[0]?.startsWith("Cannot write a checkpoint"), store.log.warnings[0]);
});

/** Fails the first operation of the kind, as a system does that forgets an error once it has told it. */
function once(fails: (operation: Operation) => boolean): Plan {
  let hasFailed = false;
  return (operation) => {
    if (hasFailed || !fails(operation)) return undefined;
    hasFailed = true;
    return { error: ioError };
  };
}

/** The code with which each call was refused. */
async function codesOf(calls: readonly Promise<unknown>[]): Promise<string[]> {
  return (await Promise.allSettled(calls)).map((each) => {
    assert(each.status === "rejected" && each.reason instanceof Unavailable, JSON.stringify(each));
    return each.reason.code;
  });
}

async function assertAllRejected(calls: readonly Promise<unknown>[]): Promise<void> {
  for (const code of await codesOf(calls)) assertEquals(code, "storage_failed");
}

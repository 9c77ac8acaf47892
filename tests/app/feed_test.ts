/** Shows that a feed tells soon what any process writes, and watches only while somebody wants to know. */

import { assert, assertEquals } from "@std/assert";
import { Feed } from "../../src/app/feed.ts";
import type { Disk } from "../../src/store/file/disk.ts";
import { FakeTime } from "../support/fake_time.ts";
import { MemoryDisk } from "../support/memory_disk.ts";
import { createTask, type RunningStore, startStore } from "../support/store.ts";
import { temporaryDirectory } from "../support/temp.ts";
import { until } from "../support/until.ts";

Deno.test({
  name: "a feed delivers the records of other processes without a call here, in order, each once",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using directory = await temporaryDirectory();
    await using store = await startStore({ directory: directory.path });
    await using other = await startStore({ directory: directory.path });
    const feed = new Feed(store.engine, store.log);
    const told: number[] = [];
    const unsubscribe = feed.subscribe((records) => void told.push(...records.map(({ seq }) => seq)));
    for (let seq = 1; seq <= 20; seq++) {
      await createTask(seq % 3 === 0 ? store.engine : other.engine, `t${seq}`);
      if (seq % 5 === 0) await until(`record ${seq}`, () => told.at(-1) === seq);
    }
    assertEquals(told, Array.from({ length: 20 }, (_, index) => index + 1));
    unsubscribe();
    await createTask(other.engine, "after the end");
    await store.engine.catchUp();
    assertEquals(told.length, 20);
    assertEquals(store.log.warnings, []);
  },
});

Deno.test({
  name: "a feed polls at once after a hint, and once more a few milliseconds later for all hints in between",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    await using other = await startStore({ directory: "/data", disk });
    using time = new FakeTime();
    const feed = new Feed(store.engine, store.log);
    const told: number[] = [];
    feed.subscribe((records) => void told.push(records.length));
    await time.pass(100);
    await createTask(other.engine, "a");
    await time.pass(0);
    assertEquals(told, [1]);
    for (const id of ["b", "c", "d"]) await createTask(other.engine, id);
    await time.pass(9);
    assertEquals(told, [1]);
    await time.pass(1);
    assertEquals(told, [1, 3]);
    feed.close();
    assertEquals(time.timers, 0);
  },
});

Deno.test({
  name: "a feed watches while it has subscribers, once for all of them",
  permissions: "none",
  async fn() {
    const disk = countingWatches(new MemoryDisk());
    await using store = await startStore({ directory: "/data", disk });
    const feed = new Feed(store.engine, store.log);
    await settled();
    assertEquals(disk.watching, 0);
    const first = feed.subscribe(() => {});
    const second = feed.subscribe(() => {});
    await until("the watch", () => disk.watching === 1);
    first();
    first();
    await settled();
    assertEquals(disk.watching, 1);
    second();
    await until("the end of the watch", () => disk.watching === 0);
    const third = feed.subscribe(() => {});
    await until("another watch", () => disk.watching === 1);
    feed.close();
    await until("the end of that", () => disk.watching === 0);
    third();
    feed.close();
  },
});

Deno.test({
  name: "a feed that can't watch warns, and polls instead",
  permissions: "none",
  async fn() {
    const memory = new MemoryDisk();
    const disk: Disk = countingWatches(memory);
    disk.watch = () => {
      throw new Error("inotify limit reached");
    };
    await using store = await startStore({ directory: "/data", disk });
    await using other = await startStore({ directory: "/data", disk: memory });
    const feed = new Feed(store.engine, store.log);
    let told = 0;
    feed.subscribe((records) => told += records.length);
    await createTask(other.engine, "a");
    await until("a look at the journal", () => told === 1);
    assertEquals(store.log.warnings, [
      "Cannot watch the journal, changes show after 1000 ms: Error: inotify limit reached",
    ]);
    feed.close();
  },
});

Deno.test({
  name: "a feed whose journal can't be read warns and goes on",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    await using other = await startStore({ directory: "/data", disk });
    await createTask(store.engine, "a");
    const feed = new Feed(store.engine, store.log);
    let told = 0;
    const unsubscribe = feed.subscribe((records) => told += records.length);
    const readable = breakReading(store);
    await createTask(other.engine, "b");
    await until("a warning", () => store.log.warnings.length > 0);
    assert(store.log.warnings[0]?.startsWith("Cannot follow the journal: Error: stale handle"), store.log.warnings[0]);
    readable();
    await createTask(other.engine, "c");
    await until("the records", () => told === 2);
    unsubscribe();
  },
});

/** Makes reading fail until the returned function is called. */
function breakReading({ journal }: RunningStore): () => void {
  const { read } = journal;
  journal.read = () => {
    throw new Error("stale handle");
  };
  return () => journal.read = read;
}

/** The disk, and how many watch it. */
function countingWatches(disk: MemoryDisk): MemoryDisk & { watching: number } {
  const watch = disk.watch.bind(disk);
  return Object.assign(disk, {
    watching: 0,
    async *watch(this: { watching: number }, directory: string, signal: AbortSignal) {
      this.watching++;
      try {
        yield* watch(directory, signal);
      } finally {
        this.watching--;
      }
    },
  });
}

function settled(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

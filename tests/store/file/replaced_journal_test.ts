/** Shows that servers notice when their journal is deleted, moved or cut while they run, and go on with what is there. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { JournalReplaced } from "../../../src/app/ports.ts";
import { realDisk } from "../../../src/store/file/disk.ts";
import { repairJournal, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { create } from "../../support/calls.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { startServer } from "../../support/server.ts";
import {
  append,
  checkpoint,
  createTask,
  drafted,
  openStore,
  recordsAfter,
  startStore,
  taskIds,
} from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";

Deno.test({
  name: "a data directory that is deleted under two servers is created again, and shared by both",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using parent = await temporaryDirectory();
    const directory = `${parent.path}/data`;
    await using first = await startStore({ directory });
    await using second = await startStore({ directory });
    await createTask(first.engine, "old");
    await createTask(second.engine, "old too");
    await checkpoint(first);

    await Deno.remove(directory, { recursive: true });
    await createTask(first.engine, "new");
    assertEquals(await taskIds(second.engine), ["new"]);
    await createTask(second.engine, "newer");
    assertEquals(await taskIds(first.engine), ["new", "newer"]);
    assert(first.log.warnings[0]?.includes("was removed; reading it again"), first.log.warnings[0]);
    await checkpoint(second);
    assertEquals(verifyJournal(realDisk, directory).records, 2);
    await using third = await startStore({ directory });
    assertEquals(await taskIds(third.engine), ["new", "newer"]);
  },
});

Deno.test("a server with permission for only its data directory creates it again, for its user only", async () => {
  await using parent = await temporaryDirectory();
  const directory = `${parent.path}/data`;
  await using server = await startServer(directory);
  await create(server, "old");
  await Deno.remove(directory, { recursive: true });
  await create(server, "new");
  assertEquals(verifyJournal(realDisk, directory).records, 1);
  const { mode } = await Deno.stat(directory);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o700);
});

Deno.test({
  name: "a server that has written nothing yet creates its data directory again",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using parent = await temporaryDirectory();
    const directory = `${parent.path}/data`;
    await using store = await startStore({ directory });
    await Deno.remove(directory, { recursive: true });
    assertEquals(await taskIds(store.engine), []);
    await createTask(store.engine, "a");
    assertEquals(verifyJournal(realDisk, directory).records, 1);
  },
});

Deno.test({
  name: "a data directory that is moved away and replaced is not written to any more",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using parent = await temporaryDirectory();
    const directory = `${parent.path}/data`;
    await using store = await startStore({ directory });
    await createTask(store.engine, "old");
    await Deno.rename(directory, `${parent.path}/moved`);
    assertEquals(await taskIds(store.engine), []);
    await createTask(store.engine, "new");
    await using other = await startStore({ directory });
    assertEquals(await taskIds(other.engine), ["new"]);
    await using moved = await startStore({ directory: `${parent.path}/moved` });
    assertEquals(await taskIds(moved.engine), ["old"]);
  },
});

Deno.test({
  name: "a lock file that is deleted repeatedly under two servers loses no record",
  permissions: { read: "inherit", write: "inherit" },
  async fn() {
    await using directory = await temporaryDirectory();
    await using first = await startStore({ directory: directory.path });
    await using second = await startStore({ directory: directory.path });
    for (let round = 0; round < 10; round++) {
      const created = [createTask(first.engine, `first ${round}`), createTask(second.engine, `second ${round}`)];
      await Promise.all(created);
      await Deno.remove(`${directory.path}/lock`);
    }
    assertEquals((await taskIds(first.engine)).length, 20);
    assertEquals(await taskIds(second.engine), await taskIds(first.engine));
    const { records, fault } = verifyJournal(realDisk, directory.path);
    assertEquals({ records, fault }, { records: 20, fault: undefined });
    assertEquals(first.log.warnings, []);
  },
});

Deno.test({
  name: "nothing is appended after, or read from, a position that the journal no longer has",
  permissions: "none",
  async fn() {
    for (const count of [1, 2, 3]) {
      const disk = new MemoryDisk();
      await using store = openStore({ directory: "/data", disk });
      for (const id of ["a", "b", "c"]) await append(store.journal, [drafted(id)]);
      const { position } = await append(store.journal, []);
      // An operator cuts the last record off, and others write on, up to the same byte and beyond.
      cut(disk, "/data/journal/0000000001.jsonl", 2);
      await using other = openStore({ directory: "/data", disk });
      for (let index = 0; index < count; index++) await append(other.journal, [drafted(String(index))]);
      const before = disk.files();
      await assertRejects(() => recordsAfter(store.journal, position), JournalReplaced);
      await assertRejects(() => append(store.journal, [drafted("d")], position), JournalReplaced);
      assertEquals(disk.files(), before);
    }
  },
});

Deno.test({
  name: "a server continues after others repaired its journal and wrote to it",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    for (const id of ["a", "b", "c"]) await createTask(store.engine, id);
    const path = "/data/journal/0000000001.jsonl";
    const file = disk.open(path, "append");
    file.truncate((disk.identity(path)?.sizeBytes ?? 0) - 10);
    file.close();
    await repairJournal(disk, "/data", 0);
    await using other = await startStore({ directory: "/data", disk });
    await createTask(other.engine, "d");
    assertEquals(await taskIds(store.engine), ["a", "b", "d"]);
    await createTask(store.engine, "e");
    assertEquals(await taskIds(other.engine), ["a", "b", "d", "e"]);
    assertEquals(verifyJournal(disk, "/data").fault, undefined);
  },
});

/** Leaves only the first lines of a file, in place. */
function cut(disk: MemoryDisk, path: string, lines: number): void {
  const kept = (disk.files().get(path) ?? "").split("\n").slice(0, lines).map((line) => `${line}\n`).join("");
  const file = disk.open(path, "append");
  file.truncate(kept.length);
  file.close();
}

Deno.test({
  name: "a journal that is replaced while a server is at the end of a segment is read again, and loses nothing",
  permissions: "none",
  async fn() {
    const [disk, other] = [new MemoryDisk(), new MemoryDisk()];
    const options = { directory: "/data", segmentBytes: 200 };
    await using store = await startStore({ ...options, disk });
    await using restored = await startStore({ ...options, disk: other });
    await createTask(store.engine, "mine");
    for (const id of ["one", "two"]) await createTask(restored.engine, id);
    for (const [path, content] of other.files()) if (path.endsWith(".jsonl")) disk.put(path, content);
    await createTask(store.engine, "three");
    assertEquals(await taskIds(store.engine), ["one", "two", "three"]);
    assert(store.log.warnings[0]?.includes("reading it again"), store.log.warnings[0]);
    assertEquals(verifyJournal(disk, "/data").records, 3);
  },
});

/** Shows how sessions are kept in files: what others may do in between, what is removed, and what a failing disk does. */

import { assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import type { Disk } from "../../../src/store/file/disk.ts";
import { SessionFiles } from "../../../src/store/file/session_files.ts";
import { times } from "../../core/given.ts";
import { RecordingLog } from "../../support/log.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { overriding } from "../../support/overriding.ts";
import { FaultyDisk, noSpace } from "./faulty_disk.ts";

/** As many files of dead sessions as one start removes, and some more. */
const MANY = 1_003;

function test(name: string, act: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: act });
}

function open(disk: Disk, log = new RecordingLog()): SessionFiles {
  return new SessionFiles({ directory: "/data", disk, log });
}

test("a session is an empty file, which is gone after it", async () => {
  const disk = new MemoryDisk();
  {
    await using _ = await open(disk).open("s");
    assertEquals([...disk.files()], [["/data/sessions/s", ""]]);
  }
  assertEquals([disk.files().size, disk.openFiles], [0, 0]);
});

test("files of dead sessions are removed by whoever finds them, a bounded number by a start", async () => {
  const disk = new MemoryDisk();
  for (let count = 0; count < MANY; count++) disk.put(`/data/sessions/dead${count}`, "");
  const live = await open(disk).open("live");
  assertEquals(disk.files().size, MANY - 1_000 + 1);
  const left = times(MANY, (index) => `dead${index}`).filter((id) => disk.files().has(`/data/sessions/${id}`));
  assertEquals(await open(disk).dead([...left, "live"]), left);
  assertEquals([...disk.files().keys()], ["/data/sessions/live"]);
  await live[Symbol.asyncDispose]();
});

test("after a restart of the machine, all sessions are dead, and their files are removed", async () => {
  const disk = new MemoryDisk();
  for (const id of ["a", "b", "c"]) await open(disk).open(id);
  for (const next of [disk.afterKill(), disk.afterPowerLoss()]) {
    assertEquals(await open(next).dead(["a", "b", "c"]), ["a", "b", "c"]);
    assertEquals(next.files().size, 0);
  }
});

test("a process that is stopped while it looks at the file of a new session only delays it", async () => {
  const memory = new MemoryDisk();
  let looks = 0;
  let stopped: { close(): void } | undefined;
  const disk = overriding<Disk>(memory, {
    open(path, mode) {
      const file = memory.open(path, mode);
      if (looks++ === 0) {
        const other = memory.open(path, "read");
        other.tryLock();
        stopped = other;
      } else if (looks === 30) stopped?.close();
      return file;
    },
  });
  await using _ = await open(disk).open("s");
  assertEquals([looks, [...memory.files().keys()]], [30, ["/data/sessions/s"]]);
});

test("a file that others take for a dead session's before it is locked is made again", async () => {
  const memory = new MemoryDisk();
  const finder = open(memory);
  let finds = 0;
  const disk = overriding<Disk>(memory, {
    open(path, mode) {
      const file = memory.open(path, mode);
      // Another process looks just then.
      if (finds < 3) void finder.dead(["s"]).then((dead) => assertEquals(dead, ["s"]));
      finds++;
      return file;
    },
  });
  const session = await open(disk).open("s");
  assertEquals(finds, 4);
  assertEquals(await finder.dead(["s"]), []);
  await session[Symbol.asyncDispose]();
});

test("an old session never removes the file of a newer one", async () => {
  const disk = new MemoryDisk();
  const old = await open(disk).open("s");
  disk.remove("/data/sessions/s");
  assertEquals(await open(disk).dead(["s"]), ["s"], "its file was removed by hand");
  const next = await open(disk).open("s");
  await old[Symbol.asyncDispose]();
  assertEquals(await open(disk).dead(["s"]), []);
  await next[Symbol.asyncDispose]();
});

test("an id that is no name of a session file never leads anywhere else", async () => {
  const disk = new MemoryDisk();
  for (const path of ["/data/lock", "/data/sessions/a b"]) disk.put(path, "");
  const ids = ["../lock", "a b", "", ".", "x".repeat(101)];
  assertEquals(await open(disk).dead(ids), ids);
  assertEquals(disk.files().size, 2);
  for (const id of ids) await assertRejects(() => open(disk).open(id), Unavailable, "Cannot open the session");
});

test("a disk that refuses is told in one line, and what can be told is told", async () => {
  const memory = new MemoryDisk();
  const disk = new FaultyDisk(memory);
  disk.plan = ({ name }) => name === "create" ? { error: noSpace } : undefined;
  const refused = await assertRejects(() => open(disk).open("s"), Unavailable, "No space left on device");
  assertEquals(refused.code, "storage_failed");
  assertEquals(memory.openFiles, 0);
  for (const id of ["a", "b"]) memory.put(`/data/sessions/${id}`, "");
  disk.plan = ({ name, path }) => name === "remove" && path.endsWith("a") ? { error: noSpace } : undefined;
  assertEquals(await open(disk).dead(["a", "b"]), ["b"]);
  await assertRejects(() => open(disk).dead(["a"]), Unavailable, "Cannot find out which sessions");
  // It is no reason not to start.
  const log = new RecordingLog();
  await using _ = await open(disk, log).open("s");
  assertEquals(log.warnings.length, 1);
});

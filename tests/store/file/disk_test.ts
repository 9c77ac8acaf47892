/** Shows what the stores rely on a disk for, on the real one and on the one in memory that other tests use. */

import { assert, assertEquals, assertThrows } from "@std/assert";
import { type Disk, readChunks, realDisk, writeAll, writeFile } from "../../../src/store/file/disk.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { temporaryDirectory } from "../../support/temp.ts";

const HELLO = new TextEncoder().encode("hello");

function testDisk(what: string, check: (disk: Disk, directory: string) => unknown): void {
  Deno.test({
    name: `the real disk: ${what}`,
    permissions: { read: "inherit", write: "inherit" },
    async fn() {
      await using directory = await temporaryDirectory();
      await check(realDisk, directory.path);
    },
  });
  Deno.test({
    name: `the disk in memory: ${what}`,
    permissions: "none",
    async fn() {
      const disk = new MemoryDisk();
      disk.makeDirectory("/data");
      await check(disk, "/data");
    },
  });
}

testDisk("a file opened for appending is made, read, written at its end and cut", (disk, directory) => {
  const file = disk.open(`${directory}/a`, "append");
  assertEquals(file.write(HELLO), 5);
  assertEquals(file.write(HELLO), 5);
  file.truncate(7);
  file.write(HELLO.subarray(4));
  file.syncData();
  const buffer = new Uint8Array(20);
  assertEquals(file.readAt(buffer, 3), 5);
  assertEquals(new TextDecoder().decode(buffer.subarray(0, 5)), "loheo");
  assertEquals(file.readAt(buffer, 100), 0);
  file.close();
  const again = disk.open(`${directory}/a`, "append");
  again.write(HELLO);
  again.close();
  assertEquals(new TextDecoder().decode(disk.readFile(`${directory}/a`)), "helloheohello");
});

testDisk("a file opened for replacing is empty", (disk, directory) => {
  writeFile(disk, `${directory}/a`, HELLO);
  writeFile(disk, `${directory}/a`, HELLO.subarray(3));
  assertEquals(disk.readFile(`${directory}/a`), HELLO.slice(3));
});

testDisk("what is missing has no identity, no content and cannot be opened for reading", (disk, directory) => {
  assertEquals(disk.identity(`${directory}/a`), undefined);
  assertEquals(disk.readFile(`${directory}/a`), undefined);
  assertEquals(disk.list(`${directory}/none`), []);
  assertEquals([...readChunks(disk, `${directory}/a`)], []);
  assertThrows(() => disk.open(`${directory}/a`, "read"), Deno.errors.NotFound);
  assertThrows(() => disk.open(`${directory}/none/a`, "append"), Deno.errors.NotFound);
});

testDisk("an open file knows that its name was given to another", (disk, directory) => {
  const path = `${directory}/a`;
  const file = disk.open(path, "append");
  file.write(HELLO);
  assertEquals(file.identity(), disk.identity(path));
  writeFile(disk, `${directory}/b`, HELLO);
  disk.rename(`${directory}/b`, path);
  assert(file.identity().inode !== disk.identity(path)?.inode);
  assertEquals(disk.list(directory), ["a"]);
  file.close();
});

testDisk("directories are made with their parents, and again without harm", (disk, directory) => {
  disk.makeDirectory(`${directory}/x/y`);
  disk.makeDirectory(`${directory}/x/y`);
  disk.syncDirectory(`${directory}/x/y`);
  writeFile(disk, `${directory}/x/y/a`, HELLO);
  assertEquals(disk.list(`${directory}/x/y`), ["a"]);
});

testDisk("content is read in chunks", (disk, directory) => {
  const bytes = new Uint8Array(150_000).map((_, index) => index % 251);
  writeFile(disk, `${directory}/a`, bytes);
  const read = Array.from(readChunks(disk, `${directory}/a`), (chunk) => chunk.slice());
  assertEquals(read.length, 3);
  assertEquals(new Uint8Array(read.flatMap((chunk) => [...chunk])), bytes);
});

testDisk("a file can be used and closed while it is synced", async (disk, directory) => {
  const file = disk.open(`${directory}/a`, "append");
  file.write(HELLO);
  const synced = file.sync();
  file.write(HELLO);
  file.syncData();
  assertEquals(file.readAt(new Uint8Array(20), 0), 10);
  await Promise.all([synced, file.sync()]);
  const last = file.sync();
  file.close();
  await last;
});

testDisk("one open file at a time holds the lock, and closing lets go of it", async (disk, directory) => {
  const [first, second, third] = [1, 2, 3].map(() => disk.open(`${directory}/lock`, "append"));
  assert(first && second && third);
  assert(first.tryLock());
  assert(first.tryLock());
  assert(!second.tryLock());
  const later = second.lock();
  first.unlock();
  await later;
  assert(!first.tryLock());
  second.close();
  assert(third.tryLock());
  first.close();
  third.close();
});

testDisk("a change in a directory is noticed, and the end of watching too", async (disk, directory) => {
  const abort = new AbortController();
  const noticed = Promise.withResolvers<void>();
  const watching = (async () => {
    for await (const _ of disk.watch(directory, abort.signal)) noticed.resolve();
  })();
  await new Promise((resolve) => setTimeout(resolve, 0));
  writeFile(disk, `${directory}/a`, HELLO);
  await noticed.promise;
  abort.abort();
  await watching;
});

Deno.test({
  name: "writeAll goes on after a short write",
  permissions: "none",
  fn() {
    const disk = new MemoryDisk();
    disk.makeDirectory("/data");
    const file = disk.open("/data/a", "append");
    const write = file.write.bind(file);
    file.write = (bytes) => write(bytes.subarray(0, 2));
    writeAll(file, HELLO);
    assertEquals(disk.files(), new Map([["/data/a", "hello"]]));
  },
});

Deno.test({
  name: "the disk in memory: a loss of power loses unsynced data, a kill loses nothing",
  permissions: "none",
  fn() {
    const disk = new MemoryDisk();
    disk.makeDirectory("/data");
    writeFile(disk, "/data/named", HELLO);
    writeFile(disk, "/data/old", HELLO);
    disk.syncDirectory("/data");
    writeFile(disk, "/data/unnamed", HELLO);
    disk.open("/data/named", "append").write(HELLO);
    disk.rename("/data/old", "/data/new");
    assertEquals(disk.afterPowerLoss().files(), new Map([["/data/named", "hello"], ["/data/old", "hello"]]));
    assertEquals(disk.afterKill().files(), disk.files());
    disk.syncDirectory("/data");
    assertEquals([...disk.afterPowerLoss().files().keys()].sort(), ["/data/named", "/data/new", "/data/unnamed"]);
  },
});

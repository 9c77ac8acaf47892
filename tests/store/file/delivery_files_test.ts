/** Shows how deliveries are kept in files: their names, what a death at any step leaves, and what a failing disk does. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { DeliveryFiles } from "../../../src/store/file/delivery_files.ts";
import type { Disk } from "../../../src/store/file/disk.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { overriding } from "../../support/overriding.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS, noSpace } from "./faulty_disk.ts";

function test(name: string, act: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn: act });
}

function open(disk: Disk): DeliveryFiles {
  return new DeliveryFiles({ directory: "/data", disk });
}

test("a text is a file, and a lead is a lock file that is gone after it", async () => {
  const disk = new MemoryDisk();
  {
    await using _ = await open(disk).lead("w");
    await open(disk).save("w", "text");
    assertEquals([...disk.files()], [["/data/deliveries/w.lock", ""], ["/data/deliveries/w.json", "text"]]);
  }
  assertEquals([...disk.files()], [["/data/deliveries/w.json", "text"]]);
  assertEquals(disk.openFiles, 0);
});

test("a name that is not that of a file is refused", async () => {
  const deliveries = open(new MemoryDisk());
  for (const name of ["", "../lock", "a/b", "a.b", "a".repeat(101)]) {
    for (
      const act of [deliveries.lead(name), deliveries.load(name), deliveries.save(name, ""), deliveries.remove(name)]
    ) {
      await assertRejects(() => act, Error, "is no name of a delivery");
    }
  }
});

test("what a process left that was killed while it wrote is removed by a save an hour later, and no other file", async () => {
  const memory = new MemoryDisk();
  for (const name of ["secret-a.json.tmp", "b.json.tmp", "notes.tmp"]) memory.put(`/data/deliveries/${name}`, "half");
  const saveAfter = async (ms: number) => {
    const modifiedMs = (path: string) => path.endsWith(".tmp") ? 0 : ms;
    const disk = overriding<Disk>(memory, {
      identity(path) {
        const found = memory.identity(path);
        return found && { ...found, modifiedMs: modifiedMs(path) };
      },
    });
    await open(disk).save("w", "text");
    return memory.list("/data/deliveries").toSorted();
  };
  assertEquals(await saveAfter(3_600_000), ["b.json.tmp", "notes.tmp", "secret-a.json.tmp", "w.json"]);
  assertEquals(await saveAfter(3_600_001), ["notes.tmp", "w.json"]);
});

test("wherever a process dies while it saves, the text is the one before or the new one", async () => {
  let deaths = 0;
  for (let number = 1; number < MAX_OPERATIONS; number++) {
    const memory = new MemoryDisk();
    await open(memory).save("w", "before");
    const disk = new FaultyDisk(memory);
    disk.plan = dieAt(number);
    const saved = await open(disk).save("w", "after").then(() => true, () => false);
    for (const next of [memory.afterKill(), memory.afterPowerLoss()]) {
      const text = await open(next).load("w");
      assert(saved ? text === "after" : text === "before" || text === "after", `death ${number} leaves ${text}`);
      await open(next).save("w", "again");
      assertEquals([...next.files()], [["/data/deliveries/w.json", "again"]]);
    }
    if (saved) break;
    deaths++;
  }
  assert(deaths >= 5, `${deaths} deaths`);
});

test("a full disk is told as such, the text before stays, and nothing unfinished", async () => {
  const memory = new MemoryDisk();
  await open(memory).save("w", "before");
  const disk = new FaultyDisk(memory);
  disk.plan = ({ name }) => name === "write" ? { error: Object.assign(noSpace, { code: "ENOSPC" }) } : undefined;
  const error = await assertRejects(() => open(disk).save("w", "after"), Unavailable, "the disk is full");
  assertEquals(error.code, "storage_failed");
  assertEquals([...memory.files()], [["/data/deliveries/w.json", "before"]]);
});

test("a lock file that its leader removed meanwhile gives no lead", async () => {
  const memory = new MemoryDisk();
  const lead = await open(memory).lead("w");
  let isFirst = true;
  const disk = overriding<Disk>(memory, {
    open(path, mode) {
      const file = memory.open(path, mode);
      if (isFirst) lead?.[Symbol.asyncDispose]();
      isFirst = false;
      return file;
    },
  });
  assertEquals(await open(disk).lead("w"), undefined);
  await using next = await open(disk).lead("w");
  assert(next !== undefined);
});

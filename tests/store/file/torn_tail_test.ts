/** Shows that what a crash leaves of a last record is passed over by readers and cut off by the next writer, no more. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import type { JournalRecord } from "../../../src/core/messages/events.ts";
import type { Disk } from "../../../src/store/file/disk.ts";
import { CHUNK_BYTES, LINE_FEED } from "../../../src/store/file/segments.ts";
import { times } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { append, createTask, drafted, openStore, recordsAfter, startStore } from "../../support/store.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS } from "./faulty_disk.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** A journal of three records: in one segment, or in one segment each. */
const LAYOUTS = [
  { segmentBytes: 10_000, last: "/data/journal/0000000001.jsonl" },
  { segmentBytes: 1, last: "/data/journal/0000000003.jsonl" },
];

for (const { segmentBytes, last } of LAYOUTS) {
  const where = segmentBytes === 1 ? "a segment of its own" : "a segment with others";

  test(`a last record in ${where}, cut at any byte, is ignored by readers and cut off by the next writer`, async () => {
    const { disk, records } = await threeRecords(segmentBytes);
    const whole = disk.readFile(last) ?? new Uint8Array();
    const start = startOfLastLine(whole);
    assert(whole.length > start + 100);
    for (let cut = start + 1; cut < whole.length; cut++) {
      const torn = disk.afterKill();
      torn.put(last, whole.slice(0, cut));
      const log = await mendsItself(torn, { segmentBytes, kept: records.slice(0, 2) });
      assertEquals(log.length, 1);
      assert(log[0]?.startsWith(`Cut ${cut - start} bytes of an unfinished last record off ${last}`), log[0]);
      assertEquals(torn.list("/data").filter((name) => name.startsWith("cut-")), []);
      assertEquals(torn.readFile(last)?.subarray(0, start), whole.subarray(0, start));
    }
  });

  test(`bytes that a crash can leave after a last record in ${where} are cut off`, async () => {
    const { disk, records } = await threeRecords(segmentBytes);
    const whole = disk.readFile(last) ?? new Uint8Array();
    const leftovers = ["\0", "\0".repeat(4096), "garbage", "{", '{"v":1,"seq":4,', "\xff\xfe\x80"];
    for (const leftover of leftovers) {
      const torn = disk.afterKill();
      torn.put(last, new Uint8Array([...whole, ...Uint8Array.from(leftover, (each) => each.charCodeAt(0))]));
      assertEquals((await mendsItself(torn, { segmentBytes, kept: records })).length, 1);
    }
  });

  test(`a whole but invalid last line in ${where} is cut off and kept in a copy`, async () => {
    const { disk, records } = await threeRecords(segmentBytes);
    const whole = disk.readFile(last) ?? new Uint8Array();
    const shortened = new TextDecoder().decode(whole.subarray(startOfLastLine(whole), -20)) + "\n";
    for (
      const line of ["\n", "\0\0\0\n", "garbage\n", "garbage\nmore", "garbage\nmore\n", "\n{", '{"v":1}\n', shortened]
    ) {
      const torn = disk.afterKill();
      torn.put(last, new Uint8Array([...whole, ...new TextEncoder().encode(line)]));
      const [warning] = await mendsItself(torn, { segmentBytes, kept: records });
      const copy = `/data/cut-${segmentBytes === 1 ? 3 : 1}-${whole.length}.jsonl`;
      assertEquals(torn.files().get(copy), line);
      assert(warning?.includes(`kept in ${copy}`), warning);
      assertEquals(torn.afterPowerLoss().files().get(copy), line);
    }
  });
}

test("garbage with line feeds after the last record is cut off, wherever it ends and however long it is", async () => {
  const line = "\xc8".repeat(49) + "\n";
  for (const lines of [6, 6_000]) {
    for (let offset = CHUNK_BYTES - 700; offset < CHUNK_BYTES; offset += 100) {
      const disk = new MemoryDisk();
      const store = openStore({ directory: "/data", disk });
      await append(store.journal, [drafted("one", "x".repeat(offset - 300))]);
      await store[Symbol.asyncDispose]();
      const path = "/data/journal/0000000001.jsonl";
      const garbage = Uint8Array.from(line.repeat(lines), (each) => each.charCodeAt(0));
      disk.put(path, new Uint8Array([...disk.readFile(path) ?? [], ...garbage]));
      await using writer = await startStore({ directory: "/data", disk });
      assertEquals((await createTask(writer.engine, "next")).order, 2);
      assertEquals(writer.log.warnings.length, 1);
      assert([...disk.files().keys()].some((name) => name.startsWith("/data/cut-1-")));
    }
  }
});

test("a second cut at the same place keeps the copy of the first", async () => {
  const { disk, records } = await threeRecords(10_000);
  const last = "/data/journal/0000000001.jsonl";
  const whole = disk.readFile(last) ?? new Uint8Array();
  for (const line of ["first\n", "second\n"]) {
    disk.put(last, new Uint8Array([...whole, ...new TextEncoder().encode(line)]));
    await mendsItself(disk.afterKill(), { segmentBytes: 10_000, kept: records });
    await using store = openStore({ directory: "/data", disk });
    await append(store.journal, []);
  }
  const copies = [...disk.files()].filter(([name]) => name.includes("/cut-")).map(([, text]) => text);
  assertEquals(copies, ["first\n", "second\n"]);
});

test("an invalid line is not a torn tail if a record follows it", async () => {
  for (const rest of ['{"v":2,"seq":5,"at":1', '{"v":2,"seq":5,"at":1}\n', "\0\0\n" + '{"v":2,"seq":6,']) {
    const { disk } = await threeRecords(10_000);
    const path = LAYOUTS[0]?.last ?? "";
    disk.put(path, (disk.files().get(path) ?? "") + "garbage\n" + rest);
    await using store = openStore({ directory: "/data", disk });
    const error = await assertRejects(() => recordsAfter(store.journal), Unavailable);
    assertEquals(error.code, "journal_damaged");
  }
});

test("an invalid last line is on the disk at every moment, in place or as its copy", async () => {
  const { disk } = await threeRecords(10_000);
  const path = LAYOUTS[0]?.last ?? "";
  const line = "garbage\n";
  disk.put(path, (disk.files().get(path) ?? "") + line);
  for (let number = 1, isOver = false; !isOver; number++) {
    assert(number < MAX_OPERATIONS, "it never ends");
    const memory = disk.afterKill();
    const dying = new FaultyDisk(memory);
    dying.plan = dieAt(number);
    isOver = await writeTo(dying).then(() => true, () => false);
    const left = memory.afterPowerLoss().files();
    assert(left.get(path)?.endsWith(line) || [...left.values()].includes(line), `lost at operation ${number}`);
  }
});

test("a first record that is torn leaves an empty journal", async () => {
  const disk = new MemoryDisk();
  disk.put("/data/journal/0000000001.jsonl", '{"v":1,"seq":1,"at":100');
  assertEquals((await mendsItself(disk, { segmentBytes: 10_000, kept: [] })).length, 1);
});

test("a torn record that is longer than a read chunk is cut off", async () => {
  const { disk, records } = await threeRecords(10_000_000);
  const path = LAYOUTS[0]?.last ?? "";
  disk.put(path, (disk.files().get(path) ?? "") + '{"v":1,"seq":4,' + "x".repeat(1_000_000));
  assertEquals((await mendsItself(disk, { segmentBytes: 10_000_000, kept: records })).length, 1);
});

test("a reader at a torn tail continues after a writer cut it", async () => {
  const { disk } = await threeRecords(10_000);
  const path = LAYOUTS[0]?.last ?? "";
  await using reader = openStore({ directory: "/data", disk });
  await using writer = openStore({ directory: "/data", disk });
  const { position } = await append(reader.journal, []);
  disk.open(path, "append").write(new TextEncoder().encode('{"v":1,"seq":4,"at":1000,"actor":"lo'));
  assertEquals(await recordsAfter(reader.journal, position), []);
  await append(writer.journal, [drafted("four"), drafted("five")]);
  assertEquals((await recordsAfter(reader.journal, position)).map(({ seq }) => seq), [4, 5]);
  assertEquals(reader.log.warnings, []);
});

test("a line that looks damaged while another process cuts and writes is read again under the lock", async () => {
  const { disk, records } = await threeRecords(10_000);
  let reads = 0;
  const { open } = disk;
  disk.open = (path, mode) => {
    const file = open.call(disk, path, mode);
    const { readAt } = file;
    file.readAt = (buffer, offset) => {
      const count = readAt.call(file, buffer, offset);
      // The first look at the records sees a part of the second one as it was before.
      if (buffer.length > 500 && reads++ === 0) buffer[300] = 0;
      return count;
    };
    return file;
  };
  await using reader = openStore({ directory: "/data", disk });
  assertEquals(await recordsAfter(reader.journal), records);
  assertEquals(reads, 2);
});

async function writeTo(disk: Disk): Promise<void> {
  await using store = openStore({ directory: "/data", disk });
  await append(store.journal, [drafted("next")]);
}

/** Reads a journal with a torn tail, then writes to it; returns what the writer warned of. */
async function mendsItself(
  disk: MemoryDisk,
  { segmentBytes, kept }: { segmentBytes: number; kept: readonly JournalRecord[] },
): Promise<readonly string[]> {
  const before = disk.files();
  {
    await using reader = openStore({ directory: "/data", disk, segmentBytes });
    assertEquals(await recordsAfter(reader.journal), kept);
    assertEquals(disk.files(), before);
  }
  await using writer = openStore({ directory: "/data", disk, segmentBytes });
  const { tail, position } = await append(writer.journal, [drafted("next")]);
  assertEquals(tail.records, kept);
  assertEquals(position.seq, kept.length + 1);
  await append(writer.journal, [drafted("one more")], position);
  await using again = openStore({ directory: "/data", disk, segmentBytes });
  const records = await recordsAfter(again.journal);
  assertEquals(records.slice(0, -2), kept);
  assertEquals(records.map(({ seq }) => seq), times(kept.length + 2, (index) => index + 1));
  return writer.log.warnings;
}

function startOfLastLine(bytes: Uint8Array): number {
  return bytes.lastIndexOf(LINE_FEED, bytes.length - 2) + 1;
}

async function threeRecords(
  segmentBytes: number,
): Promise<{ readonly disk: MemoryDisk; readonly records: readonly JournalRecord[] }> {
  const disk = new MemoryDisk();
  await using store = openStore({ directory: "/data", disk, segmentBytes });
  for (const id of ["one", "two", "three ä 😀"]) await append(store.journal, [drafted(id)]);
  return { disk, records: await recordsAfter(store.journal) };
}

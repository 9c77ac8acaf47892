/** Shows that a check finds the state of a journal, and that a repair leaves a good one and loses no byte. */

import { wholeState } from "../../support/store.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { repairJournal, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, openStore, recordsAfter, startStore, taskIds } from "../../support/store.ts";
import { contents, eightRecords, type Line, SEGMENT_BYTES, segments } from "./damage.ts";
import { dieAt, FaultyDisk, MAX_OPERATIONS } from "./faulty_disk.ts";
import { forgedLine } from "./forge.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Kinds of damage, and how many records are left. */
const DAMAGES: Readonly<Record<string, (disk: MemoryDisk, lines: readonly Line[]) => number>> = {
  "a flipped bit in the first record": (disk, lines) => flip(disk, lines, 1),
  "a flipped bit at the start of a segment": (disk, lines) => flip(disk, lines, 4),
  "a flipped bit inside a segment": (disk, lines) => flip(disk, lines, 5),
  "a flipped bit in the last record but one": (disk, lines) => flip(disk, lines, 7),
  "a torn last record": (disk, lines) => {
    const { path, byte } = lineOf(lines, 8);
    disk.put(path, disk.readFile(path)?.subarray(0, byte + 50) ?? "");
    return 7;
  },
  "a missing first segment": (disk) => {
    disk.remove(segments(disk)[0] ?? "");
    return 0;
  },
  "a missing segment": (disk) => {
    disk.remove(segments(disk)[1] ?? "");
    return 3;
  },
  "a segment that ends in the middle of a record": (disk, lines) => {
    const { path, byte } = lineOf(lines, 5);
    disk.put(path, disk.readFile(path)?.subarray(0, byte + 50) ?? "");
    return 4;
  },
  "a segment that ends after a record": (disk, lines) => {
    const { path, byte } = lineOf(lines, 6);
    disk.put(path, disk.readFile(path)?.subarray(0, byte) ?? "");
    return 5;
  },
  "garbage between records": (disk, lines) => {
    const { path, byte } = lineOf(lines, 5);
    const text = disk.readFile(path) ?? new Uint8Array();
    disk.put(path, new Uint8Array([...text.subarray(0, byte), 0, 10, ...text.subarray(byte)]));
    return 4;
  },
};

for (const [damage, inflict] of Object.entries(DAMAGES)) {
  test(`a check of ${damage} counts the whole records before it, with the time of the last one`, async () => {
    const { disk, lines } = await eightRecords();
    const all = await recordsOf(disk);
    const kept = inflict(disk, lines);
    const { records, lastAt, fault } = verifyJournal(disk, "/data");
    assertEquals([records, lastAt, fault === undefined], [kept, all[kept - 1]?.at, false]);
  });

  test(`a repair of ${damage} keeps the whole records, and copies of the rest`, async () => {
    const { disk, lines } = await eightRecords();
    const records = await recordsOf(disk);
    const kept = inflict(disk, lines);
    const before = disk.files();
    const { verification, copies } = await repairJournal(disk, "/data", 0);
    assertEquals(verification.records, kept);
    assert(verification.fault !== undefined);
    assertEquals(copies, "/data/repaired-1970-01-01T00-00-00-000Z");
    assertKept(before, disk);
    assertKept(before, disk.afterPowerLoss());
    assertEquals(verifyJournal(disk, "/data").fault, undefined);
    assertEquals(await recordsOf(disk), records.slice(0, kept));
    await assertGoesOn(disk, kept);
  });

  test(`a repair of ${damage} that dies at any operation loses nothing, and a second one completes it`, async () => {
    const { disk, lines } = await eightRecords();
    const kept = inflict(disk, lines);
    const before = disk.files();
    for (let number = 1, isOver = false; !isOver; number++) {
      assert(number < MAX_OPERATIONS, "it never ends");
      const base = disk.afterKill();
      const dying = new FaultyDisk(base);
      dying.plan = dieAt(number);
      isOver = await repairJournal(dying, "/data", 0).then(() => true, () => false);
      for (const left of [base.afterKill(), base.afterPowerLoss()]) {
        assertKept(before, left);
        await repairJournal(left, "/data", 1);
        assertKept(before, left);
        await assertGoesOn(left, kept);
      }
    }
  });
}

test("a repair of a healthy journal does nothing", async () => {
  const { disk } = await eightRecords();
  const before = contents(disk);
  const { verification, copies } = await repairJournal(disk, "/data", 0);
  assertEquals(copies, undefined);
  assertEquals(verification.fault, undefined);
  assertEquals(verification.records, 8);
  assertEquals(contents(disk), before);
});

test("a repair of a journal of a newer version is refused", async () => {
  const { disk } = await eightRecords();
  const { end } = verifyJournal(disk, "/data");
  const last = segments(disk).at(-1) ?? "";
  disk.put(last, `${disk.files().get(last)}${forgedLine({ v: 2, seq: 9 }, end.hash)}`);
  const before = contents(disk);
  const error = await assertRejects(() => repairJournal(disk, "/data", 0), Unavailable, "Restart the MCP servers");
  assertEquals(error.code, "newer_version");
  assertEquals(contents(disk), before);
});

test("a check during writes is not misled by a newer checkpoint", async () => {
  const { disk } = await checkpointed();
  const before = disk.readFile("/data/state.json");
  const later = disk.afterKill();
  {
    await using store = await startStore({ directory: "/data", disk: later, segmentBytes: SEGMENT_BYTES });
    await createTask(store.engine, "nine");
    await checkpoint(store);
  }
  let hasRead = false;
  const { open } = disk;
  disk.open = (path, mode) => {
    hasRead = true;
    return open.call(disk, path, mode);
  };
  disk.readFile = (path) => {
    assertEquals(path, "/data/state.json");
    return hasRead ? later.readFile(path) : before;
  };
  assertEquals(verifyJournal(disk, "/data").fault, undefined);
});

test("a repair without a journal does nothing", async () => {
  const disk = new MemoryDisk();
  disk.makeDirectory("/data");
  assertEquals((await repairJournal(disk, "/data", 0)).verification.records, 0);
});

test("a check returns the number of records, the time of the last one, and the end of the journal", async () => {
  const { disk } = await eightRecords();
  const [last] = (await recordsOf(disk)).slice(-1);
  const { end, ...verification } = verifyJournal(disk, "/data");
  assertEquals(verification, { records: 8, lastAt: last?.at ?? 0 });
  assertEquals({ seq: end.seq, segment: end.segment }, { seq: 8, segment: 3 });
  assertEquals(verifyJournal(new MemoryDisk(), "/data").records, 0);
});

test("a check says that a torn last record needs no repair", async () => {
  const { disk, lines } = await eightRecords();
  DAMAGES["a torn last record"]?.(disk, lines);
  const { fault } = verifyJournal(disk, "/data");
  assertEquals(fault, { ...lineAt(lines, 8), why: "50 bytes of an unfinished record", kind: "torn" });
});

test("a repair sets aside a checkpoint that is ahead of the journal", async () => {
  const { disk, lines } = await checkpointed();
  const { path, byte } = lineOf(lines, 8);
  disk.put(path, disk.readFile(path)?.subarray(0, byte) ?? "");
  const before = disk.files();
  await assertRejects(() => startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES }), Unavailable);
  const { copies } = await repairJournal(disk, "/data", 0);
  assertEquals(disk.list(copies ?? "").includes("state.json"), true);
  assertKept(before, disk);
  await assertGoesOn(disk, 7);
});

test("a running server reads a repaired journal again", async () => {
  const { disk, lines } = await checkpointed();
  await using store = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  const { path, byte } = lineOf(lines, 8);
  const file = disk.open(path, "append");
  file.truncate(byte + 40);
  file.close();
  await repairJournal(disk, "/data", 0);
  assertEquals((await taskIds(store.engine)).length, 7);
  await createTask(store.engine, "next");
  assertEquals((await taskIds(store.engine)).length, 8);
  assertEquals(verifyJournal(disk, "/data").records, 8);
  assert(store.log.warnings[0]?.includes("became shorter; reading it again"), store.log.warnings[0]);
});

/** Eight records and a checkpoint of them. */
async function checkpointed(): Promise<{ readonly disk: MemoryDisk; readonly lines: readonly Line[] }> {
  const { disk, lines } = await eightRecords();
  await using store = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  await checkpoint(store);
  return { disk, lines };
}

/** Asserts that a journal can be written to, and then holds `kept` records and the new one. */
async function assertGoesOn(disk: MemoryDisk, kept: number): Promise<void> {
  await using store = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  assertEquals((await wholeState(store.engine)).tasks.length, kept);
  await createTask(store.engine, "after the repair");
  assertEquals(verifyJournal(disk, "/data").records, kept + 1);
}

async function recordsOf(disk: MemoryDisk) {
  await using store = openStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  return await recordsAfter(store.journal);
}

/** Asserts that every file but those that are made anew is still there byte for byte: in place, or as a copy of the same name. */
function assertKept(before: ReadonlyMap<string, string>, disk: MemoryDisk): void {
  const files = [...disk.files()];
  for (const [path, content] of before) {
    if (path === "/data/lock" || path.startsWith("/data/index/")) continue;
    const name = path.slice(path.lastIndexOf("/"));
    assert(files.some(([each, text]) => each.endsWith(name) && text === content), `${path} is lost`);
  }
}

function flip(disk: MemoryDisk, lines: readonly Line[], seq: number): number {
  const { path, byte } = lineOf(lines, seq);
  const bytes = disk.readFile(path) ?? new Uint8Array();
  disk.put(path, bytes.map((each, index) => index === byte + 60 ? each ^ 4 : each));
  return seq - 1;
}

function lineOf(lines: readonly Line[], seq: number): Line {
  const line = lines[seq - 1];
  assert(line !== undefined);
  return line;
}

function lineAt(lines: readonly Line[], seq: number): Pick<Line, "path" | "line" | "byte"> {
  const { seq: _, ...at } = lineOf(lines, seq);
  return at;
}

/** Shows that damage before the last record is found wherever it is, named, and left as it is. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { LINE_FEED } from "../../../src/store/file/segments.ts";
import { fromPosition } from "../../../src/store/file/file_position.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
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
import { assertDamaged, assertRefused, eightRecords, type Line, SEGMENT_BYTES, segments } from "./damage.ts";
import { forgedLine } from "./forge.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a flipped bit in any byte of any record but the last is refused", async () => {
  const { disk, lines } = await eightRecords();
  let flips = 0;
  for (const [index, line] of lines.slice(0, -1).entries()) {
    const bytes = disk.readFile(line.path) ?? new Uint8Array();
    const next = lines[index + 1];
    // The line feed before the last record makes one line of two: the last one, see below.
    const end = next?.path === line.path ? next.byte - Number(next.seq === 8) : bytes.length;
    for (let byte = line.byte; byte < end; byte++) {
      const damaged = disk.afterKill();
      damaged.put(line.path, flipped(bytes, byte, flips++ % 8));
      await assertDamaged(damaged, { path: line.path, line: line.line, byte: line.byte });
    }
  }
  assert(flips > 1_500);
});

test("a flipped bit in the last record, or in the line feed before it, loses no byte of the file", async () => {
  const { disk, lines } = await eightRecords();
  const last = lines.at(-1);
  assert(last);
  const bytes = disk.readFile(last.path) ?? new Uint8Array();
  for (let byte = last.byte - 1; byte < bytes.length - 1; byte++) {
    const damaged = disk.afterKill();
    const content = flipped(bytes, byte, byte % 8);
    damaged.put(last.path, content);
    await using store = openStore({ directory: "/data", disk: damaged, segmentBytes: SEGMENT_BYTES });
    await append(store.journal, []).catch(() => {});
    const kept = damaged.list("/data").find((name) => name.startsWith("cut-"));
    const left = [
      ...damaged.readFile(last.path) ?? [],
      ...kept === undefined ? [] : damaged.readFile(`/data/${kept}`) ?? [],
    ];
    assertEquals(new Uint8Array(left), content);
  }
});

test("a missing line is refused", async () => {
  const { disk, lines } = await eightRecords();
  for (const line of lines.slice(0, -1)) {
    const damaged = disk.afterKill();
    rewrite(damaged, line.path, (texts) => texts.toSpliced(line.line - 1, 1));
    await assertRefused(damaged, `is damaged at `);
    assert(verifyJournal(damaged, "/data").fault?.kind === "damaged", `line ${line.seq}`);
    assertEquals(verifyJournal(damaged, "/data").records, line.seq - 1);
  }
});

test("swapped and repeated lines are refused", async () => {
  const { disk, lines } = await eightRecords();
  for (const line of lines.filter(({ line }) => line > 1)) {
    const at = { path: line.path, line: line.line - 1, byte: lines[line.seq - 2]?.byte ?? 0 };
    const swapped = disk.afterKill();
    rewrite(
      swapped,
      line.path,
      (texts) => texts.toSpliced(line.line - 2, 2, ...texts.slice(line.line - 2, line.line).reverse()),
    );
    await assertDamaged(swapped, at);
    const repeated = disk.afterKill();
    rewrite(repeated, line.path, (texts) => texts.toSpliced(line.line - 1, 0, texts[line.line - 2] ?? ""));
    await assertDamaged(repeated, { path: line.path, line: line.line, byte: line.byte });
  }
});

test("garbage between records is refused", async () => {
  const { disk, lines } = await eightRecords();
  for (const garbage of ["", "\0\0\0", "garbage", "{}"]) {
    for (const line of lines) {
      const damaged = disk.afterKill();
      rewrite(damaged, line.path, (texts) => texts.toSpliced(line.line - 1, 0, garbage));
      await assertDamaged(damaged, { path: line.path, line: line.line, byte: line.byte });
    }
  }
});

test("a missing segment is refused", async () => {
  const { disk } = await eightRecords();
  for (const [index, path] of segments(disk).slice(0, -1).entries()) {
    const damaged = disk.afterKill();
    damaged.remove(path);
    await assertRefused(damaged, `The journal is damaged: ${path} is missing`);
    const { fault, records } = verifyJournal(damaged, "/data");
    assertEquals({ path: fault?.path, why: fault?.why, records }, {
      path,
      why: "the file is missing",
      records: 3 * index,
    });
  }
});

test("a segment that lost its end, at any byte, is refused if another follows", async () => {
  const { disk, lines } = await eightRecords();
  for (const path of segments(disk).slice(0, -1)) {
    const bytes = disk.readFile(path) ?? new Uint8Array();
    for (let size = 0; size < bytes.length; size++) {
      const damaged = disk.afterKill();
      damaged.put(path, bytes.subarray(0, size));
      // Where whole records are missing, the next segment shows it.
      const isWhole = size === 0 || bytes[size - 1] === LINE_FEED;
      const shown = isWhole ? segments(disk)[segments(disk).indexOf(path) + 1] : path;
      await assertRefused(damaged, `is damaged at ${shown} line `);
      const kept = lines.filter((line) => line.path < path || (line.path === path && endOf(line, lines, disk) <= size));
      const { fault, records } = verifyJournal(damaged, "/data");
      assertEquals({ records, kind: fault?.kind }, { records: kept.length, kind: "damaged" });
    }
  }
});

test("a segment before the last ones that lost its end is refused by whoever reads it, which a start with a checkpoint does not", async () => {
  const disk = new MemoryDisk();
  {
    await using store = await startStore({ directory: "/data", disk, segmentBytes: 1 });
    for (let count = 1; count <= 20; count++) await createTask(store.engine, `t${count}`);
    await checkpoint(store);
  }
  for (const path of segments(disk).slice(0, -1)) {
    const damaged = disk.afterKill();
    const bytes = damaged.readFile(path) ?? new Uint8Array();
    damaged.put(path, bytes.subarray(0, bytes.length - 1));
    assertEquals(verifyJournal(damaged, "/data").fault?.path, path);
    const start = async () => {
      await using store = await startStore({ directory: "/data", disk: damaged, segmentBytes: 1 });
      assertEquals((await taskIds(store.engine)).length, 20);
      await recordsAfter(store.journal);
    };
    await assertRejects(start, Unavailable, `is damaged at ${path} line 1`);
    damaged.remove("/data/state.json");
    await assertRejects(start, Unavailable, `is damaged at ${path} line 1`);
  }
});

test("a segment of another journal is refused", async () => {
  const { disk } = await eightRecords();
  const { disk: other } = await eightRecords("work");
  for (const [index, path] of segments(disk).entries()) {
    const mixed = disk.afterKill();
    mixed.put(path, other.readFile(path) ?? "");
    // The first segment of any journal is right in itself: the second one does not follow it.
    await assertDamaged(mixed, { path: segments(disk)[Math.max(1, index)] ?? "", line: 1, byte: 0 });
  }
});

test("a record of an unknown type is refused and kept, even as the last one", async () => {
  const { disk, lines } = await eightRecords();
  const { path, byte, line, previous } = await endOfJournal(disk, lines);
  const whole = disk.files().get(path) ?? "";
  const unknown = { v: 1, seq: 9, at: 5, actor: "x", command: "c", events: [{ type: "task.teleported", id: "a" }] };
  const newer = { v: 2, seq: 9, events: [] };
  for (const body of [unknown, newer]) {
    for (const rest of ["", "garbage", forgedLine(unknown, previous)]) {
      const newerJournal = disk.afterKill();
      newerJournal.put(path, whole + forgedLine(body, previous) + rest);
      await assertDamaged(newerJournal, { path, line, byte }, "newer");
    }
  }
  const { fault } = verifyJournal(withLine(disk, path, forgedLine(unknown, previous)), "/data");
  assert(fault?.why.includes('does not know its event "task.teleported"'), fault?.why);
});

test("other files beside the segments do not matter", async () => {
  const { disk } = await eightRecords();
  for (const name of ["0000000004.jsonl~", "notes.txt", "1.jsonl", "0000000002.jsonl.bak"]) {
    disk.put(`/data/journal/${name}`, "garbage\n");
  }
  await using store = openStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  assertEquals((await recordsAfter(store.journal)).length, 8);
  assertEquals((await append(store.journal, [drafted("nine")])).position.seq, 9);
  assertEquals(verifyJournal(disk, "/data").fault, undefined);
});

/** A copy of the bytes with one bit changed. */
function flipped(bytes: Uint8Array, byte: number, bit: number): Uint8Array {
  return bytes.map((each, index) => index === byte ? each ^ (1 << bit) : each);
}

function rewrite(disk: MemoryDisk, path: string, change: (lines: readonly string[]) => readonly string[]): void {
  const lines = (disk.files().get(path) ?? "").split("\n").slice(0, -1);
  disk.put(path, change(lines).map((line) => `${line}\n`).join(""));
}

function withLine(disk: MemoryDisk, path: string, line: string): MemoryDisk {
  const copy = disk.afterKill();
  copy.put(path, (disk.files().get(path) ?? "") + line);
  return copy;
}

function endOf(line: Line, lines: readonly Line[], disk: MemoryDisk): number {
  const next = lines[line.seq];
  return next?.path === line.path ? next.byte : disk.readFile(line.path)?.length ?? 0;
}

/** Where the record after the last would stand, and the hash of the last. */
async function endOfJournal(
  disk: MemoryDisk,
  lines: readonly Line[],
): Promise<{ path: string; line: number; byte: number; previous: string }> {
  await using store = openStore({ directory: "/data", disk: disk.afterKill(), segmentBytes: SEGMENT_BYTES });
  const { position } = await append(store.journal, []);
  const last = lines.at(-1);
  assert(last);
  const { offset, hash } = fromPosition(position);
  return { path: last.path, line: last.line + 1, byte: offset, previous: hash };
}

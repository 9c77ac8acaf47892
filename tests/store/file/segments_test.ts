/** Shows how a segment is read: by chunks, from any position, and while it changes. */

import { assert, assertEquals } from "@std/assert";
import { type FilePosition, fromPosition } from "../../../src/store/file/file_position.ts";
import { findPosition } from "../../../src/store/file/find_position.ts";
import {
  endsAt,
  lineNumberAt,
  ORIGIN,
  readChunk,
  segmentName,
  segmentNumbers,
} from "../../../src/store/file/segments.ts";
import { times } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { overriding } from "../../support/overriding.ts";
import { append, drafted, openStore } from "../../support/store.ts";

function test(name: string, fn: () => Promise<void> | void): void {
  Deno.test({ name, permissions: "none", fn });
}

const FIRST = "/data/journal/0000000001.jsonl";

test("a file that is cut between stat and read is read to its new end", async () => {
  const { disk, positions } = await journal(3);
  const sizeBytes = disk.identity(FIRST)?.sizeBytes ?? 0;
  const file = disk.open(FIRST, "read");
  for (const longer of [1, 100, 100_000, 1_000_000]) {
    for (const after of [ORIGIN, ...positions]) {
      const chunk = readChunk(file, after, { end: sizeBytes + longer });
      assertEquals(chunk.records.length, 3 - after.seq);
      assertEquals(chunk.position.offset, sizeBytes);
      assertEquals(chunk.rest, { type: "none" });
      assert(chunk.atEnd);
    }
  }
});

test("a long segment is read in chunks, and a record longer than a chunk in one piece", async () => {
  const { disk } = await journal(4, 200_000);
  const file = disk.open(FIRST, "read");
  let position: FilePosition = ORIGIN;
  let chunks = 0;
  for (let isOver = false; !isOver; chunks++) {
    const chunk = readChunk(file, position);
    assert(chunk.records.length > 0);
    position = chunk.position;
    isOver = chunk.atEnd;
  }
  assertEquals(position.seq, 4);
  assert(chunks > 1);
  const { disk: other } = await journal(2, 1_000_000);
  assertEquals(readChunk(other.open(FIRST, "read"), ORIGIN).records.length, 1);
});

test("a position is valid only in the journal that it comes from", async () => {
  for (const segmentBytes of [10_000, 400, 1]) {
    const { disk, positions } = await journal(6, 1, segmentBytes);
    for (const position of positions) {
      assertEquals(findPosition(disk, "/data/journal", position), { found: "held", seq: position.seq });
      const other = { ...position, hash: ORIGIN.hash };
      assertEquals(findPosition(disk, "/data/journal", other).found, "other");
      // Its line is elsewhere in the segment, as after a line before it was redacted.
      for (const offset of [position.offset - 1, position.offset + 1]) {
        const moved = { found: "held", seq: position.seq, position } as const;
        assertEquals(findPosition(disk, "/data/journal", { ...position, offset }), moved);
      }
    }
    const last = positions.at(-1) ?? ORIGIN;
    assertEquals(findPosition(disk, "/data/journal", { ...last, segment: last.segment + 1 }).found, "missing");
  }
});

test("the position at the end of a long segment is found in its last records", async () => {
  const { disk, positions } = await journal(200, 10_000);
  const last = positions.at(-1) ?? ORIGIN;
  assert(last.offset > 2_000_000);
  let bytes = 0;
  const counting = overriding(disk, {
    open: (path, mode) => {
      const file = disk.open(path, mode);
      return overriding(file, {
        readAt: (buffer, offset) => {
          bytes += buffer.length;
          return file.readAt(buffer, offset);
        },
      });
    },
  });
  assertEquals(findPosition(counting, "/data/journal", last), { found: "held", seq: last.seq });
  assert(bytes < 64 * 1024, `${bytes} bytes`);
});

test("a record is identified by its position and its hash", async () => {
  const { disk, positions } = await journal(3);
  const file = disk.open(FIRST, "read");
  assert(endsAt(file, ORIGIN));
  for (const position of positions) {
    assert(endsAt(file, position));
    assert(!endsAt(file, { ...position, hash: ORIGIN.hash }));
    assert(!endsAt(file, { ...position, offset: position.offset + 1 }));
  }
});

test("segments are numbered from one, in ten digits", () => {
  const disk = new MemoryDisk();
  const names = [10, 2, 1].map(segmentName);
  assertEquals(names, ["0000000010.jsonl", "0000000002.jsonl", "0000000001.jsonl"]);
  for (const name of [...names, "3.jsonl", "0000000004.json", "x0000000005.jsonl"]) disk.put(`/journal/${name}`, "");
  assertEquals(segmentNumbers(disk, "/journal"), [1, 2, 10]);
});

test("lines are numbered from one", async () => {
  const { disk, positions } = await journal(3);
  const file = disk.open(FIRST, "read");
  assertEquals([ORIGIN, ...positions].map(({ offset }) => lineNumberAt(file, offset)), [1, 2, 3, 4]);
});

/** A journal of some records, and where each of them ends. */
async function journal(
  count: number,
  sizeBytes = 1,
  segmentBytes = 10_000_000,
): Promise<{ readonly disk: MemoryDisk; readonly positions: readonly FilePosition[] }> {
  const disk = new MemoryDisk();
  await using store = openStore({ directory: "/data", disk, segmentBytes });
  const positions: FilePosition[] = [];
  let after = store.journal.origin;
  for (const index of times(count, (each) => each)) {
    const drafts = [drafted(`t${index}`, "x".repeat(sizeBytes))];
    after = (await append(store.journal, drafts, after)).position;
    positions.push(fromPosition(after));
  }
  return { disk, positions };
}

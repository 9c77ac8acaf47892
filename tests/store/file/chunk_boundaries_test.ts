/** Shows that what is read in pieces is read whole, wherever the edge of a piece falls: one less, equal, one more. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assertEquals } from "@std/assert";
import { readEnds } from "../../../src/store/file/segments.ts";
import { fromPosition } from "../../../src/store/file/file_position.ts";
import { create, newTask, times } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { append, checkpoint, drafted, openStore, startStore, wholeState } from "../../support/store.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

/** What the end of a segment is looked for in at first, in bytes. */
const LAST_LINE_BYTES = 4 * 1024;

/** Bytes read at once of a file that is read whole. */
const READ_BYTES = 64 * 1024;

const FIRST = "/data/journal/0000000001.jsonl";

test("the last record of a segment is found, however long it is", async () => {
  for (const lineBytes of aroundEach(LAST_LINE_BYTES, 2 * LAST_LINE_BYTES, 4 * LAST_LINE_BYTES)) {
    for (const before of [0, 1, 40]) {
      const disk = new MemoryDisk();
      await using store = openStore({ directory: "/data", disk });
      const drafts = [...times(before, (index) => drafted(`t${index}`)), drafted("last", "x".repeat(lineBytes))];
      const { position } = await append(store.journal, drafts);
      const { firstSeq, lastSeq, lastHash } = readEnds(disk, FIRST);
      assertEquals({ firstSeq, lastSeq, lastHash }, {
        firstSeq: 1,
        lastSeq: before + 1,
        lastHash: fromPosition(position).hash,
      });
    }
  }
  const disk = new MemoryDisk();
  await using store = openStore({ directory: "/data", disk });
  const overhead = await lastLineBytes("");
  for (const lineBytes of aroundEach(LAST_LINE_BYTES, 2 * LAST_LINE_BYTES)) {
    await append(store.journal, [drafted("t", "x".repeat(lineBytes - overhead))]);
    assertEquals(await lastLineBytes("x".repeat(lineBytes - overhead)), lineBytes);
    const seq = readEnds(disk, FIRST).lastSeq;
    assertEquals(seq, (await append(store.journal, [])).position.seq);
  }
});

test("a checkpoint is read whole wherever its chunks end, even in the middle of a character", async () => {
  const overhead = (await tasksFileBytes("")).sizeBytes;
  for (const text of ["x", "é", "🦕"]) {
    const characterBytes = new TextEncoder().encode(text).length;
    for (const sizeBytes of aroundEach(READ_BYTES)) {
      const description = text.repeat(Math.floor((sizeBytes - overhead) / characterBytes)) +
        "x".repeat((sizeBytes - overhead) % characterBytes);
      const { sizeBytes: made, isSame } = await tasksFileBytes(description);
      assertEquals({ made, isSame }, { made: sizeBytes, isSame: true });
    }
  }
});

/** The size of a `tasks.json` with one task, and whether what is loaded from it is what was saved. */
async function tasksFileBytes(description: string): Promise<{ sizeBytes: number; isSame: boolean }> {
  const disk = new MemoryDisk();
  await using store = await startStore({ directory: "/data", disk, now: () => 1_700_000_000_000 });
  await store.engine.execute(create({ ...newTask("t"), description }), localOperator("test"));
  await checkpoint(store);
  const saved = await wholeState(store.engine);
  const loaded = await store.checkpoints.load();
  const sizeBytes = disk.identity("/data/tasks.json")?.sizeBytes ?? 0;
  return { sizeBytes, isSame: JSON.stringify(loaded?.snapshot) === JSON.stringify(saved) };
}

/** The length of the line of a record that creates task `t`, as the second of a journal. */
async function lastLineBytes(description: string): Promise<number> {
  const disk = new MemoryDisk();
  await using store = openStore({ directory: "/data", disk });
  const { position } = await append(store.journal, [drafted("t")]);
  const after = await append(store.journal, [drafted("t", description)], position);
  return fromPosition(after.position).offset - fromPosition(position).offset;
}

function aroundEach(...sizes: readonly number[]): readonly number[] {
  return sizes.flatMap((size) => [size - 1, size, size + 1]);
}

/** Shows that every reader walks the segments of a journal in the same way, however batch, segment and chunk relate. */

import { assert, assertEquals } from "@std/assert";
import type { Position } from "../../../src/app/ports.ts";
import { repairJournal, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { segmentName } from "../../../src/store/file/segments.ts";
import { fromPosition } from "../../../src/store/file/file_position.ts";
import { times } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { append, drafted, openStore, recordsAfter, type Undated } from "../../support/store.ts";

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

test("a batch that ends far beyond the size of a segment is read whole", async () => {
  const disk = new MemoryDisk();
  const batches = times(4, (batch) => times(40, (index) => drafted(`t${batch}.${index}`, "x".repeat(60_000))));
  const positions = await write(disk, batches, {});
  assert(positions.some((position) => fromPosition(position).segment > 1));
  await assertRead(disk, batches.flat(), positions, {});
});

/** In the relation of the real ones: a segment of sixteen chunks, a batch of up to several segments. */
const SEGMENT_BYTES = 1_600;
const CHUNK_BYTES = SEGMENT_BYTES / 16;

test("a journal is read whole for every relation of batch, segment and chunk sizes", async () => {
  for (const batch of [1, 3, 8, 20]) {
    for (const segmentBytes of aroundEach(SEGMENT_BYTES)) {
      for (const chunkBytes of [1, ...aroundEach(CHUNK_BYTES), segmentBytes, 3 * segmentBytes]) {
        const disk = new MemoryDisk();
        const batches = times(Math.ceil(20 / batch), (round) => times(batch, (index) => drafted(`t${round}.${index}`)));
        const positions = await write(disk, batches, { segmentBytes, chunkBytes });
        await assertRead(disk, batches.flat(), positions, { segmentBytes, chunkBytes });
      }
    }
  }
});

test("an empty next segment, left by a full disk, is not taken for the end", async () => {
  for (const batch of [1, 3, 20]) {
    const disk = new MemoryDisk();
    const sizes = { segmentBytes: SEGMENT_BYTES, chunkBytes: CHUNK_BYTES };
    const batches = [times(batch, (index) => drafted(`t${index}`)), times(20, (index) => drafted(`u${index}`))];
    const positions = await write(disk, batches, sizes);
    const end = positions.at(-1);
    const last = end === undefined ? 0 : fromPosition(end).segment;
    disk.put(`/data/journal/${segmentName(last + 1)}`, "");
    await assertRead(disk, batches.flat(), positions, sizes);
    await using store = openStore({ directory: "/data", disk, ...sizes });
    assertEquals((await append(store.journal, [drafted("next")])).position.seq, batches.flat().length + 1);
    assertEquals((await recordsAfter(store.journal)).length, batches.flat().length + 1);
  }
});

/** One less, equal, one more. */
function aroundEach(...sizes: readonly number[]): readonly number[] {
  return sizes.flatMap((size) => [size - 1, size, size + 1]);
}

interface Sizes {
  readonly segmentBytes?: number;
  readonly chunkBytes?: number;
}

/** Appends each batch in one transaction; resolves to where each ended. */
async function write(disk: MemoryDisk, batches: readonly (readonly Undated[])[], sizes: Sizes): Promise<Position[]> {
  await using store = openStore({ directory: "/data", disk, ...sizes });
  const positions: Position[] = [];
  for (const batch of batches) positions.push((await append(store.journal, batch, positions.at(-1))).position);
  return positions;
}

/** All who read the journal, from its beginning and from each position, find all that was written. */
async function assertRead(
  disk: MemoryDisk,
  written: readonly Undated[],
  positions: readonly Position[],
  sizes: Sizes,
): Promise<void> {
  await using store = openStore({ directory: "/data", disk, ...sizes });
  const { journal } = store;
  for (const after of [journal.origin, ...positions]) {
    const seqs = times(written.length - after.seq, (index) => after.seq + index + 1);
    assertEquals((await recordsAfter(journal, after)).map(({ seq }) => seq), seqs);
    const { tail, position } = await append(journal, [], after);
    assertEquals(tail.records.map(({ seq }) => seq), seqs);
    assertEquals(position, positions.at(-1));
    const sought = await journal.seek(after.seq);
    assert(sought.seq <= after.seq);
    assertEquals((await recordsAfter(journal, sought)).at(-1)?.seq ?? after.seq, written.length);
  }
  const verification = verifyJournal(disk, "/data");
  assertEquals(verification.fault, undefined);
  assertEquals(verification.records, written.length);
  assertEquals((await repairJournal(disk, "/data", 0)).copies, undefined);
}

/** Shows that however long a journal is, few of its files are open at a time, and none once its user has ended. */

import { assert, assertEquals } from "@std/assert";
import { repairJournal, verifyJournal } from "../../../src/store/file/maintenance.ts";
import { openForReading } from "../../../src/store/file/reading.ts";
import { times } from "../../core/given.ts";
import { RecordingLog } from "../../support/log.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, openStore, recordsAfter, startStore } from "../../support/store.ts";

const DIRECTORY = "/data";

/** Puts one record into a segment. */
const SEGMENT_BYTES = 1;
const SEGMENTS = 20;

/**
 * The two locks, the segment in use, one file of a checkpoint that is being read or written, and one of an index that is being
 * made meanwhile.
 */
const MAX_OPEN = 5;

/** What uses a data directory, from its opening to its end. */
const USES: Readonly<Record<string, (disk: MemoryDisk) => Promise<unknown> | unknown>> = {
  "a server that starts, writes and saves": async (disk) => {
    await using store = await startStore({ directory: DIRECTORY, disk, segmentBytes: SEGMENT_BYTES });
    for (const index of times(SEGMENTS, (index) => index)) await createTask(store.engine, `more ${index}`);
    await checkpoint(store);
  },
  "a reader of all records": async (disk) => {
    await using store = openStore({ directory: DIRECTORY, disk, segmentBytes: SEGMENT_BYTES });
    assertEquals((await recordsAfter(store.journal)).length, SEGMENTS);
  },
  "a command that reads": async (disk) => {
    await using store = await openForReading({ directory: DIRECTORY, disk, now: () => 0, log: new RecordingLog() });
    assertEquals((await recordsAfter(store.journal)).length, SEGMENTS);
  },
  "a check": (disk) => assertEquals(verifyJournal(disk, DIRECTORY).records, SEGMENTS),
  "a repair": async (disk) => {
    disk.remove(`${DIRECTORY}/journal/0000000010.jsonl`);
    assertEquals((await repairJournal(disk, DIRECTORY, 0)).verification.records, 9);
  },
};

for (const [what, use] of Object.entries(USES)) {
  Deno.test({
    name: `${what} has few files open at a time, and none at the end`,
    permissions: "none",
    async fn() {
      const disk = new MemoryDisk();
      {
        await using store = await startStore({ directory: DIRECTORY, disk, segmentBytes: SEGMENT_BYTES });
        for (const index of times(SEGMENTS, (index) => index)) await createTask(store.engine, `t${index}`);
        await checkpoint(store);
      }
      const fresh = disk.afterKill();
      await use(fresh);
      assertEquals(fresh.openFiles, 0);
      assert(fresh.mostOpenFiles > 0 && fresh.mostOpenFiles <= MAX_OPEN, `${fresh.mostOpenFiles} were open`);
    },
  });
}

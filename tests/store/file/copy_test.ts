/** Shows that a copy of a data directory opens, whichever of its files are older, and that no byte of it is lost. */

import { assert, assertEquals } from "@std/assert";
import { verifyJournal } from "../../../src/store/file/maintenance.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, startStore, taskIds } from "../../support/store.ts";

const FILES = ["tasks.json", "state.json"].map((name) => `/data/${name}`);

/** Puts three or four records into a segment. */
const SEGMENT_BYTES = 700;

/** Moments after which a file can be copied: enough for two segments. */
const MOMENTS = 5;

Deno.test({
  name: "a copy with files of different ages opens with the records of its journal, and loses no byte",
  permissions: "none",
  async fn() {
    const moments = await history();
    assertEquals(moments.length, MOMENTS + 1);
    let warned = 0;
    for (const [journalAge, journal] of moments.entries()) {
      for (const [tasksAge, tasks] of moments.entries()) {
        for (const [stateAge, state] of moments.entries()) {
          const copy = copyOf({ journal, tasks, state });
          const before = copy.files();
          const name = `journal ${journalAge}, tasks ${tasksAge}, state ${stateAge}`;
          assertEquals(verifyJournal(copy, "/data").fault, undefined, name);
          await using store = await startStore({ directory: "/data", disk: copy, segmentBytes: SEGMENT_BYTES });
          const ids = await taskIds(store.engine);
          // Without a record there is only tasks.json to go by.
          const expected = journalAge > 0 ? journalAge : tasksAge;
          assertEquals(ids, Array.from({ length: expected }, (_, index) => `t${index + 1}`), name);
          const kept = [...copy.files().values()];
          for (const [path, content] of before) assert(kept.includes(content), `${name}: ${path} is lost`);
          const isAhead = stateAge > journalAge || tasksAge > stateAge && journalAge > 0;
          if (isAhead) assert(store.log.warnings.length > 0, `${name}: no warning`);
          if (journalAge >= stateAge && stateAge === tasksAge) assertEquals(store.log.warnings, [], name);
          warned += store.log.warnings.length > 0 ? 1 : 0;
          // It goes on as any other.
          await createTask(store.engine, "next");
          await checkpoint(store);
          await using again = await startStore({ directory: "/data", disk: copy, segmentBytes: SEGMENT_BYTES });
          assertEquals(await taskIds(again.engine), [...ids, "next"], name);
          assertEquals(again.log.warnings, [], name);
        }
      }
    }
    assert(warned > MOMENTS ** 2);
  },
});

Deno.test({
  name: "a copy whose journal ends in the middle of a record opens, at any byte",
  permissions: "none",
  async fn() {
    const moments = await history();
    const [last] = moments.slice(-1);
    const [path, content] = [...last ?? []].filter(([path]) => path.endsWith(".jsonl")).sort().at(-1) ?? ["", ""];
    for (let size = 0; size < content.length; size++) {
      const journal = new Map(last).set(path, content.slice(0, size));
      const copy = copyOf({ journal, tasks: last, state: last });
      const { records, fault } = verifyJournal(copy, "/data");
      assert(fault === undefined || fault.kind === "torn");
      await using store = await startStore({ directory: "/data", disk: copy, segmentBytes: SEGMENT_BYTES });
      assertEquals((await taskIds(store.engine)).length, records);
      assert(store.log.warnings.some((warning) => warning.includes("copied at different times")));
    }
  },
});

/** All files after each of some changes, each with a checkpoint; the first is a directory that is empty still. */
async function history(): Promise<Map<string, string>[]> {
  const disk = new MemoryDisk();
  const moments = [new Map<string, string>()];
  await using store = await startStore({ directory: "/data", disk, segmentBytes: SEGMENT_BYTES });
  for (let number = 1; number <= MOMENTS; number++) {
    await createTask(store.engine, `t${number}`);
    await checkpoint(store);
    moments.push(disk.files());
  }
  return moments;
}

/** A directory with each kind of file as it was at a moment. Every file of a copy has an inode of its own. */
function copyOf(
  { journal, tasks, state }: Readonly<Record<"journal" | "tasks" | "state", ReadonlyMap<string, string> | undefined>>,
): MemoryDisk {
  const disk = new MemoryDisk();
  // As on a disk that has been in use for long: no inode is one of those of the history.
  for (let number = 0; number < 1_000; number++) disk.put("/used", "");
  disk.remove("/used");
  disk.makeDirectory("/data");
  for (const [path, content] of journal ?? []) if (path.endsWith(".jsonl")) disk.put(path, content);
  for (const [path, from] of [[FILES[0] ?? "", tasks], [FILES[1] ?? "", state]] as const) {
    const content = from?.get(path);
    if (content !== undefined) disk.put(path, content);
  }
  return disk;
}

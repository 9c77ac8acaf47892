/** Shows that a checkpoint that another process replaces while it is being read never gives a mixed state. */

import { assert, assertEquals } from "@std/assert";
import type { Disk } from "../../../src/store/file/disk.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { overriding } from "../../support/overriding.ts";
import { checkpoint, createTask, startStore, wholeState } from "../../support/store.ts";

const FILES = ["/data/state.json", "/data/tasks.json"];

Deno.test({
  name: "a start gets the state of the journal if the checkpoint is replaced at any moment",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    await createTask(store.engine, "a");
    await checkpoint(store);
    const older = FILES.map((path) => disk.files().get(path) ?? "");
    await createTask(store.engine, "b");
    await checkpoint(store);
    const newer = FILES.map((path) => disk.files().get(path) ?? "");
    const expected = await wholeState(store.engine);

    let replaced = 0;
    for (let number = 1, isOver = false; !isOver; number++) {
      const each = disk.afterKill();
      FILES.forEach((path, index) => each.put(path, older[index] ?? ""));
      let looks = 0;
      const replacing = onEachLook(each, () => {
        if (++looks === number) FILES.forEach((path, index) => each.put(path, newer[index] ?? ""));
      });
      await using other = await startStore({ directory: "/data", disk: replacing });
      assertEquals(await wholeState(other.engine), expected, `replaced before look ${number}`);
      isOver = looks < number;
      if (!isOver) replaced++;
    }
    assert(replaced > 5);
  },
});

/** The disk, with something done before each look at it. */
function onEachLook(disk: MemoryDisk, before: () => void): Disk {
  return overriding<Disk>(disk, {
    open: (path, mode) => (before(), disk.open(path, mode)),
    identity: (path) => (before(), disk.identity(path)),
    readFile: (path) => (before(), disk.readFile(path)),
    list: (directory) => (before(), disk.list(directory)),
  });
}

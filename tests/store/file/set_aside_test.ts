/** Shows that files are set aside without overwriting any, in a bounded number, and that the log names what goes. */

import { assert, assertEquals } from "@std/assert";
import { MAX_SET_ASIDE, setAside } from "../../../src/store/file/set_aside.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, createTask, startStore } from "../../support/store.ts";

const PATH = "/data/tasks.json";

Deno.test({
  name: "files that are set aside at the same time, or after the clock went back, get different names",
  permissions: "none",
  fn() {
    const disk = new MemoryDisk();
    for (const [index, now] of [5, 5, 5, 4, 5].entries()) {
      disk.put(PATH, `edit ${index}`);
      assertEquals(setAside(disk, PATH, now)?.removed, []);
    }
    assertEquals([...disk.files().values()].sort(), ["edit 0", "edit 1", "edit 2", "edit 3", "edit 4"]);
  },
});

Deno.test({
  name: "only the oldest files beyond the bound are deleted",
  permissions: "none",
  fn() {
    const disk = new MemoryDisk();
    disk.put("/data/state.json.set-aside-0", "of another file");
    disk.put("/data/tasks.json.mine", "of a person");
    for (let index = 1; index <= 3 * MAX_SET_ASIDE; index++) {
      disk.put(PATH, `edit ${index}`);
      const removed = setAside(disk, PATH, index)?.removed ?? [];
      assertEquals(removed.length, index > MAX_SET_ASIDE ? 1 : 0);
      const first = Math.max(1, index - MAX_SET_ASIDE + 1);
      assertEquals(copies(disk), Array.from({ length: index - first + 1 }, (_, each) => `edit ${first + each}`));
    }
    assert(disk.files().has("/data/state.json.set-aside-0") && disk.files().has("/data/tasks.json.mine"));
  },
});

Deno.test({
  name: "a missing file is not set aside",
  permissions: "none",
  fn() {
    assertEquals(setAside(new MemoryDisk(), PATH, 0), undefined);
  },
});

Deno.test({
  name: "any number of edits leaves a bounded number of copies, the newest, and the log names the deleted ones",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    for (let index = 1; index <= MAX_SET_ASIDE + 2; index++) {
      await createTask(store.engine, `t${index}`);
      disk.put(PATH, `edit ${index}`);
      await checkpoint(store);
    }
    assertEquals(copies(disk).length, MAX_SET_ASIDE);
    assertEquals([copies(disk).at(0), copies(disk).at(-1)], ["edit 3", `edit ${MAX_SET_ASIDE + 2}`]);
    const removals = store.log.warnings.map((each) =>
      each.includes("; the oldest copy was removed: /data/tasks.json.")
    );
    assertEquals(removals.slice(-3), [false, true, true]);
  },
});

/** The contents of the copies, oldest first. */
function copies(disk: MemoryDisk): string[] {
  return [...disk.files()].filter(([path]) => path.startsWith(`${PATH}.set-aside-`)).sort().map(([, text]) => text);
}

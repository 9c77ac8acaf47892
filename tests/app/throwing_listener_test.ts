/** Shows that a listener that throws, which is a bug, stops neither the engine nor other listeners. */

import { assert, assertEquals } from "@std/assert";
import { MemoryDisk } from "../support/memory_disk.ts";
import { checkpoint, createTask, startStore, taskIds } from "../support/store.ts";

Deno.test({
  name: "a listener that throws is reported; the engine and the other listeners go on",
  permissions: "none",
  async fn() {
    await using store = await startStore({ directory: "/data", disk: new MemoryDisk() });
    const seqs: number[] = [];
    store.engine.subscribe((records) => void seqs.push(...records.map(({ seq }) => seq)));
    store.engine.subscribe(() => {
      throw new Error("a bug in a listener");
    });
    store.engine.subscribe((records) => void seqs.push(...records.map(({ seq }) => -seq)));
    await createTask(store.engine, "a");
    await createTask(store.engine, "b");
    assertEquals(await taskIds(store.engine), ["a", "b"]);
    await checkpoint(store);
    assertEquals(seqs, [1, -1, 2, -2]);
    const reports = store.log.errors.filter((message) => message.includes("a bug in a listener"));
    assert(reports.length === 2, store.log.errors.join("\n"));
  },
});

/** Shows that a checkpoint keeps the request ids of callers. */

import { assert, assertEquals } from "@std/assert";
import { localOperator } from "../../../src/core/model/access.ts";
import { create, newTask } from "../../core/given.ts";
import { MemoryDisk } from "../../support/memory_disk.ts";
import { checkpoint, recordsAfter, startStore } from "../../support/store.ts";

const caller = localOperator("test");

Deno.test({
  name: "a repeat is recognized after a start from a checkpoint",
  permissions: "none",
  async fn() {
    const disk = new MemoryDisk();
    await using store = await startStore({ directory: "/data", disk });
    const answer = await store.engine.execute(create(newTask("a")), caller, { request: "r" });
    assert(!("repeated" in answer));
    await checkpoint(store);
    await using again = await startStore({ directory: "/data", disk });
    assertEquals(again.engine.checkpointSeq, 1);
    const repeat = await again.engine.execute(create(newTask("a")), caller, { request: "r" });
    assert("repeated" in repeat && repeat.seq === 1);
    assertEquals((await recordsAfter(again.journal)).map(({ request }) => request?.split("#")[0]), ["r"]);
  },
});

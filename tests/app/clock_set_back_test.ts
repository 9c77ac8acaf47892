/** Shows that a time which only one process has seen, as its clock was wrong for a moment, leaves nothing behind in it. */

import { localOperator } from "../../src/core/model/access.ts";
import { assertEquals, assertRejects } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { Refusal } from "../../src/core/model/refusal.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { claim, create, taskWith } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";

Deno.test({
  name: "a task that was ready only by a clock that was ahead is delayed again once the clock is right",
  permissions: "none",
  async fn() {
    let time = 1_000;
    const now = () => time;
    const engine = await Engine.start({
      journal: new MemoryJournal(now),
      checkpoints: noCheckpoints,
      log: new RecordingLog(),
    });
    const fallback = { assignTo: { instance: "ben", fallbackMs: 4_000 } };
    await engine.execute(
      create(taskWith({ notBefore: 5_000 }, "later"), taskWith(fallback, "reserved")),
      localOperator("test"),
    );

    time = 9_000;
    assertEquals((await engine.query({ type: "get_task", id: "later" }, localOperator("test"))).readiness, "ready");
    time = 2_000;
    assertEquals((await engine.query({ type: "get_task", id: "later" }, localOperator("test"))).readiness, "delayed");
    assertEquals(
      (await assertRejects(() => engine.execute(claim("ann", "later"), localOperator("ann")), Refusal)).code,
      "not_ready",
    );
    assertEquals((await engine.execute(claim("ann"), localOperator("ann"))).task, undefined);

    time = 5_000;
    assertEquals((await engine.execute(claim("ann"), localOperator("ann"))).task?.id, "reserved");
    assertEquals((await engine.execute(claim("ann"), localOperator("ann"))).task?.id, "later");
    await engine.close();
  },
});

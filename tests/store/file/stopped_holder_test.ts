/** Shows that a process that is stopped while it holds the write lock does not stop the others. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { Unavailable } from "../../../src/app/ports.ts";
import { startChild } from "../../support/child.ts";
import { createTask, startStore, taskIds } from "../../support/store.ts";
import { temporaryDirectory } from "../../support/temp.ts";
import { until } from "../../support/until.ts";

Deno.test({
  name: "a stopped holder makes calls end in busy, blocks nobody's event loop, and things go on after it",
  permissions: { read: "inherit", write: "inherit", run: "inherit" },
  async fn() {
    if (Deno.build.os === "windows") return console.log("Skipped on Windows: processes cannot be stopped");
    await using directory = await temporaryDirectory();
    await using store = await startStore({ directory: directory.path, lockWaitMs: 500 });
    await createTask(store.engine, "before");
    await using child = startChild(new URL("hold_lock.ts", import.meta.url), [directory.path]);
    assertEquals((await child.lines.next()).value, "held");
    child.process.kill("SIGSTOP");
    // A stopped process does not even notice that it is asked to end.
    await child.endInput();

    let ticks = 0;
    const ticking = setInterval(() => ticks++, 5);
    const error = await assertRejects(
      () => createTask(store.engine, "refused"),
      Unavailable,
      "has held the write lock",
    );
    assertEquals(error.code, "busy");
    assert(ticks > 3, `${ticks} ticks`);
    // Reading needs no lock.
    assertEquals(await taskIds(store.engine), ["before"]);
    assertEquals((await assertRejects(() => createTask(store.engine, "refused"), Unavailable)).code, "busy");
    clearInterval(ticking);

    const waiting = createTask(store.engine, "after").catch(() => undefined);
    child.process.kill("SIGCONT");
    await waiting;
    await until("a call to get the lock", () => createTask(store.engine, "later").then(() => true, () => false));
    // The lock that came late was let go: another process gets it.
    await using other = await startStore({ directory: directory.path, lockWaitMs: 500 });
    await until(
      "another process to get the lock",
      () => createTask(other.engine, "last").then(() => true, () => false),
    );
    const ids = await taskIds(store.engine);
    assertEquals(ids.filter((id) => id !== "after"), ["before", "later", "last"]);
  },
});

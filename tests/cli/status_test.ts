/** Shows since when the table of tasks says that a task is as it is. */

import { localOperator } from "../../src/core/model/access.ts";
import { assertEquals } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { printWholeStatus } from "../../src/cli/status.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { importing, oldTask } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";

/** When the table is printed, in seconds. */
const NOW = 1_000_000;

Deno.test({
  name: "status shows how long a task has had its status, in the largest unit that fits",
  permissions: "none",
  async fn() {
    const times = { createdAt: 1_000, pendingAt: (NOW - 59) * 1_000, startedAt: (NOW - 60) * 1_000 };
    const tasks = [
      oldTask("pending", times),
      oldTask("running", { ...times, status: "in_progress", assignedTo: "x", attempt: 1 }),
      ...[3_599, 3_600, 3_601, 86_399, 86_400, 172_800].map((seconds) =>
        oldTask(`failed ${seconds}`, { ...times, status: "failed", finishedAt: (NOW - seconds) * 1_000 })
      ),
      oldTask("later than now", { ...times, pendingAt: (NOW + 9) * 1_000 }),
    ];
    assertEquals(await sinceOf(tasks), ["59 s", "1 min", "59 min", "1 h", "1 h", "23 h", "1 d", "2 d", "0 s"]);
  },
});

/** What the column SINCE shows of each task. */
async function sinceOf(tasks: readonly ReturnType<typeof oldTask>[]): Promise<(string | undefined)[]> {
  const journal = new MemoryJournal(() => NOW * 1_000);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  await engine.execute(importing(...tasks), localOperator("test"));
  const lines: string[] = [];
  await printWholeStatus(engine, { print: (line) => void lines.push(line), columns: 100, hasColors: false });
  await engine.close();
  return lines.slice(1, -1).map((line) => / {2}(\d+ (?:s|min|h|d)) {2}/.exec(line)?.[1]);
}

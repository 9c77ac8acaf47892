/** Shows that `status` fits terminals of any width, with plans of any size, and shows first what matters most. */

import { assert, assertEquals } from "@std/assert";
import stringWidth from "string-width";
import { Engine } from "../../src/app/engine.ts";
import { printBriefStatus } from "../../src/cli/brief_status.ts";
import { lookAt } from "../../src/cli/overview.ts";
import { localOperator } from "../../src/core/model/access.ts";
import type { Task } from "../../src/core/model/task.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { importing, oldTask, times } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";

const NOW = 1_000_000_000;

function test(name: string, fn: () => Promise<void>): void {
  Deno.test({ name, permissions: "none", fn });
}

const TEXT = "Refactor the module, update its tests, and write down what changed in the interface";

/** A plan with so many tasks that are done, ready, blocked and waiting; three run, and one failed. */
function planOf(each: number): readonly Task[] {
  const begun = { assignedTo: "claude-code-amber-otter", attempt: 1, startedAt: 1, description: TEXT };
  return [
    ...times(each, (n) => oldTask(`done${n}`, { ...begun, status: "completed", finishedAt: 2, result: "r" })),
    ...times(each, (n) => oldTask(`waiting${n}`, { description: TEXT, dependencies: ["running0"] })),
    ...times(each, (n) => oldTask(`blocked${n}`, { description: TEXT, dependencies: ["broken"] })),
    oldTask("broken", { ...begun, status: "failed", finishedAt: 2, error: "e" }),
    ...times(each, (n) => oldTask(`a-long-name-of-a-task-about-modules-${n}`, { description: TEXT })),
    ...times(3, (n) => oldTask(`running${n}`, { ...begun, status: "in_progress" })),
  ];
}

async function linesOf(tasks: readonly Task[], columns: number, rows?: number): Promise<readonly string[]> {
  const engine = await Engine.start({
    journal: new MemoryJournal(() => NOW),
    checkpoints: noCheckpoints,
    log: new RecordingLog(),
  });
  await engine.execute(importing(...tasks), localOperator("test"));
  const lines: string[] = [];
  const terminal = { print: (line: string) => void lines.push(line), columns, hasColors: false };
  printBriefStatus(await lookAt(engine), { ...terminal, ...(rows !== undefined && { rows }) }, { now: NOW, hint: "" });
  await engine.close();
  return lines;
}

test("no row is wider than the terminal, and none runs out of it", async () => {
  for (const each of [1, 50, 1_250]) {
    const tasks = planOf(each);
    for (const columns of [60, 80, 200]) {
      const lines = await linesOf(tasks, columns, 24);
      assert(lines.length <= 24, `${tasks.length} tasks: ${lines.length} lines`);
      for (const line of lines.slice(0, -1)) assert(stringWidth(line) <= columns, line);
    }
  }
});

test("what runs, is ready, blocked or failed is shown before what waits; what is done is counted", async () => {
  const lines = await linesOf(planOf(50), 200, 24);
  const states = lines.slice(1, -2).map((line) => line.slice(34).split(" ")[0]);
  assertEquals([...new Set(states)], ["in_progress", "ready", "blocked", "failed", "waiting"]);
  assertEquals(lines.slice(-2), [
    `… and ${3 * 50 + 4 - states.length} more`,
    "204 tasks: 3 in_progress, 50 ready, 50 blocked, 1 failed, 50 waiting, 50 completed",
  ]);
});

test("a narrow terminal has the instance before the description, a wide one in a column", async () => {
  const tasks = [
    oldTask("a", { status: "in_progress", assignedTo: "bob", attempt: 1, startedAt: NOW, description: "d" }),
  ];
  assertEquals((await linesOf(tasks, 80)).slice(0, 2), [
    "ID  STATUS       SINCE  DESCRIPTION",
    "a   in_progress  0 s    bob: d",
  ]);
  assertEquals((await linesOf(tasks, 120)).slice(0, 2), [
    "ID  STATUS       SINCE  INSTANCE  DESCRIPTION",
    "a   in_progress  0 s    bob       d",
  ]);
});

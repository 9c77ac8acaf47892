/** Shows what the command analyze prints, of a plan and of none. */

import { assertEquals } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { printAnalysis } from "../../src/cli/analyze.ts";
import { localOperator } from "../../src/core/model/access.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { create, newTask } from "../core/given.ts";
import { RecordingLog } from "../support/log.ts";

Deno.test("analyze prints the critical path as a table, and what holds it up with what would help", async () => {
  const lines = await linesOf([newTask("design"), newTask("build", "design"), newTask("docs")]);
  assertEquals(lines, [
    "3 tasks remain: 30 min of work, at least 20 min with any number of instances. 1.5 can be busy on average, at most 2 at a time.",
    "",
    "The critical path:",
    "ID      STATE    STARTS IN  TAKES   ESTIMATED BY",
    "design  ready    0 ms       10 min  assumed",
    "build   waiting  10 min     10 min  assumed",
    "",
    "What holds it up, the worst first:",
    "- design is ready and unclaimed, and 1 task of 10 min waits for it.",
    "  Have it claimed first: update_task design priority urgent",
  ]);
});

Deno.test("analyze says that nothing remains", async () => {
  assertEquals(await linesOf([]), ["No task remains"]);
});

async function linesOf(tasks: readonly NewTask[]): Promise<readonly string[]> {
  const journal = new MemoryJournal(() => 1_000_000);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  if (tasks.length > 0) await engine.execute(create(...tasks), localOperator("test"));
  const lines: string[] = [];
  await printAnalysis(engine, 10, { print: (line) => void lines.push(line), columns: 100, hasColors: false });
  await engine.close();
  return lines;
}

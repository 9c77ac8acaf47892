/** Shows what the command analyze prints, of a plan and of none. */

import { assertEquals, assertMatch } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { type AnalyzeOptions, printAnalysis } from "../../src/cli/analyze.ts";
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

Deno.test("analyze --forecast says when the plan will be done with some numbers of instances", async () => {
  const lines = await linesOf([newTask("a"), newTask("b")], { forecast: [1, 2] });
  const table = lines.slice(-4).map((line) => line.split(/ {2,}/));
  assertMatch(lines.at(-4) ?? "", /^When it will be done, by 200 simulations, in which 0 % of the attempts fail/);
  assertEquals(table[1], ["INSTANCES", "NOT BEFORE", "MEDIAN", "BY THEN", "ENDS"]);
  assertEquals(table.slice(2).map(([instances, , , , ends]) => [instances, ends]), [["1", "100 %"], ["2", "100 %"]]);
});

Deno.test("analyze says that nothing remains", async () => {
  assertEquals(await linesOf([]), ["No task remains"]);
});

async function linesOf(
  tasks: readonly NewTask[],
  options: Omit<AnalyzeOptions, "limit"> = {},
): Promise<readonly string[]> {
  const journal = new MemoryJournal(() => 1_000_000);
  const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
  if (tasks.length > 0) await engine.execute(create(...tasks), localOperator("test"));
  const lines: string[] = [];
  await printAnalysis(engine, { limit: 10, ...options }, {
    print: (line) => void lines.push(line),
    columns: 100,
    hasColors: false,
  });
  await engine.close();
  return lines;
}

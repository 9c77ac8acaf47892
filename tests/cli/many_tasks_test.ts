/** Shows that the commands of an operator take a plan of 200,000 tasks: more than a call takes arguments. */

import { assert, assertEquals } from "@std/assert";
import { Engine } from "../../src/app/engine.ts";
import { printHistory, type Terminal } from "../../src/cli/commands.ts";
import { printExport, printImport } from "../../src/cli/plan.ts";
import { printWholeStatus } from "../../src/cli/status.ts";
import { MemoryJournal, noCheckpoints } from "../../src/store/memory/memory_journal.ts";
import { planOfTasks } from "../../src/core/model/portable_plan.ts";
import { formatPlan } from "../../src/store/file/plan_file.ts";
import { formatTasks } from "../../src/store/file/tasks_file.ts";
import { oldTask, times } from "../core/given.ts";
import { steppingClock } from "../support/clock.ts";
import { RecordingLog } from "../support/log.ts";

const COUNT = 200_000;

Deno.test({
  name: "a plan of 200,000 tasks is imported, shown, exported and found in the history",
  permissions: "none",
  async fn(t) {
    const journal = new MemoryJournal(steppingClock());
    const engine = await Engine.start({ journal, checkpoints: noCheckpoints, log: new RecordingLog() });
    const lines: string[] = [];
    const terminal: Terminal = { print: (line) => lines.push(line), columns: 80, hasColors: false };
    const tasks = times(COUNT, (index) => oldTask(`t${index}`));
    await printImport(engine, planOfTasks(tasks), terminal);
    assertEquals(lines.splice(0), [`Imported ${COUNT} tasks`]);

    await t.step("status --all", async () => {
      await printWholeStatus(engine, terminal);
      assertEquals(lines.length, COUNT + 2);
      assert(lines[COUNT]?.startsWith(`t${COUNT - 1} `), lines[COUNT]);
      assertEquals(lines.at(-1), `${COUNT} tasks: ${COUNT} ready`);
      lines.length = 0;
    });

    await t.step("export", async () => {
      let text = "";
      const formats = { plan: formatPlan, tasks: formatTasks };
      await printExport(engine, { tasks: false, formats }, (slice) => text += slice);
      assertEquals(Object.keys(JSON.parse(text).tasks).length, COUNT);
    });

    await t.step("history", async () => {
      await printHistory(engine, { query: { limit: 1_000 }, json: false }, terminal);
      assert(
        lines.length > 0 &&
          lines.every((line) =>
            / {2}(import|orchestrator) {2}task\.(imported|ready) {2}t\d+$|^There are older/.test(line)
          ),
        lines[0],
      );
    });
  },
});

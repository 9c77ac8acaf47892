/** The command `analyze`: prints what decides when the plan is done, and what holds it up, as tables. */

import { analyzePlan } from "../app/analysis.ts";
import type { Engine } from "../app/engine.ts";
import type { Analysis, Bottleneck, Schedule, ScheduledTask } from "../core/messages/analysis.ts";
import { inWords } from "../core/model/text.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";
import { tableOf } from "./table.ts";

/** Prints the analysis of all tasks, with at most `limit` entries in each table. */
export async function printAnalysis(engine: Engine, limit: number, terminal: Terminal): Promise<number> {
  const { signal } = new AbortController();
  const analysis = await analyzePlan({ query: (query) => engine.query(query, OPERATOR), signal }, { limit });
  for (const line of linesOf(analysis, terminal.columns)) terminal.print(line);
  return 0;
}

function linesOf({ schedule, bottlenecks }: Analysis, columns: number): readonly string[] {
  if (schedule.taskCount === 0) return ["No task remains"];
  return [
    summaryOf(schedule),
    "",
    "The critical path:",
    ...tableOf([["ID", "STATE", "STARTS IN", "TAKES", "ESTIMATED BY"], ...schedule.criticalPath.map(rowOf)], columns),
    "",
    ...(bottlenecks.length === 0 ? ["Nothing holds it up"] : ["What holds it up, the worst first:"]),
    ...bottlenecks.flatMap(describe),
  ];
}

function summaryOf({ taskCount, workMs, lengthMs, parallelism, maxParallelism }: Schedule): string {
  const tasks = taskCount === 1 ? "1 task remains" : `${taskCount} tasks remain`;
  return `${tasks}: ${inWords(workMs)} of work, at least ${inWords(lengthMs)} with any number of instances. ` +
    `${parallelism} can be busy on average, at most ${maxParallelism} at a time.`;
}

function rowOf({ id, state, startMs, durationMs, source }: ScheduledTask): readonly string[] {
  return [id, state, inWords(startMs), inWords(durationMs), source].map(visible);
}

function describe({ what, remedy }: Bottleneck): readonly string[] {
  return [`- ${visible(what)}.`, `  ${visible(remedy)}`];
}

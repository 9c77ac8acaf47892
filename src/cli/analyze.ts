/** The command `analyze`: prints what decides when the plan is done, and what holds it up, as tables. */

import { localAnalyst } from "../app/analysis.ts";
import type { Engine } from "../app/engine.ts";
import type { Analysis, Bottleneck, Forecast, Outlook, Schedule, ScheduledTask } from "../core/messages/analysis.ts";
import { inWords, nameSome } from "../core/model/text.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";
import { tableOf } from "./table.ts";

export interface AnalyzeOptions {
  /** Most entries in each table. */
  readonly limit: number;
  /** The numbers of instances for which the end is forecast. Default: no forecast. */
  readonly forecast?: readonly number[];
}

/** Prints the analysis of all tasks. */
export async function printAnalysis(
  engine: Engine,
  { limit, forecast: instances }: AnalyzeOptions,
  terminal: Terminal,
): Promise<number> {
  const { signal } = new AbortController();
  const analyst = localAnalyst((query) => engine.query(query, OPERATOR));
  const analysis = await analyst({ type: "analysis", limit }, signal);
  for (const line of linesOf(analysis, terminal.columns)) terminal.print(line);
  if (instances === undefined || analysis.schedule.taskCount === 0) return 0;
  const forecast = await analyst({ type: "forecast", instances }, signal);
  for (const line of forecastLines(forecast, terminal.columns)) terminal.print(line);
  return 0;
}

function forecastLines({ outlooks, runs, failureRate, isPaused }: Forecast, columns: number): readonly string[] {
  const percent = Math.round(1_000 * failureRate) / 10;
  return [
    "",
    ...(isPaused === true ? ["The project is paused: what follows is as if it were resumed now."] : []),
    `When it will be done, by ${runs} simulations, in which ${percent} % of the attempts fail as they did before:`,
    ...tableOf([["INSTANCES", "NOT BEFORE", "MEDIAN", "BY THEN", "ENDS"], ...outlooks.map(outlookRow)], columns),
  ];
}

function outlookRow({ instances, p10Ms, p50Ms, p90Ms, endsShare, stuck = [] }: Outlook): readonly string[] {
  const time = (ms: number | undefined) => ms === undefined ? "never" : inWords(ms);
  const held = stuck.length === 0 ? "" : `, else nobody can do ${nameSome(stuck)}`;
  return [`${instances}`, time(p10Ms), time(p50Ms), time(p90Ms), visible(`${Math.round(100 * endsShare)} %${held}`)];
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

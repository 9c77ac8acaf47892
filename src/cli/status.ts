/** The tasks as a table, for the command `status`. */

import type { Engine } from "../app/engine.ts";
import type { Summary } from "../core/messages/queries.ts";
import type { TaskView } from "../core/model/task.ts";
import { describePause, type ProjectPause } from "../core/model/project.ts";
import { counted, nameSome } from "../core/model/text.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";
import { tableOf } from "./table.ts";

/** Prints all tasks in the order of creation, and the counts. */
export async function printWholeStatus(engine: Engine, terminal: Terminal): Promise<number> {
  const [page, counts, { paused }] = await Promise.all([
    engine.query({ type: "list_tasks", filter: {}, limit: Infinity }, OPERATOR),
    engine.query({ type: "count_tasks", filter: {} }, OPERATOR),
    engine.query({ type: "get_project" }, OPERATOR),
  ]);
  printTable(page.tasks, terminal, engine.now());
  printCounts(counts, paused, terminal);
  return 0;
}

/** Prints how many tasks there are of each kind, and whether the project is paused. */
export function printCounts(counts: Summary, paused: ProjectPause | undefined, terminal: Terminal): void {
  terminal.print(describeCounts(counts));
  if (paused !== undefined) terminal.print(paint(tellPause(paused), WARNING_COLOR, terminal));
}

function printTable(tasks: readonly TaskView[], terminal: Terminal, now: number): void {
  if (tasks.length === 0) return;
  const rows = tasks.map((task) => taskRow(task, now));
  const [head = "", ...lines] = tableOf([TASK_COLUMNS, ...rows], terminal.columns);
  terminal.print(paint(head, HEAD_COLOR, terminal));
  for (const [index, line] of lines.entries()) {
    const task = tasks[index];
    terminal.print(paint(line, task === undefined ? "0" : colorOf(task), terminal));
  }
}

/** What a row shows of a task. */
export type RowTask = Pick<
  TaskView,
  | "id"
  | "description"
  | "status"
  | "readiness"
  | "waitingFor"
  | "limitedBy"
  | "delayedUntil"
  | "priority"
  | "assignedTo"
  | "progress"
  | "overdue"
  | "pendingAt"
  | "startedAt"
  | "finishedAt"
>;

/** The heads of the columns of `taskRow`. */
export const TASK_COLUMNS: readonly string[] = ["ID", "STATUS", "SINCE", "INSTANCE", "DESCRIPTION"];

/** A task as cells of a table, without control characters. */
export function taskRow(task: RowTask, now: number): readonly string[] {
  const { id, assignedTo = "" } = task;
  return [id, stateOf(task), since(task, now), assignedTo, describeTask(task)].map(visible);
}

/** Why no task can be claimed, without control characters. */
export function tellPause(paused: ProjectPause): string {
  return visible(`No task can be claimed as ${describePause(paused)}`);
}

/** Colours of the head of a table and of what needs attention. */
export const HEAD_COLOR = "1";
export const WARNING_COLOR = "1;33";

/** ANSI colours (SGR parameters) of the states. */
const COLORS: Readonly<Record<string, string>> = {
  ready: "36",
  limited: "36",
  blocked: "33",
  delayed: "35",
  in_progress: "1;33",
  completed: "32",
  failed: "31",
  cancelled: "90",
  skipped: "90",
};

export function colorOf(task: RowTask): string {
  return COLORS[stateOf(task)] ?? "0";
}

export function paint(text: string, color: string, { hasColors }: Pick<Terminal, "hasColors">): string {
  return hasColors ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function stateOf(task: RowTask): string {
  return task.readiness ?? task.status;
}

/** The description, after notes in parentheses: what the task waits for, its priority, its progress. */
function describeTask(task: RowTask): string {
  const { waitingFor, limitedBy, description, priority, overdue, progress, delayedUntil } = task;
  const notes = [
    ...(priority === undefined ? [] : [priority]),
    ...(overdue === true ? ["overdue"] : []),
    ...(waitingFor === undefined ? [] : [`after ${nameSome(waitingFor)}`]),
    ...(limitedBy === undefined ? [] : [nameSome(limitedBy)]),
    ...(delayedUntil === undefined ? [] : [`from ${new Date(delayedUntil).toISOString()}`]),
    ...(progress?.percent === undefined ? [] : [`${progress.percent} %`]),
  ];
  return notes.length === 0 ? description : `(${notes.join(", ")}) ${description}`;
}

/** How long the task has been in its status, in the largest unit that fits. */
function since({ status, pendingAt, startedAt, finishedAt }: RowTask, now: number): string {
  const at = status === "pending" ? pendingAt : status === "in_progress" ? startedAt : finishedAt;
  return ageOf(at ?? now, now);
}

/** The time since a moment, in the largest unit that fits. */
export function ageOf(at: number, now: number): string {
  const seconds = Math.max(0, Math.floor((now - at) / 1000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["s", 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

/** Units of time and their length in seconds. */
const UNITS: readonly (readonly [string, number])[] = [["d", 86_400], ["h", 3_600], ["min", 60]];

export function describeCounts(
  { total, byStatus, ready, limited, waiting, blocked, delayed, overdue }: Summary,
): string {
  const { in_progress, completed, failed, cancelled, skipped } = byStatus;
  // What matters most comes first.
  const parts = {
    ...{ in_progress, ready, blocked, failed, overdue, limited, delayed, waiting },
    ...{ completed, cancelled, skipped },
  };
  const named = Object.entries(parts).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  return `${counted(total, "task")}${named.length > 0 ? `: ${named.join(", ")}` : ""}`;
}

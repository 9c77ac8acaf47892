/** The command `status`: prints the tasks as a table. */

import type { Engine } from "../app/engine.ts";
import type { Summary, TaskPage } from "../core/messages/queries.ts";
import type { TaskFilter, TaskView } from "../core/model/task.ts";
import { describePause, type ProjectPause } from "../core/model/project.ts";
import { nameSome } from "../core/model/text.ts";
import { OPERATOR, type Terminal, visible } from "./commands.ts";
import { tableOf } from "./table.ts";

/** Most rows without `--all`. */
const DEFAULT_ROWS = 50;

/** Prints all tasks, or without `all` only those neither completed nor skipped, and the counts. */
export async function printStatus(engine: Engine, all: boolean, terminal: Terminal): Promise<number> {
  const filter: TaskFilter = all ? {} : { status: ["pending", "in_progress", "failed", "cancelled"] };
  const [open, counts, { paused }] = await Promise.all([
    engine.query({ type: "list_tasks", filter, limit: all ? Infinity : DEFAULT_ROWS }, OPERATOR),
    engine.query({ type: "count_tasks", filter: {} }, OPERATOR),
    engine.query({ type: "get_project" }, OPERATOR),
  ]);
  printTable(open, terminal, engine.now());
  if (open.tasks.length < open.total) terminal.print(`… and ${open.total - open.tasks.length} more: --all shows them`);
  terminal.print(describeCounts(counts));
  if (paused !== undefined) terminal.print(paint(tellPause(paused), WARNING_COLOR, terminal));
  return 0;
}

function printTable(page: TaskPage, terminal: Terminal, now: number): void {
  if (page.tasks.length === 0) return;
  const rows = page.tasks.map((task) => taskRow(task, now));
  const [head = "", ...lines] = tableOf([TASK_COLUMNS, ...rows], terminal.columns);
  terminal.print(paint(head, HEAD_COLOR, terminal));
  for (const [index, line] of lines.entries()) {
    const task = page.tasks[index];
    terminal.print(paint(line, task === undefined ? "0" : colorOf(task), terminal));
  }
}

/** The heads of the columns of `taskRow`. */
export const TASK_COLUMNS: readonly string[] = ["ID", "STATUS", "SINCE", "INSTANCE", "DESCRIPTION"];

/** A task as cells of a table, without control characters. */
export function taskRow(task: TaskView, now: number): readonly string[] {
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

export function colorOf(task: TaskView): string {
  return COLORS[stateOf(task)] ?? "0";
}

export function paint(text: string, color: string, { hasColors }: Pick<Terminal, "hasColors">): string {
  return hasColors ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function stateOf(task: TaskView): string {
  return task.readiness ?? task.status;
}

/** The description, after notes in parentheses: what the task waits for, its priority, its progress. */
function describeTask(task: TaskView): string {
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
function since({ status, pendingAt, startedAt, finishedAt }: TaskView, now: number): string {
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
  const parts = { ...byStatus, pending: 0, ready, limited, waiting, blocked, delayed, overdue };
  const named = Object.entries(parts).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  return `${total} tasks${named.length > 0 ? `: ${named.join(", ")}` : ""}`;
}

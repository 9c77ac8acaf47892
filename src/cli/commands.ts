/**
 * The commands that an operator runs by hand. Each prints to standard output and returns the exit code.
 */

import type { Engine } from "../app/engine.ts";
import { type HistoryQuery, readHistory } from "../app/history.ts";
import type { Backup, Fault, Repair, Verification } from "../app/ports.ts";
import { type JournalRecord, taskIdsOf } from "../core/events.ts";
import { nameSome } from "../core/graph.ts";
import type { Task, TaskView } from "../core/model.ts";
import { listTasks, summarize, type Summary, type TaskPage } from "../core/views.ts";

/** Tasks that `status` prints unless asked for all. */
const DEFAULT_ROWS = 50;

/** Where a command prints to. */
export interface Terminal {
  readonly print: (line: string) => void;
  readonly columns: number;
  readonly hasColors: boolean;
}

/** Prints the tasks as a table, those that are not completed unless `all`, and the counts. */
export async function printStatus(engine: Engine, all: boolean, terminal: Terminal): Promise<number> {
  const { open, counts } = await engine.read((state) => ({
    open: all
      ? listTasks(state, {}, { limit: Infinity })
      : listTasks(state, { status: ["pending", "in_progress", "failed", "cancelled"] }, { limit: DEFAULT_ROWS }),
    counts: summarize(state),
  }));
  printTable(open, terminal, Date.now());
  if (open.tasks.length < open.total) terminal.print(`… and ${open.total - open.tasks.length} more: --all shows them`);
  terminal.print(describe(counts));
  return 0;
}

/** Prints records, one a line. */
export async function printHistory(engine: Engine, query: HistoryQuery, terminal: Terminal): Promise<number> {
  const { records, hasMore } = await readHistory(engine, query);
  for (const record of records) terminal.print(visible(describeRecord(record)));
  if (hasMore) {
    const last = records.at(-1)?.seq ?? 0;
    terminal.print(
      query.since === undefined
        ? "There are older records: --limit shows more"
        : `There are newer records: --since ${last} shows them`,
    );
  }
  return 0;
}

/** Prints what a check of the journal found; 1 if it is damaged. */
export function printVerification({ records, lastAt, fault }: Verification, terminal: Terminal): number {
  terminal.print(`records: ${records}`);
  if (lastAt !== undefined) terminal.print(`last:    seq ${records}, ${new Date(lastAt).toISOString()}`);
  if (fault === undefined) {
    terminal.print("OK");
    return 0;
  }
  terminal.print(
    `${FAULTS[fault.kind].name} at ${fault.path}:${fault.line} (byte ${fault.byte}): ${fault.why}`,
  );
  terminal.print(FAULTS[fault.kind].wayOut);
  return fault.kind === "torn" ? 0 : 1;
}

const FAULTS: Readonly<Record<Fault["kind"], { readonly name: string; readonly wayOut: string }>> = {
  torn: {
    name: "UNFINISHED",
    wayOut: "A process was stopped while writing, or is writing just now; the next write cuts it off.",
  },
  newer: {
    name: "NEWER",
    wayOut:
      "A newer version of this program wrote it; nothing is damaged. Restart the MCP servers that are older than " +
      "the journal; if they stay so, update this program.",
  },
  damaged: {
    name: "DAMAGED",
    wayOut: "repair cuts the journal off before it, after keeping a copy; a backup may have more.",
  },
};

/** Prints what a repair did. */
export function printRepair({ verification, copies }: Repair, terminal: Terminal): number {
  if (copies === undefined) {
    terminal.print(`Nothing to repair: ${verification.records} records are whole.`);
    return 0;
  }
  terminal.print(`Records kept: ${verification.records}. What was cut off or set aside is in ${copies}`);
  if (verification.records === 0) {
    terminal.print(
      "No record is left: the next start imports the tasks in tasks.json, if it is there, without history.",
    );
  }
  terminal.print("Restart the servers that use this data directory.");
  return 0;
}

/** Prints what a backup copied. */
export function printBackup({ destination, records, segments, checkpointSeq }: Backup, terminal: Terminal): number {
  terminal.print(`Copied to ${destination}, and read back: it is whole.`);
  terminal.print(`records:    ${records}`);
  terminal.print(`segments:   ${segments}`);
  terminal.print(`checkpoint: ${checkpointSeq === undefined ? "none of use" : `of record ${checkpointSeq}`}`);
  return 0;
}

/** Prints all tasks in the format of `tasks.json`. */
export async function printExport(
  engine: Engine,
  format: (tasks: readonly Task[]) => Iterable<string>,
  write: (text: string) => void,
): Promise<number> {
  const tasks = await engine.read((state) => Array.from(state.tasks.values(), (node) => node.task));
  for (const slice of format(tasks)) write(slice);
  return 0;
}

/** Adds tasks as they are. */
export async function importTasks(engine: Engine, tasks: readonly Task[], terminal: Terminal): Promise<number> {
  const { imported } = await engine.execute({ type: "import_tasks", tasks }, "import");
  terminal.print(`Imported ${imported} tasks`);
  return 0;
}

function printTable(page: TaskPage, terminal: Terminal, now: number): void {
  if (page.tasks.length === 0) return;
  const rows = page.tasks.map((task) =>
    [task.id, stateOf(task), since(task, now), task.assignedTo ?? "", describeTask(task)].map(visible)
  );
  const head = ["ID", "STATUS", "SINCE", "INSTANCE", "DESCRIPTION"];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.min(MAX_COLUMN, Math.max(...[head, ...rows].map((row) => row[column]?.length ?? 0)))
  );
  const lastWidth = Math.max(MIN_LAST_COLUMN, terminal.columns - widths.reduce((sum, width) => sum + width + 2, 0));
  const line = (row: readonly string[]) =>
    row.map((cell, column) => fit(cell, widths[column] ?? lastWidth, column < widths.length)).join("  ").trimEnd();
  terminal.print(paint(line(head), "1", terminal));
  for (const [index, row] of rows.entries()) {
    const task = page.tasks[index];
    terminal.print(paint(line(row), task === undefined ? "0" : COLORS[stateOf(task)] ?? "0", terminal));
  }
}

/** Widest column but the last, and narrowest last one, in characters. */
const MAX_COLUMN = 32;
const MIN_LAST_COLUMN = 20;

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

function paint(text: string, color: string, { hasColors }: Terminal): string {
  return hasColors ? `\x1b[${color}m${text}\x1b[0m` : text;
}

function stateOf(task: TaskView): string {
  return task.readiness ?? task.status;
}

/** The description, after what a pending task waits for, and what else an operator should know. */
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
  const seconds = Math.max(0, Math.floor((now - (at ?? now)) / 1000));
  const [unit, length] = UNITS.find(([, length]) => seconds >= length) ?? ["s", 1];
  return `${Math.floor(seconds / length)} ${unit}`;
}

/** Units of time and their length in seconds. */
const UNITS: readonly (readonly [string, number])[] = [["d", 86_400], ["h", 3_600], ["min", 60]];

function fit(text: string, width: number, isPadded: boolean): string {
  const short = text.length > width ? text.slice(0, width - 1) + "…" : text;
  return isPadded ? short.padEnd(width) : short;
}

function describe({ total, byStatus, ready, limited, waiting, blocked, delayed, overdue }: Summary): string {
  const parts = { ...byStatus, pending: 0, ready, limited, waiting, blocked, delayed, overdue };
  const named = Object.entries(parts).filter(([, count]) => count > 0).map(([name, count]) => `${count} ${name}`);
  return `${total} tasks${named.length > 0 ? `: ${named.join(", ")}` : ""}`;
}

function describeRecord({ seq, at, actor, command, events }: JournalRecord): string {
  const ids = nameSome(events.flatMap(taskIdsOf));
  const instances = events.flatMap((event) => "instance" in event ? [event.instance] : []);
  const by = instances.length > 0 ? `  by ${nameSome(instances)}` : "";
  return `${String(seq).padStart(6)}  ${new Date(at).toISOString()}  ${actor}  ${command}  ${ids}${by}`;
}

/** Text without anything that a terminal would obey. */
function visible(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, " ");
}

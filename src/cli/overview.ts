/**
 * What matters now of a plan of any size, in as many lines as there are: tasks that run, are ready, are blocked or have
 * failed, then the others, and instances. Each kind gets some of the lines before any gets more.
 */

import type { Engine } from "../app/engine.ts";
import type { InstanceList, Summary } from "../core/messages/queries.ts";
import type { ProjectPause } from "../core/model/project.ts";
import type { Readiness, TaskStatus } from "../core/model/status.ts";
import { PRIORITIES } from "../core/model/task.ts";
import { counted, head, nameSome } from "../core/model/text.ts";
import { OPERATOR, visible } from "./commands.ts";
import type { ScreenSize } from "./screen.ts";
import {
  ageOf,
  colorOf,
  describeCounts,
  HEAD_COLOR,
  paint,
  type RowTask,
  TASK_COLUMNS,
  taskRow,
  tellPause,
  WARNING_COLOR,
} from "./status.ts";
import { cut, tableOf } from "./table.ts";

/** Most tasks of each kind, and most instances, from which the lines are chosen. */
export const MAX_CHOICE = 500;

/** The share of the lines that instances get at most. */
const INSTANCES_SHARE = 0.25;

/** The share of the columns that an id gets at most. */
const ID_SHARE = 0.35;

/** From this width on, instances have a column of their own. */
const WIDE_COLUMNS = 110;

/** Most characters of a cell that are measured. Width alone is no bound, as combining characters have none. */
const MAX_CELL_CHARACTERS = 1_000;

/** The kinds of tasks, those that matter most first. */
export const KINDS: readonly (readonly (TaskStatus | Readiness)[])[] = [
  ["in_progress"],
  ["ready"],
  ["blocked"],
  ["failed"],
  ["limited", "delayed", "waiting", "cancelled"],
];

/** A plan at one moment. */
export interface Overview {
  readonly counts: Summary;
  readonly paused?: ProjectPause;
  /** Of each kind, those that matter most first. */
  readonly kinds: readonly (readonly RowTask[])[];
  readonly instances: InstanceList;
}

export async function lookAt(engine: Engine): Promise<Overview> {
  const list = (status: typeof KINDS[number]) =>
    engine.query({ type: "list_tasks", filter: { status }, limit: MAX_CHOICE }, OPERATOR);
  const [counts, { paused }, instances, ...pages] = await Promise.all([
    engine.query({ type: "count_tasks", filter: {} }, OPERATOR),
    engine.query({ type: "get_project" }, OPERATOR),
    engine.query({ type: "list_instances", limit: MAX_CHOICE, all: false, waiting: new Set() }, OPERATOR),
    ...KINDS.map(list),
  ]);
  return { counts, ...(paused !== undefined && { paused }), kinds: pages.map(inOrder), instances };
}

/** The tasks of a page: the most urgent first, then those that have been as they are for longest. */
export function inOrder({ tasks }: { readonly tasks: readonly RowTask[] }): readonly RowTask[] {
  const rank = ({ status, priority = "normal" }: RowTask) => status === "pending" ? -PRIORITIES.indexOf(priority) : 0;
  const since = ({ status, pendingAt, startedAt = 0 }: RowTask) => status === "in_progress" ? startedAt : pendingAt;
  return tasks.toSorted((a, b) => rank(a) - rank(b) || since(a) - since(b));
}

export interface DrawOptions {
  readonly size: ScreenSize;
  readonly hasColors: boolean;
  readonly now: number;
  /** A message for the last line, which also says how to leave. */
  readonly notice: string | undefined;
}

/** The lines for a screen, exactly as many as it has, none too wide. */
export function draw(overview: Overview, { size, hasColors, now, notice }: DrawOptions): readonly string[] {
  const { counts, paused, kinds, instances } = overview;
  const line = (text: string, color = "0") => paint(cut(text, size.columns).text, color, { hasColors });
  const top = [
    line(`${describeCounts(counts)}; instances: ${instances.total}`, HEAD_COLOR),
    ...(paused === undefined ? [] : [line(tellPause(paused), WARNING_COLOR)]),
  ];
  const room = Math.max(0, size.rows - top.length - 1);
  const workers = instanceTable(overview, Math.floor(room * INSTANCES_SHARE), now);
  const shown = mostOf(kinds, Math.max(0, room - workers.length - 1));
  const tasks = taskLines(shown, { columns: size.columns, hasColors, now });
  const middle = [
    ...tasks,
    ...tableLines(workers, size).map((text, index) => line(text, index === 1 ? HEAD_COLOR : "0")),
  ];
  const blank = Array<string>(Math.max(0, room - middle.length)).fill("");
  const { total, byStatus: { completed, skipped } } = counts;
  const others = total - completed - skipped - shown.length;
  const more = others === 0 ? "" : `, ${counted(others, "more task")}`;
  const bottom = line(visible(`q leaves${notice === undefined ? more : `. ${head(notice, MAX_CELL_CHARACTERS)}`}`));
  return [...top, ...middle.slice(0, room), ...blank, bottom].slice(0, size.rows);
}

/** The first tasks of each kind, in so many rows. */
export function mostOf(kinds: Overview["kinds"], room: number): readonly RowTask[] {
  const lengths = share(room, kinds.map(({ length }) => length));
  return kinds.flatMap((tasks, index) => tasks.slice(0, lengths[index]));
}

export interface LineOptions extends Pick<DrawOptions, "hasColors" | "now"> {
  /** The width of the terminal. */
  readonly columns: number;
}

/** A table of tasks, none of its lines too wide; nothing without tasks. */
export function taskLines(tasks: readonly RowTask[], { columns, hasColors, now }: LineOptions): readonly string[] {
  if (tasks.length === 0) return [];
  const line = (text: string, color: string) => paint(cut(text, columns).text, color, { hasColors });
  const rows = tasks.map((task) => taskRow(task, now));
  const table = columns < WIDE_COLUMNS ? [NARROW_HEADS, ...rows.map(narrow)] : [TASK_COLUMNS, ...rows];
  const [heads = "", ...texts] = tableOf(table.map((row) => fitted(row, { columns })), columns);
  return [line(heads, HEAD_COLOR), ...tasks.map((task, index) => line(texts[index] ?? "", colorOf(task)))];
}

/** A row of a table without a column for the instance, which few tasks have: it stands before the description. */
function narrow([id = "", state = "", since = "", instance = "", text = ""]: readonly string[]): readonly string[] {
  return [id, state, since, instance === "" ? text : `${instance}: ${text}`];
}

const NARROW_HEADS = TASK_COLUMNS.filter((name) => name !== "INSTANCE");

/** How many of each kind are shown: one more of each in turn, as long as there is room. */
function share(room: number, counts: readonly number[]): readonly number[] {
  const lengths = counts.map(() => 0);
  for (let left = room, given = 1; left > 0 && given > 0;) {
    given = 0;
    for (const [index, count] of counts.entries()) {
      if (left === 0 || lengths[index] === count) continue;
      lengths[index]!++;
      left--;
      given++;
    }
  }
  return lengths;
}

/** An empty row, a head, and the instances with most tasks, in so many rows; nothing if there is no room for any. */
function instanceTable({ instances }: Overview, room: number, now: number): readonly (readonly string[])[] {
  if (instances.shown.length === 0 || room < 3) return [];
  const busiest = instances.shown.toSorted((a, b) => b.holdingCount - a.holdingCount).slice(0, room - 2);
  const rows = busiest.map(({ id, status, seenAt, holding, holdingCount }) =>
    [id, status, seenAt === undefined ? "" : ageOf(seenAt, now), nameSome(holding, holdingCount)].map(visible)
  );
  return [[], ["INSTANCE", "STATUS", "SEEN", "HOLDS"], ...rows];
}

function tableLines(rows: readonly (readonly string[])[], size: ScreenSize): readonly string[] {
  const [empty, ...others] = rows;
  return empty === undefined ? [] : ["", ...tableOf(others.map((row) => fitted(row, size)), size.columns)];
}

/** The cells of a row, of which the first is an id, cut so that the others have room. */
function fitted([id = "", ...cells]: readonly string[], { columns }: Pick<ScreenSize, "columns">): readonly string[] {
  const short = (cell: string) => head(cell, MAX_CELL_CHARACTERS);
  return [cut(short(id), Math.max(1, Math.floor(columns * ID_SHARE))).text, ...cells.map(short)];
}

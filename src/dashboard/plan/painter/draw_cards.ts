/** Draws tasks from near: cards with id, title, status, worker and progress; stacks, collapsed groups and joins. */
import { KIND, SIZE } from "../layout/graph.ts";
import { STATUS_WORDS, STATUSES } from "../statuses.ts";
import {
  ALL_LINES_ZOOM,
  type Brush,
  DIMMED,
  drawStatus,
  drawStatusBar,
  FONT,
  isDimmed,
  statusColour,
} from "./brush.ts";
import { tasksOf } from "./scene.ts";

const ID_FONT = `600 12.5px ${FONT}`;
const SMALL_FONT = `400 11px ${FONT}`;
const WORD_FONT = `500 11px ${FONT}`;
const LARGE_FONT = `600 15px ${FONT}`;

const LEFT = 38;
const RIGHT = 12;
const LINES = [18, 34, 49] as const;
const RADIUS = 9;

export function drawCards(brush: Brush, items: readonly number[]): void {
  const { context, scene: { layout } } = brush;
  context.textAlign = "left";
  context.textBaseline = "middle";
  for (const item of items) {
    context.globalAlpha = isDimmed(brush, item) ? DIMMED : 1;
    const kind = layout.kind[item];
    if (kind === KIND.task) drawTask(brush, item);
    else if (kind === KIND.join) drawJoin(brush, item);
    else if (kind === KIND.stack) drawStack(brush, item);
    else if (kind === KIND.group) drawGroup(brush, item);
  }
  context.globalAlpha = 1;
}

function drawTask(brush: Brush, item: number): void {
  const { context, palette, texts, camera, scene: { layout, graph, details } } = brush;
  const task = layout.source[item]!;
  const status = details.status[task]!;
  const isOver = OVER.has(status);
  const { x, y } = surface(brush, item, isOver ? palette.receded : palette.surface);
  drawStatus(brush, status, { x: x + 20, y: y + LINES[0] + 1, radius: RADIUS });
  const room = SIZE.task.width - LEFT - RIGHT;
  const id = graph.ids[task] ?? "";
  if (camera.zoom < ALL_LINES_ZOOM) {
    context.font = LARGE_FONT;
    context.fillStyle = isOver ? palette.muted : palette.text;
    context.fillText(texts.cut(id, LARGE_FONT, room), x + LEFT, y + LINES[0] + 1);
  } else {
    line(brush, id, {
      x: x + LEFT,
      y: y + LINES[0],
      font: ID_FONT,
      colour: isOver ? palette.muted : palette.text,
      room,
    });
    line(brush, details.titles[task] ?? "", {
      x: x + LEFT,
      y: y + LINES[1],
      font: SMALL_FONT,
      colour: palette.muted,
      room,
    });
  }
  drawStanding(brush, task, { x: x + LEFT, y: y + LINES[2], room });
}

/** Status in words, who works on it, and how far. */
function drawStanding(brush: Brush, task: number, { x, y, room }: { x: number; y: number; room: number }): void {
  const { context, palette, texts, scene: { details } } = brush;
  const status = details.status[task]!;
  const name = STATUSES[status] ?? "waiting";
  const word = STATUS_WORDS[name];
  line(brush, word, { x, y, font: WORD_FONT, colour: palette.statusTexts[name], room });
  const worker = details.workers[task] ?? "";
  const used = texts.measure(word, WORD_FONT) + 8;
  if (worker !== "") {
    line(brush, worker, { x: x + used, y, font: SMALL_FONT, colour: palette.muted, room: room - used });
  }
  const progress = details.progress[task]!;
  if (!(progress >= 0) || name !== "in_progress") return;
  context.fillStyle = palette.line;
  context.fillRect(x, y + 7, room, 2);
  context.fillStyle = statusColour(palette, status);
  context.fillRect(x, y + 7, room * Math.min(progress, 1), 2);
}

const OVER = new Set((["completed", "cancelled", "skipped"] as const).map((status) => STATUSES.indexOf(status)));

function line(
  { context, texts }: Brush,
  text: string,
  { x, y, font, colour, room }: { x: number; y: number; font: string; colour: string; room: number },
): void {
  const part = texts.cut(text, font, room);
  if (part === "") return;
  context.font = font;
  context.fillStyle = colour;
  context.fillText(part, x, y);
}

/** The ground of a card, with the border that selection, hover, the critical path or its status ask for. */
function surface(brush: Brush, item: number, fill: string): { x: number; y: number; width: number; height: number } {
  const { context, palette, selected, hovered, scene: { layout, details, isCritical } } = brush;
  const x = layout.x[item]!, y = layout.y[item]!, width = layout.width[item]!, height = layout.height[item]!;
  const status = layout.kind[item] === KIND.task ? STATUSES[details.status[layout.source[item]!]!] : undefined;
  const isLoud = status === "in_progress" || status === "failed";
  context.fillStyle = fill;
  context.strokeStyle = item === selected || item === hovered
    ? palette.accent
    : isCritical[item]
    ? palette.critical
    : isLoud
    ? palette.statuses[status]
    : palette.line;
  context.lineWidth = item === selected ? 2.5 : item === hovered || isCritical[item] || isLoud ? 1.5 : 1;
  context.beginPath();
  context.roundRect(x, y, width, height, 8);
  context.fill();
  context.stroke();
  return { x, y, width, height };
}

function drawJoin(brush: Brush, item: number): void {
  const { context, palette, selected, hovered, texts, scene: { layout, graph } } = brush;
  const x = layout.x[item]!, y = layout.y[item]!, width = layout.width[item]!, height = layout.height[item]!;
  context.fillStyle = palette.surface;
  context.strokeStyle = item === selected || item === hovered ? palette.accent : palette.edge;
  context.lineWidth = 1.25;
  context.beginPath();
  context.roundRect(x, y, width, height, height / 2);
  context.fill();
  context.stroke();
  context.textAlign = "center";
  context.font = WORD_FONT;
  context.fillStyle = palette.text;
  context.fillText(
    texts.cut(graph.joins[layout.source[item]!]?.label ?? "", WORD_FONT, width - 10),
    x + width / 2,
    y + height / 2,
  );
  context.textAlign = "left";
}

/** Two cards look out from behind; the bar tells how far its tasks are. */
function drawStack(brush: Brush, item: number): void {
  const { context, palette, scene: { layout, graph } } = brush;
  const x = layout.x[item]!, y = layout.y[item]!, width = layout.width[item]!, height = layout.height[item]!;
  context.lineWidth = 1;
  for (const behind of [8, 4]) {
    context.fillStyle = palette.surface;
    context.strokeStyle = palette.line;
    context.beginPath();
    context.roundRect(x + behind, y + behind, width - 2 * behind, height, 8);
    context.fill();
    context.stroke();
  }
  surface(brush, item, palette.surface);
  const tasks = layout.stacks[layout.source[item]!]?.tasks ?? new Uint32Array();
  drawSummary(brush, item, `${tasks.length} × ${commonStart(Array.from(tasks, (task) => graph.ids[task] ?? ""))}`);
}

function drawGroup(brush: Brush, item: number): void {
  const { palette, scene: { layout, graph } } = brush;
  surface(brush, item, palette.box);
  drawSummary(brush, item, graph.groups[layout.source[item]!] ?? "");
}

/** Name, how many of each status, and the bar. */
function drawSummary(brush: Brush, item: number, name: string): void {
  const { palette, camera, scene } = brush;
  const { layout } = scene;
  const x = layout.x[item]! + 14, y = layout.y[item]!, room = layout.width[item]! - 28, height = layout.height[item]!;
  const isSmall = camera.zoom < ALL_LINES_ZOOM;
  line(brush, name, { x, y: y + 20, font: isSmall ? LARGE_FONT : ID_FONT, colour: palette.text, room });
  if (!isSmall) line(brush, countsText(brush, item), { x, y: y + 40, font: SMALL_FONT, colour: palette.muted, room });
  drawStatusBar(brush, item, { x, y: y + height - 20, width: room, height: 8 });
}

function countsText({ scene }: Brush, item: number): string {
  const parts = TOLD.flatMap((status) => {
    const count = scene.counts[item * STATUSES.length + STATUSES.indexOf(status)]!;
    return count > 0 ? `${count} ${STATUS_WORDS[status]}` : [];
  });
  return parts.join(" · ") || `${tasksOf(scene, item)} tasks`;
}

/** What most deserves a look comes first: the line is cut. */
const TOLD = [
  "failed",
  "blocked",
  "in_progress",
  "ready",
  "limited",
  "delayed",
  "waiting",
  "completed",
  "cancelled",
  "skipped",
] as const;

/** The longest beginning that all ids share, for the name of a stack. */
export function commonStart(ids: readonly string[]): string {
  const first = ids[0] ?? "";
  let length = first.length;
  for (const id of ids) while (!id.startsWith(first.slice(0, length))) length--;
  return length === 0 ? "tasks" : `${first.slice(0, length)}…`;
}

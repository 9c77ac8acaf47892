/** Draws tasks from near: cards with id, title, status, worker and progress; stacks, collapsed groups and joins. */
import { KIND, SIZE } from "../layout/graph.ts";
import { STATUS_WORDS, STATUSES } from "../statuses.ts";
import {
  ALL_LINES_ZOOM,
  type Brush,
  DIMMED,
  distantSize,
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

/** Below ALL_LINES_ZOOM: where the text begins, and the disc of the status. */
const DISTANT = { left: 42, right: 6, x: 22, radius: 13, line: 1.1 } as const;
/** The largest one in which a join's label fits is taken. */
const JOIN_FONTS = [18, 14, 11].map((size) => `500 ${size}px ${FONT}`);

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
  const { palette, camera, scene: { layout, graph, details } } = brush;
  const task = layout.source[item]!;
  const status = details.status[task]!;
  const isOver = OVER.has(status);
  const { x, y } = surface(brush, item, isOver ? palette.receded : palette.surface);
  const id = graph.ids[task] ?? "";
  const colour = isOver ? palette.muted : palette.text;
  if (camera.zoom < ALL_LINES_ZOOM) return drawDistantTask(brush, task, { id, colour, x, y });
  drawStatus(brush, status, { x: x + 20, y: y + LINES[0] + 1, radius: RADIUS });
  const room = SIZE.task.width - LEFT - RIGHT;
  line(brush, id, { x: x + LEFT, y: y + LINES[0], font: ID_FONT, colour, room });
  line(brush, details.titles[task] ?? "", {
    x: x + LEFT,
    y: y + LINES[1],
    font: SMALL_FONT,
    colour: palette.muted,
    room,
  });
  drawStanding(brush, task, { x: x + LEFT, y: y + LINES[2], room });
}

/** Its id alone, in up to two lines that can be read. */
function drawDistantTask(
  brush: Brush,
  task: number,
  { id, colour, x, y }: { readonly id: string; readonly colour: string; readonly x: number; readonly y: number },
): void {
  const { context, texts, camera, scene: { details } } = brush;
  const status = details.status[task]!;
  const middle = y + SIZE.task.height / 2;
  drawStatus(brush, status, { x: x + DISTANT.x, y: middle, radius: DISTANT.radius });
  const size = distantSize(camera.zoom);
  const font = `600 ${size}px ${FONT}`;
  const lines = texts.wrap(id, font, SIZE.task.width - DISTANT.left - DISTANT.right);
  context.font = font;
  context.fillStyle = colour;
  lines.forEach((text, index) => {
    context.fillText(text, x + DISTANT.left, middle + (index - (lines.length - 1) / 2) * size * DISTANT.line);
  });
  drawProgress(brush, task, { x: x + 3, y: y + SIZE.task.height - 4, room: SIZE.task.width - 6, height: 4 });
}

/** Status in words, who works on it, and how far. */
function drawStanding(brush: Brush, task: number, { x, y, room }: { x: number; y: number; room: number }): void {
  const { palette, texts, scene: { details } } = brush;
  const name = STATUSES[details.status[task]!] ?? "waiting";
  const word = STATUS_WORDS[name];
  line(brush, word, { x, y, font: WORD_FONT, colour: palette.statusTexts[name], room });
  const worker = details.workers[task] ?? "";
  const used = texts.measure(word, WORD_FONT) + 8;
  if (worker !== "") {
    line(brush, worker, { x: x + used, y, font: SMALL_FONT, colour: palette.muted, room: room - used });
  }
  drawProgress(brush, task, { x, y: y + 7, room, height: 2 });
}

/** How far a running task is, if it has said so. */
function drawProgress(
  { context, palette, scene: { details } }: Brush,
  task: number,
  { x, y, room, height }: { readonly x: number; readonly y: number; readonly room: number; readonly height: number },
): void {
  const progress = details.progress[task]!;
  const status = details.status[task]!;
  if (!(progress >= 0) || STATUSES[status] !== "in_progress") return;
  context.fillStyle = palette.line;
  context.fillRect(x, y, room, height);
  context.fillStyle = statusColour(palette, status);
  context.fillRect(x, y, room * Math.min(progress, 1), height);
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
  const { context, palette, camera, selected, hovered, texts, scene: { layout, graph } } = brush;
  const x = layout.x[item]!, y = layout.y[item]!, width = layout.width[item]!, height = layout.height[item]!;
  context.fillStyle = palette.surface;
  context.strokeStyle = item === selected || item === hovered ? palette.accent : palette.edge;
  context.lineWidth = 1.25;
  context.beginPath();
  context.roundRect(x, y, width, height, height / 2);
  context.fill();
  context.stroke();
  const label = graph.joins[layout.source[item]!]?.label ?? "";
  const room = width - 8;
  const fonts = camera.zoom < ALL_LINES_ZOOM ? JOIN_FONTS : [];
  const font = fonts.find((each) => texts.measure(label, each) <= room) ?? WORD_FONT;
  context.textAlign = "center";
  context.font = font;
  context.fillStyle = palette.text;
  context.fillText(texts.cut(label, font, room), x + width / 2, y + height / 2);
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
  const font = isSmall ? `600 ${distantSize(camera.zoom)}px ${FONT}` : ID_FONT;
  line(brush, name, { x, y: y + (isSmall ? 28 : 20), font, colour: palette.text, room });
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
function commonStart(ids: readonly string[]): string {
  const first = ids[0] ?? "";
  let length = first.length;
  for (const id of ids) while (!id.startsWith(first.slice(0, length))) length--;
  return length === 0 ? "tasks" : `${first.slice(0, length)}…`;
}

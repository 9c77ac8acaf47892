/** Draws the boxes of groups, and their titles where there is room. */
import { KIND, SIZE } from "../layout/graph.ts";
import { STATUSES } from "../statuses.ts";
import { ALL_LINES_ZOOM, type Brush, distantSize, drawStatusBar, FONT, isDimmed, setPlan, setScreen } from "./brush.ts";
import { toScreen, viewOf } from "./camera.ts";
import { tasksOf } from "./scene.ts";

const NEAR_SIZES = { title: 13, count: 11 } as const;
const BAR_WIDTH = 72;

export function drawBoxes(brush: Brush, items: readonly number[]): void {
  const { context, palette, camera, selected, hovered, scene: { layout } } = brush;
  for (const item of items) {
    if (layout.kind[item] !== KIND.box) continue;
    const isMarked = item === selected || item === hovered;
    context.fillStyle = palette.box;
    context.strokeStyle = isMarked ? palette.accent : palette.line;
    context.lineWidth = Math.max(isMarked ? 2 : 1, (isMarked ? 2 : 1) / camera.zoom);
    context.beginPath();
    const radius = Math.min(12, 6 / camera.zoom);
    context.roundRect(layout.x[item]!, layout.y[item]!, layout.width[item]!, layout.height[item]!, radius);
    context.fill();
    context.stroke();
  }
}

/** In the header of each box, as far as it is in view: name, how much is done, and a bar. */
export function drawBoxHeaders(brush: Brush, items: readonly number[]): void {
  const { context, palette, texts, camera, size, scene: { layout, graph } } = brush;
  const view = viewOf(camera, size);
  const distant = distantSize(camera.zoom);
  const sizes = camera.zoom < ALL_LINES_ZOOM ? { title: distant, count: distant - 3 } : NEAR_SIZES;
  const titleFont = `600 ${sizes.title}px ${FONT}`, countFont = `400 ${sizes.count}px ${FONT}`;
  context.textBaseline = "middle";
  for (const item of items) {
    if (layout.kind[item] !== KIND.box) continue;
    const left = Math.max(layout.x[item]!, view.x) + SIZE.boxPadding;
    const right = Math.min(layout.x[item]! + layout.width[item]!, view.x + view.width) - SIZE.boxPadding;
    if (right - left < BAR_WIDTH) continue;
    const middle = layout.y[item]! + SIZE.boxHeader / 2;
    const limit = limitOf(brush, item);
    const count = limit === "" ? doneOf(brush, item) : `${limit} · ${doneOf(brush, item)}`;
    const countWidth = texts.measure(count, countFont);
    drawStatusBar(brush, item, { x: right - BAR_WIDTH, y: middle - 2, width: BAR_WIDTH, height: 4 });
    context.textAlign = "right";
    context.fillStyle = palette.muted;
    context.font = countFont;
    context.fillText(count, right - BAR_WIDTH - 8, middle);
    context.textAlign = "left";
    context.fillStyle = palette.text;
    const room = right - BAR_WIDTH - 20 - countWidth - left;
    const title = texts.cut(graph.groups[layout.source[item]!] ?? "", titleFont, room);
    context.font = titleFont;
    context.fillText(title, left, middle);
  }
}

/** What limits the group of a box, in a few words. */
function limitOf({ scene: { layout, details } }: Brush, item: number): string {
  return details.limits?.[layout.source[item]!] ?? "";
}

function doneOf({ scene }: Brush, item: number): string {
  return `${scene.counts[item * STATUSES.length + STATUSES.indexOf("completed")]}/${tasksOf(scene, item)}`;
}

/** From afar: names in the size of the screen, the largest boxes first; a name that would cover another is left out. */
export function drawBoxTitles(brush: Brush, items: readonly number[]): void {
  const { context, palette, camera, texts, scene: { layout, graph } } = brush;
  const boxes = items.filter((item) => layout.kind[item] === KIND.box || layout.kind[item] === KIND.group)
    .sort((a, b) => layout.width[b]! * layout.height[b]! - layout.width[a]! * layout.height[a]!);
  const taken: { x: number; y: number; width: number }[] = [];
  setScreen(brush);
  context.textAlign = "left";
  context.textBaseline = "bottom";
  for (const item of boxes) {
    const { x, y } = toScreen(camera, { x: layout.x[item]!, y: layout.y[item]! });
    const limit = limitOf(brush, item);
    const name = graph.groups[layout.source[item]!] ?? "";
    const title = texts.cut(
      limit === "" ? name : `${name} · ${limit}`,
      FAR_FONT,
      Math.max(layout.width[item]! * camera.zoom, MIN_TITLE),
    );
    const width = texts.measure(title, FAR_FONT);
    const isFree = taken.every((other) =>
      Math.abs(other.y - y) > FAR_LINE || other.x > x + width + 4 || x > other.x + other.width + 4
    );
    if (title === "" || !isFree || taken.length >= MAX_TITLES) continue;
    taken.push({ x, y, width });
    context.globalAlpha = isDimmed(brush, item) ? 0.5 : 1;
    context.font = FAR_FONT;
    context.fillStyle = palette.text;
    context.strokeStyle = palette.background;
    context.lineWidth = 4;
    context.lineJoin = "round";
    context.strokeText(title, x, y - 2);
    context.fillText(title, x, y - 2);
  }
  context.globalAlpha = 1;
  setPlan(brush);
}

const FAR_FONT = `600 11px ${FONT}`;
const FAR_LINE = 14;
const MIN_TITLE = 48;
const MAX_TITLES = 200;

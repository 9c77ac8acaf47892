/** Draws tasks from a distance: from afar as a mosaic of their statuses, nearer as blocks with glyphs. */
import { KIND, SIZE } from "../layout/graph.ts";
import { STATUSES } from "../statuses.ts";
import { type Brush, DIMMED, drawGlyph, drawStatusBar, isDimmed, statusColour } from "./brush.ts";

/** Every task a tile; tiles of one status are one path. `grow` closes the gaps between them. */
export function drawMosaic(brush: Brush, items: readonly number[], grow: number): void {
  const { context, palette, scene: { layout, details } } = brush;
  const tiles = Array.from({ length: STATUSES.length * 2 }, (): number[] => []);
  for (const item of items) {
    const isTask = layout.kind[item] === KIND.task;
    if (isTask) tiles[details.status[layout.source[item]!]! * 2 + Number(isDimmed(brush, item))]?.push(item);
  }
  tiles.forEach((tile, index) => {
    if (tile.length === 0) return;
    context.globalAlpha = index % 2 === 1 ? DIMMED : 1;
    context.fillStyle = statusColour(palette, Math.floor(index / 2));
    context.beginPath();
    for (const item of tile) {
      context.rect(
        layout.x[item]! - grow,
        layout.y[item]! - grow,
        layout.width[item]! + 2 * grow,
        layout.height[item]! + 2 * grow,
      );
    }
    context.fill();
  });
  context.globalAlpha = 1;
  drawBundles(brush, items, grow);
}

/** Stacks and collapsed groups: their whole surface is the bar of their statuses. */
function drawBundles(brush: Brush, items: readonly number[], grow: number): void {
  const { context, scene: { layout } } = brush;
  for (const item of items) {
    if (layout.kind[item] !== KIND.stack && layout.kind[item] !== KIND.group) continue;
    context.globalAlpha = isDimmed(brush, item) ? DIMMED : 1;
    drawStatusBar(brush, item, {
      x: layout.x[item]! - grow,
      y: layout.y[item]! - grow,
      width: layout.width[item]! + 2 * grow,
      height: layout.height[item]! + 2 * grow,
    });
  }
  context.globalAlpha = 1;
}

export function drawBlocks(brush: Brush, items: readonly number[]): void {
  const { context, palette, glyphs, scene: { layout, details, isCritical } } = brush;
  for (const item of items) {
    const kind = layout.kind[item];
    if (kind === KIND.box) continue;
    const x = layout.x[item]!, y = layout.y[item]!, width = layout.width[item]!, height = layout.height[item]!;
    context.globalAlpha = isDimmed(brush, item) ? DIMMED : 1;
    if (kind === KIND.task) {
      const status = details.status[layout.source[item]!]!;
      context.fillStyle = statusColour(palette, status);
      context.beginPath();
      context.roundRect(x, y, width, height, 10);
      context.fill();
      drawGlyph(brush, glyphs[status], { x: x + width / 2, y: y + height / 2, radius: SIZE.task.height / 2.4 });
    } else if (kind === KIND.join) {
      context.fillStyle = palette.edge;
      context.beginPath();
      context.roundRect(x, y, width, height, height / 2);
      context.fill();
    } else drawStatusBar(brush, item, { x, y, width, height });
    outline(brush, item, isCritical[item] === 1);
  }
  context.globalAlpha = 1;
}

function outline(
  { context, palette, camera, selected, hovered, scene: { layout } }: Brush,
  item: number,
  isCritical: boolean,
) {
  const isMarked = item === selected || item === hovered;
  if (!isMarked && !isCritical) return;
  context.strokeStyle = isMarked ? palette.accent : palette.critical;
  context.lineWidth = 2 / camera.zoom;
  context.beginPath();
  context.roundRect(layout.x[item]! - 5, layout.y[item]! - 5, layout.width[item]! + 10, layout.height[item]! + 10, 13);
  context.stroke();
}

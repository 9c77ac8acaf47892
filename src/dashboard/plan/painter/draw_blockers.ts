/** Marks the tasks that the selected one finally waits for: a dashed frame around each, in every level of detail. */
import { KIND } from "../layout/graph.ts";
import type { Brush } from "./brush.ts";

const GAP = 6;

export function drawBlockers(brush: Brush, items: readonly number[]): void {
  const { context, palette, camera, scene: { layout, details: { blockers } } } = brush;
  if (blockers === undefined) return;
  context.strokeStyle = palette.statuses.failed;
  context.lineWidth = 2 / camera.zoom;
  context.setLineDash([6 / camera.zoom, 4 / camera.zoom]);
  for (const item of items) {
    if (layout.kind[item] !== KIND.task || blockers[layout.source[item]!] !== 1) continue;
    const x = layout.x[item]! - GAP, y = layout.y[item]! - GAP;
    context.beginPath();
    context.roundRect(x, y, layout.width[item]! + 2 * GAP, layout.height[item]! + 2 * GAP, 12);
    context.stroke();
  }
  context.setLineDash([]);
}

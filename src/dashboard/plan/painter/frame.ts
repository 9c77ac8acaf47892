/** One picture of the plan: what is in view, in the level of detail that its zoom allows. */
import { KIND, type Rectangle } from "../layout/graph.ts";
import { type Brush, setPlan, setScreen } from "./brush.ts";
import { viewOf } from "./camera.ts";
import { drawBlockers } from "./draw_blockers.ts";
import { drawBlocks, drawMosaic } from "./draw_blocks.ts";
import { drawBoxes, drawBoxHeaders, drawBoxTitles } from "./draw_boxes.ts";
import { drawCards } from "./draw_cards.ts";
import { drawChips, drawEdges } from "./draw_edges.ts";
import type { Grid } from "./grid.ts";

export type Level = "far" | "middle" | "near";

/** Below the first zoom boxes are mosaics, below the second tasks are blocks; above, cards. */
export const FAR_BELOW = 0.16;
export const NEAR_FROM = 0.42;

export function levelOf(zoom: number): Level {
  return zoom < FAR_BELOW ? "far" : zoom < NEAR_FROM ? "middle" : "near";
}

export interface Lookup {
  readonly items: Grid;
  readonly edges: Grid;
  /** One edge for each pair of boxes, all that is drawn from afar. */
  readonly bundles: Uint8Array;
}

export function paintFrame(brush: Brush, lookup: Lookup): void {
  const { context, palette, size, camera, scene: { layout } } = brush;
  setScreen(brush);
  context.globalAlpha = 1;
  context.fillStyle = palette.background;
  context.fillRect(0, 0, size.width, size.height);
  setPlan(brush);
  const view = grown(viewOf(camera, size), MARGIN);
  const items = lookup.items.find(view);
  const edges = lookup.edges.find(view);
  const level = levelOf(camera.zoom);
  if (level === "far") {
    drawEdges(brush, edges.filter((edge) => isShownFromAfar(brush, lookup, edge)), { hasArrows: false });
    drawBoxes(brush, items);
    drawMosaic(brush, items, TILE_GROWTH);
    drawBlockers(brush, items);
    drawBoxTitles(brush, items);
    return;
  }
  drawBoxes(brush, items);
  drawEdges(brush, edges, { hasArrows: true });
  if (level === "middle") {
    drawBlocks(brush, items);
    drawBlockers(brush, items);
    drawBoxTitles(brush, items.filter((item) => layout.kind[item] === KIND.box || layout.kind[item] === KIND.group));
    return;
  }
  drawBoxHeaders(brush, items);
  drawCards(brush, items);
  drawBlockers(brush, items);
  drawChips(brush, edges.filter((edge) => layout.edges.mark[edge] !== 0));
}

/** Shadows, borders and arrows reach this far out of what they belong to. */
const MARGIN = 12;
const TILE_GROWTH = 6;

function isShownFromAfar({ chains, scene: { isCriticalEdge } }: Brush, { bundles }: Lookup, edge: number): boolean {
  return bundles[edge] === 1 || isCriticalEdge[edge] === 1 || chains?.edges[edge] === 1;
}

function grown({ x, y, width, height }: Rectangle, by: number): Rectangle {
  return { x: x - by, y: y - by, width: width + 2 * by, height: height + 2 * by };
}

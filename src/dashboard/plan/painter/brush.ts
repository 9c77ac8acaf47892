/** What all drawing functions share: the canvas, the colours, the camera, and what is dimmed. */
import { KIND } from "../layout/graph.ts";
import type { Palette } from "../palette.ts";
import { STATUS_GLYPHS, STATUSES, STATUSES_BY_PROGRESS } from "../statuses.ts";
import type { Camera, Size } from "./camera.ts";
import type { Chains } from "./chains.ts";
import type { Scene } from "./scene.ts";
import type { TextCutter } from "./text_cutter.ts";

export type Context = Pick<
  CanvasRenderingContext2D,
  | "setTransform"
  | "fillRect"
  | "beginPath"
  | "moveTo"
  | "lineTo"
  | "bezierCurveTo"
  | "closePath"
  | "roundRect"
  | "rect"
  | "arc"
  | "fill"
  | "stroke"
  | "fillText"
  | "strokeText"
  | "measureText"
  | "save"
  | "restore"
  | "translate"
  | "scale"
  | "fillStyle"
  | "strokeStyle"
  | "lineWidth"
  | "lineCap"
  | "lineJoin"
  | "setLineDash"
  | "font"
  | "textAlign"
  | "textBaseline"
  | "globalAlpha"
>;

export interface Brush {
  readonly context: Context;
  readonly scene: Scene;
  readonly palette: Palette;
  readonly camera: Camera;
  readonly size: Size;
  readonly ratio: number;
  readonly texts: TextCutter;
  readonly glyphs: readonly Path2D[];
  readonly chains: Chains | undefined;
  readonly selected: number | undefined;
  readonly hovered: number | undefined;
  /** Statuses: what shows none of them is dimmed. Undefined: none is asked for. */
  readonly emphasised: ReadonlySet<number> | undefined;
}

export const FONT = 'system-ui, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif';
/** Below this zoom cards and boxes show less, in larger letters. */
export const ALL_LINES_ZOOM = 0.8;
export const DIMMED = 0.22;

/**
 * The size of letters in units of the plan that can be read below `ALL_LINES_ZOOM`: 10 to 14 pixels on the screen. In steps,
 * as each text is measured again in another size.
 */
export function distantSize(zoom: number): number {
  return zoom < 0.5 ? 24 : zoom < 0.6 ? 20 : 17;
}

/** Paths of the glyphs, made once. */
export function createGlyphs(create: (path: string) => Path2D): readonly Path2D[] {
  return STATUSES.map((status) => create(STATUS_GLYPHS[status]));
}

/** A disc in the status's colour with its glyph. Done recedes: only a ring. */
export function drawStatus(brush: Brush, status: number, at: { x: number; y: number; radius: number }): void {
  const { context, palette, glyphs } = brush;
  context.fillStyle = statusColour(palette, status);
  context.beginPath();
  context.arc(at.x, at.y, at.radius, 0, 2 * Math.PI);
  context.fill();
  drawGlyph(brush, glyphs[status], at);
}

export function drawGlyph(
  { context, palette }: Brush,
  glyph: Path2D | undefined,
  { x, y, radius }: { x: number; y: number; radius: number },
): void {
  if (!glyph) return;
  context.save();
  context.translate(x, y);
  context.scale(radius, radius);
  context.strokeStyle = palette.surface;
  context.lineWidth = 0.28;
  context.lineCap = context.lineJoin = "round";
  context.stroke(glyph);
  context.restore();
}

export function statusColour(palette: Palette, status: number): string {
  return palette.statuses[STATUSES[status] ?? "waiting"];
}

/** A bar with a piece for each status, as long as its share. */
export function drawStatusBar(
  { context, palette, scene: { counts } }: Brush,
  item: number,
  { x, y, width, height }: { x: number; y: number; width: number; height: number },
): void {
  let sum = 0;
  for (let status = 0; status < STATUSES.length; status++) sum += counts[item * STATUSES.length + status]!;
  context.fillStyle = palette.line;
  context.fillRect(x, y, width, height);
  let left = x;
  for (const status of BAR_ORDER) {
    const share = counts[item * STATUSES.length + status]! / Math.max(sum, 1) * width;
    if (share === 0) continue;
    context.fillStyle = statusColour(palette, status);
    context.fillRect(left, y, Math.max(share - 1, 1), height);
    left += share;
  }
}

const BAR_ORDER = STATUSES_BY_PROGRESS.map((status) => STATUSES.indexOf(status));

export function isDimmed({ chains, emphasised, scene }: Brush, item: number): boolean {
  const { layout, details } = scene;
  if (layout.kind[item] === KIND.task && details.absent?.[layout.source[item]!] === 1) return true;
  if (emphasised !== undefined && !showsAny(scene, item, emphasised)) return true;
  return chains !== undefined && chains.items[item] === 0;
}

function showsAny({ counts }: Scene, item: number, statuses: ReadonlySet<number>): boolean {
  for (const status of statuses) if (counts[item * STATUSES.length + status]! > 0) return true;
  return false;
}

export function setScreen({ context, ratio }: Brush): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
}

export function setPlan({ context, ratio, camera }: Brush): void {
  const scale = ratio * camera.zoom;
  context.setTransform(scale, 0, 0, scale, -camera.x * scale, -camera.y * scale);
}

/** Paints the timeline: only the bars in view, and of those that fall on the same pixels only one. */

import type { Palette } from "../../plan/palette.ts";
import { type Status, STATUS_GLYPHS } from "../../plan/statuses.ts";
import { formatDuration } from "../../time_format.ts";
import type { Tick } from "./axis.ts";
import { type Bar, endOf, OUTCOME_LOOKS } from "./bars.ts";
import { BAR_HEIGHT, barsBetween, type Picture, rowsBetween, topOf } from "./lanes.ts";
import type { Span, TimeScale } from "./time_scale.ts";

/** The height of the axis above the rows, in CSS pixels. */
export const AXIS_HEIGHT = 26;

export type Glyphs = ReadonlyMap<Status, HTMLCanvasElement>;

export interface Frame {
  readonly context: CanvasRenderingContext2D;
  readonly glyphs: Glyphs;
  readonly palette: Palette;
  readonly picture: Picture;
  readonly scale: TimeScale;
  readonly ticks: readonly Tick[];
  readonly now: number;
  /** In CSS pixels. */
  readonly width: number;
  readonly height: number;
  readonly ratio: number;
  /** Room for the names of rows on the left. */
  readonly left: number;
  /** What is in view, in units of the scale, and how far the rows are scrolled. */
  readonly view: Span;
  readonly scrollTop: number;
  readonly active: Bar | undefined;
  readonly selected: string;
}

/** Bars at least this wide have a glyph, and their task's id, in CSS pixels. */
const GLYPH_WIDTH = 14;
const TEXT_WIDTH = 44;
const GLYPH_RADIUS = 6;
const FONT = "11px system-ui, sans-serif";

export function drawTimeline(frame: Frame): void {
  const { context, palette, width, height, ratio, left } = frame;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.globalAlpha = 1;
  context.fillStyle = palette.surface;
  context.fillRect(0, 0, width, height);
  context.font = FONT;
  context.textBaseline = "middle";
  const rows = rowsBetween(frame.picture, { from: frame.scrollTop, to: frame.scrollTop + height - AXIS_HEIGHT });
  drawStripes(frame, rows);
  clipped(context, { x: left, y: 0, width: width - left, height }, () => {
    drawGaps(frame);
    drawTicks(frame);
  });
  clipped(context, { x: left, y: AXIS_HEIGHT, width: width - left, height: height - AXIS_HEIGHT }, () => {
    for (const row of rows) {
      for (const [lane, bars] of row.lanes.entries()) {
        const top = AXIS_HEIGHT + topOf(row, lane) - frame.scrollTop;
        if (top + BAR_HEIGHT > AXIS_HEIGHT && top < height) drawLane(frame, bars, top);
      }
    }
    drawNow(frame);
  });
  drawNames(frame, rows);
}

interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

function clipped(context: CanvasRenderingContext2D, { x, y, width, height }: Box, draw: () => void): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, height);
  context.clip();
  draw();
  context.restore();
}

function xOf({ scale, view, width, left }: Frame, time: number): number {
  return left + (scale.toUnits(time) - view.from) * (width - left) / (view.to - view.from);
}

function drawStripes({ context, palette, width, scrollTop }: Frame, rows: Picture["rows"]): void {
  context.fillStyle = palette.line;
  for (const { top, height } of rows) context.fillRect(0, Math.round(AXIS_HEIGHT + top + height - scrollTop), width, 1);
}

/** Shortened stretches are hatched from top to bottom, with how long they were. */
function drawGaps(frame: Frame): void {
  const { context, palette, scale, height, left, width } = frame;
  for (const { from, to } of scale.gaps) {
    const begin = xOf(frame, from), end = xOf(frame, to);
    if (end < left || begin > width) continue;
    context.fillStyle = palette.box;
    context.fillRect(begin, 0, Math.max(2, end - begin), height);
    context.strokeStyle = palette.line;
    context.beginPath();
    for (let y = AXIS_HEIGHT; y < height; y += 12) {
      context.moveTo(begin, y + 6);
      context.lineTo((begin + end) / 2, y);
      context.lineTo(end, y + 6);
    }
    context.stroke();
    const text = formatDuration(to - from);
    const middle = (begin + end) / 2;
    const room = context.measureText(text).width;
    if (room > end - begin - 4) continue;
    context.fillStyle = palette.muted;
    context.fillText(text, middle - room / 2, AXIS_HEIGHT / 2);
  }
}

function drawTicks({ context, palette, ticks, height, left }: Frame): void {
  for (const { x, text } of ticks) {
    context.fillStyle = palette.line;
    context.fillRect(Math.round(left + x), AXIS_HEIGHT - 6, 1, height);
    context.fillStyle = palette.muted;
    context.fillText(text, left + x + 4, AXIS_HEIGHT / 2);
  }
}

function drawLane(frame: Frame, lane: readonly Bar[], top: number): void {
  const { scale, view, now, width, left, active, selected } = frame;
  const span = { from: scale.toTime(view.from), to: scale.toTime(view.to) };
  let drawnTo = -Infinity;
  for (const bar of barsBetween(lane, span, now)) {
    const begin = Math.max(left - 4, xOf(frame, bar.start));
    const end = Math.min(width + 4, xOf(frame, endOf(bar, now)));
    const isMarked = bar.key === active?.key || bar.id === selected;
    // Of many bars on one pixel the first is seen; one that failed is never hidden.
    if (end < drawnTo + 0.5 && bar.outcome !== "failed" && !isMarked) continue;
    drawBar(frame, bar, { x: begin, y: top, width: Math.max(1.5, end - begin), height: BAR_HEIGHT });
    if (isMarked) drawMark(frame, { x: begin, y: top, width: Math.max(3, end - begin), height: BAR_HEIGHT });
    drawnTo = Math.max(drawnTo, end);
  }
}

function drawBar(frame: Frame, bar: Bar, { x, y, width, height }: Box): void {
  const { context, palette, glyphs } = frame;
  const look = OUTCOME_LOOKS[bar.outcome];
  context.fillStyle = palette.statuses[look];
  if (width < GLYPH_WIDTH) {
    context.fillRect(x, y, width > 4 ? width - 0.5 : width, height);
    return;
  }
  context.beginPath();
  context.roundRect(x, y, width - 0.5, height, 3);
  context.fill();
  const glyph = glyphs.get(look);
  if (glyph !== undefined) context.drawImage(glyph, x, y, BAR_HEIGHT, BAR_HEIGHT);
  if (width < TEXT_WIDTH) return;
  const text = bar.attempt > 1 ? `${bar.id} · ${bar.attempt}` : bar.id;
  context.fillStyle = palette.surface;
  context.fillText(cut(context, text, width - 20), x + 16, y + height / 2 + 0.5);
}

function drawMark({ context, palette }: Frame, { x, y, width, height }: Box): void {
  context.strokeStyle = palette.accent;
  context.lineWidth = 2;
  context.strokeRect(x - 1.5, y - 1.5, width + 3, height + 3);
  context.lineWidth = 1;
}

function drawNow(frame: Frame): void {
  const { context, palette, now, height } = frame;
  context.fillStyle = palette.accent;
  context.fillRect(Math.round(xOf(frame, now)), AXIS_HEIGHT, 1, height);
}

/** The names stand beside their rows, and at the top while their row is partly scrolled away. */
function drawNames({ context, palette, scrollTop, left, height }: Frame, rows: Picture["rows"]): void {
  context.fillStyle = palette.surface;
  context.fillRect(0, AXIS_HEIGHT, left, height);
  clipped(context, { x: 0, y: AXIS_HEIGHT, width: left, height }, () => {
    for (const row of rows) {
      const top = AXIS_HEIGHT + row.top - scrollTop;
      context.fillStyle = palette.line;
      context.fillRect(0, Math.round(top + row.height), left, 1);
      context.fillStyle = palette.text;
      const y = Math.min(Math.max(top, AXIS_HEIGHT), top + row.height - 28) + 14;
      context.fillText(cut(context, row.name === "" ? "no group" : row.name, left - 20), 12, y);
    }
  });
  context.fillStyle = palette.line;
  context.fillRect(left - 1, 0, 1, height);
  context.fillRect(0, AXIS_HEIGHT - 1, context.canvas.width, 1);
}

/** Most characters of a text that is measured. */
const MAX_TEXT = 120;

/** A text that fits, on one line. */
function cut(context: CanvasRenderingContext2D, whole: string, room: number): string {
  const text = whole.slice(0, MAX_TEXT).replaceAll(/\s+/g, " ");
  const width = context.measureText(text).width;
  if (width <= room) return text;
  return text.slice(0, Math.max(1, Math.floor(text.length * room / width) - 1)) + "…";
}

/** Glyphs as pictures of the height of a bar: faster than to draw the line of each. */
export function createGlyphs(palette: Palette, ratio: number): Glyphs {
  return new Map((Object.keys(STATUS_GLYPHS) as Status[]).map((status) => [status, glyphOf(status, palette, ratio)]));
}

function glyphOf(status: Status, palette: Palette, ratio: number): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = Math.ceil(BAR_HEIGHT * ratio);
  const context = canvas.getContext("2d");
  if (context === null) throw new Error("This browser draws no canvas");
  context.translate(canvas.width / 2, canvas.height / 2);
  context.scale(GLYPH_RADIUS * ratio, GLYPH_RADIUS * ratio);
  context.strokeStyle = palette.surface;
  context.lineWidth = 0.36;
  context.lineCap = "round";
  context.stroke(new Path2D(STATUS_GLYPHS[status]));
  return canvas;
}

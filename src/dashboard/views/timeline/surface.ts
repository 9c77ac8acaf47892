/**
 * The canvas of the timeline: paints at most once a frame, pans, zooms around the cursor, and finds the bar under it. Live
 * data never moves it: a new scale keeps the times at both edges.
 */

import type { Palette } from "../../plan/palette.ts";
import type { Times } from "../../time_format.ts";
import { ticksOf } from "./axis.ts";
import { type Bar, endOf } from "./bars.ts";
import { AXIS_HEIGHT, createGlyphs, drawTimeline, type Glyphs } from "./draw.ts";
import { BAR_HEIGHT, barAt, type Picture, topOfBar } from "./lanes.ts";
import type { Span, TimeScale } from "./time_scale.ts";

export interface Content {
  readonly picture: Picture;
  readonly scale: TimeScale;
  readonly palette: Palette;
  readonly times: Times;
  readonly now: number;
  readonly active: Bar | undefined;
  readonly selected: string;
}

/** Room beside what is fitted, as a share of it. */
const FIT_MARGIN = 0.02;
const LEAST_UNITS = 10;
/** How far one may zoom out beyond everything. */
const MOST_OUT = 4;

/** How near to a bar the cursor counts as on it, in CSS pixels. */
const REACH = 3;

export class Surface {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onView: (view: Span) => void;
  #content: Content | undefined;
  #glyphs: { readonly of: string; readonly all: Glyphs } | undefined;
  /** In units of the scale. */
  #view: Span = { from: 0, to: 1 };
  #scrollTop = 0;
  #frame: number | undefined;

  /** @param onView called with the times at both edges after each picture */
  constructor(canvas: HTMLCanvasElement, onView: (view: Span) => void) {
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("This browser draws no canvas");
    this.#canvas = canvas;
    this.#context = context;
    this.#onView = onView;
  }

  /** Shows other content. The first one is fitted, unless `at` says which times to show. */
  show(content: Content, at?: Span): void {
    const before = this.#content;
    this.#content = content;
    if (before === undefined) {
      if (at === undefined) this.fit();
      else this.#view = this.#unitsOf(at);
    } else if (before.scale !== content.scale) {
      const { scale } = before;
      this.#view = this.#unitsOf({ from: scale.toTime(this.#view.from), to: scale.toTime(this.#view.to) });
    }
    this.#move(this.#view, this.#scrollTop);
  }

  fit(): void {
    if (this.#content === undefined) return;
    const { length } = this.#content.scale;
    const margin = Math.max(length * FIT_MARGIN, LEAST_UNITS);
    this.#move({ from: -margin, to: length + margin }, 0);
  }

  /** Zooms in around a place of the canvas; without, around its middle. @param factor above 1 zooms in */
  zoom(factor: number, x = this.#left + this.#plotWidth / 2): void {
    const { from, to } = this.#view;
    const length = Math.min(
      Math.max((to - from) / factor, LEAST_UNITS),
      MOST_OUT * Math.max(LEAST_UNITS, this.#content?.scale.length ?? 0),
    );
    const share = Math.min(1, Math.max(0, (x - this.#left) / this.#plotWidth));
    const at = from + (to - from) * share;
    this.#move({ from: at - length * share, to: at + length * (1 - share) }, this.#scrollTop);
  }

  /** Moves what is in view, in CSS pixels. */
  pan(x: number, y: number): void {
    const units = x * (this.#view.to - this.#view.from) / this.#plotWidth;
    this.#move({ from: this.#view.from + units, to: this.#view.to + units }, this.#scrollTop + y);
  }

  /** Moves as little as needed to bring a bar into view. */
  reveal(bar: Bar): void {
    if (this.#content === undefined) return;
    const { picture, scale, now } = this.#content;
    const top = topOfBar(picture, bar) ?? 0;
    const room = this.#canvas.clientHeight - AXIS_HEIGHT - BAR_HEIGHT;
    const { from, to } = this.#view;
    const begin = scale.toUnits(bar.start), end = scale.toUnits(endOf(bar, now));
    const by = end < from || begin > to ? (begin + end) / 2 - (from + to) / 2 : 0;
    this.#move({ from: from + by, to: to + by }, Math.min(top, Math.max(this.#scrollTop, top - room)));
  }

  /** Whether the rows are higher than the canvas. */
  get scrolls(): boolean {
    return (this.#content?.picture.height ?? 0) > this.#canvas.clientHeight - AXIS_HEIGHT;
  }

  /** The bar at a place of the canvas, in CSS pixels. */
  barAt(x: number, y: number): Bar | undefined {
    if (this.#content === undefined || x < this.#left || y < AXIS_HEIGHT) return undefined;
    const { picture, scale, now } = this.#content;
    const timeAt = (pixel: number) => scale.toTime(this.#view.from + (pixel - this.#left) * this.#unitsPerPixel);
    return barAt(picture, {
      y: y - AXIS_HEIGHT + this.#scrollTop,
      span: { from: timeAt(x - REACH), to: timeAt(x + REACH) },
      now,
    });
  }

  /** Paints soon. */
  invalidate(): void {
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = undefined;
      this.#paint();
    });
  }

  stop(): void {
    if (this.#frame !== undefined) cancelAnimationFrame(this.#frame);
  }

  get #left(): number {
    return this.#canvas.clientWidth < 600 ? 84 : 150;
  }

  get #plotWidth(): number {
    return Math.max(1, this.#canvas.clientWidth - this.#left);
  }

  get #unitsPerPixel(): number {
    return (this.#view.to - this.#view.from) / this.#plotWidth;
  }

  #unitsOf({ from, to }: Span): Span {
    const { toUnits } = this.#content!.scale;
    const begin = toUnits(from);
    return { from: begin, to: Math.max(begin + LEAST_UNITS, toUnits(to)) };
  }

  #move(view: Span, scrollTop: number): void {
    const height = (this.#content?.picture.height ?? 0) - (this.#canvas.clientHeight - AXIS_HEIGHT);
    this.#view = view;
    this.#scrollTop = Math.max(0, Math.min(scrollTop, height));
    this.invalidate();
  }

  #paint(): void {
    if (this.#content === undefined) return;
    const { clientWidth: width, clientHeight: height } = this.#canvas;
    const ratio = devicePixelRatio;
    const pixels = { width: Math.round(width * ratio), height: Math.round(height * ratio) };
    if (this.#canvas.width !== pixels.width || this.#canvas.height !== pixels.height) {
      Object.assign(this.#canvas, pixels);
    }
    const view = this.#view;
    const { scale, times, now, palette } = this.#content;
    drawTimeline({
      ...this.#content,
      context: this.#context,
      glyphs: this.#glyphsFor(palette, ratio),
      ticks: ticksOf({ scale, view, unitsPerPixel: this.#unitsPerPixel, times, now }),
      width,
      height,
      ratio,
      left: this.#left,
      view,
      scrollTop: this.#scrollTop,
    });
    this.#onView({ from: scale.toTime(view.from), to: scale.toTime(view.to) });
  }
  #glyphsFor(palette: Palette, ratio: number): Glyphs {
    const of = `${palette.surface} ${ratio}`;
    if (this.#glyphs?.of !== of) this.#glyphs = { of, all: createGlyphs(palette, ratio) };
    return this.#glyphs.all;
  }
}

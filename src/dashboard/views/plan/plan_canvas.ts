/** The canvas of the plan: keeps painter, layout worker and live rows together. It is told what to show, and tells clicks. */

import { onRows, plan } from "../../live/live_plan.ts";
import { unionPlan } from "../../live/past_plan.ts";
import { KIND } from "../../plan/layout/graph.ts";
import { createPainter, type Painter } from "../../plan/painter/painter.ts";
import { type Camera, toScreen } from "../../plan/painter/camera.ts";
import { DARK, LIGHT } from "../../plan/palette.ts";
import { FAR_BELOW } from "../../plan/painter/frame.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { STATUS_CODE } from "../../plan/statuses.ts";
import { listenToGestures } from "./gestures.ts";
import { type Answered, LayoutClient } from "./layout_client.ts";
import { type Direction, neighbourOf } from "./neighbours.ts";
import { detailsOf, type Folding, graphOf, type LiveDetails, type Marks, updateDetails } from "./plan_graph.ts";

export interface PlanCanvasOptions {
  readonly canvas: HTMLCanvasElement;
  /** Where the user left it; undefined fits everything into view. */
  readonly camera: Camera | undefined;
  readonly isDark: () => boolean;
  readonly onTask: (id: string) => void;
  readonly onGroup: (id: string) => void;
  readonly onStack: (key: string) => void;
  readonly onNothing: () => void;
  readonly onCamera: (camera: Camera) => void;
  readonly onShown: () => void;
  readonly onFailure: (message: string) => void;
}

/** The chains of the selected task. */
export interface Reach {
  readonly upstream: number;
  readonly downstream: number;
}

interface Shown extends Answered {
  /** The plan whose tasks are laid out: that of all moments, while an earlier one is shown. */
  readonly laidOut: PlanTable;
  readonly details: LiveDetails;
  readonly folding: string;
}

export class PlanCanvas {
  readonly #options: PlanCanvasOptions;
  readonly #painter: Painter;
  readonly #layouts: LayoutClient;
  readonly #ended = new AbortController();
  #shown: Shown | undefined;
  /** The plan whose layout is asked for, and what is folded in it. */
  #asked: Pick<Shown, "laidOut" | "folding"> | undefined;
  #marks: Marks = { critical: new Set(), blockers: new Set(), limits: new Map() };
  #selected = "";

  constructor(options: PlanCanvasOptions) {
    const { canvas, isDark } = options;
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("This browser draws no canvas");
    this.#options = options;
    this.#painter = createPainter({
      context,
      requestFrame: (paint) => requestAnimationFrame(paint),
      cancelFrame: (frame) => cancelAnimationFrame(frame),
      createPath: (path) => new Path2D(path),
      hasReducedMotion: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
      onCamera: options.onCamera,
    }, { palette: isDark() ? DARK : LIGHT, size: sizeOf(canvas), ratio: devicePixelRatio });
    this.#layouts = new LayoutClient({ onLayout: (answered) => this.#show(answered), onFailure: options.onFailure });
    this.#listen();
  }

  /** Lays the plan out and shows it. @param fresh do not stay near what is shown */
  layOut(folding: Folding, options: { readonly fresh?: boolean } = {}): void {
    const laidOut = tableToLayOut();
    if (laidOut === undefined) return;
    const asked = { laidOut, folding: JSON.stringify([[...folding.collapsed], [...folding.unfolded]]) };
    this.#asked = asked;
    const shown = this.#shown;
    // Another earlier moment: all tasks stay where they are.
    const isOtherMoment = unionPlan.peek() !== undefined && shown?.laidOut === laidOut &&
      shown.folding === asked.folding;
    if (isOtherMoment) this.#paint(shown);
    else this.#layouts.ask(graphOf(laidOut, folding), options);
  }

  /** Changes what is marked. */
  mark(changes: Partial<Marks>): void {
    this.#marks = { ...this.#marks, ...changes };
    if (this.#shown !== undefined) this.#paint(this.#shown);
  }

  /** Selects a task, and brings it into view if it is not; "" selects none. Undefined if it is not drawn. */
  select(id: string): Reach | undefined {
    this.#selected = id;
    const item = this.#itemOfTask(id);
    const chains = this.#painter.select(item);
    if (item !== undefined && !this.#isInView(item)) this.#painter.fit(item);
    return chains;
  }

  fit(): void {
    this.#painter.fit();
  }

  /** Brings a group into view. */
  fitGroup(id: string): void {
    const { graph } = this.#shown ?? {};
    const group = graph?.groups.indexOf(id) ?? -1;
    if (graph === undefined || group < 0) return;
    this.#painter.fit(this.#painter.itemOf(graph.ids.length + graph.joins.length + group));
  }

  zoom(factor: number): void {
    const { width, height } = sizeOf(this.#options.canvas);
    this.#painter.zoomAround({ x: width / 2, y: height / 2 }, factor);
  }

  /** The task to which an arrow key leads from the selected one, or from the one in the middle of the view. */
  taskInDirection(direction: Direction): string | undefined {
    const { layout } = this.#painter.scene() ?? {};
    if (layout === undefined) return undefined;
    const item = this.#itemOfTask(this.#selected);
    if (item === undefined) return this.tasksInView(1)[0];
    const next = neighbourOf(layout, item, direction);
    return next === undefined ? undefined : this.#taskOf(next);
  }

  /** Tasks in view, those nearest to the middle first. */
  tasksInView(limit: number): readonly string[] {
    const { layout } = this.#painter.scene() ?? {};
    if (layout === undefined) return [];
    const { width, height } = sizeOf(this.#options.canvas);
    const near = Array.from(layout.keys, (_, item) => ({ item, at: this.#middleOf(item) }))
      .filter(({ item, at }) => layout.kind[item] === KIND.task && isInside(at, width, height))
      .map(({ item, at }) => ({ item, distance: Math.hypot(at.x - width / 2, at.y - height / 2) }))
      .sort((a, b) => a.distance - b.distance);
    return near.slice(0, limit).flatMap(({ item }) => this.#taskOf(item) ?? []);
  }

  /** Where the middle of a task is on the canvas, in CSS pixels; undefined if it is not drawn. */
  placeOf(id: string): { readonly x: number; readonly y: number } | undefined {
    const item = this.#itemOfTask(id);
    return item === undefined ? undefined : this.#middleOf(item);
  }

  setPalette(): void {
    this.#painter.setPalette(this.#options.isDark() ? DARK : LIGHT);
  }

  close(): void {
    this.#ended.abort();
    this.#layouts.close();
    this.#painter.dispose();
  }

  #listen(): void {
    const { canvas, onNothing } = this.#options;
    const { signal } = this.#ended;
    const painter = this.#painter;
    const resize = () => {
      const size = sizeOf(canvas);
      canvas.width = Math.max(1, Math.round(size.width * devicePixelRatio));
      canvas.height = Math.max(1, Math.round(size.height * devicePixelRatio));
      painter.resize(size, devicePixelRatio);
    };
    resize();
    const observer = new ResizeObserver(resize);
    observer.observe(canvas);
    const unsubscribe = onRows((rows) => this.#update(rows));
    signal.addEventListener("abort", () => {
      observer.disconnect();
      unsubscribe();
    });
    const clicked = (item: number | undefined) => {
      if (item === undefined) return onNothing();
      this.#clicked(item);
    };
    listenToGestures(canvas, {
      pan: (pixels) => painter.panBy(pixels),
      zoom: (around, factor) => painter.zoomAround(around, factor),
      click: (at) => clicked(painter.itemAt(at)),
      doubleClick: (at) => painter.fit(painter.itemAt(at)),
      hover: (at) => {
        canvas.style.cursor = painter.hover(at) === undefined ? "grab" : "pointer";
      },
    }, signal);
  }

  #clicked(item: number): void {
    const { onTask, onGroup, onStack } = this.#options;
    const { layout, graph } = this.#painter.scene() ?? {};
    if (layout === undefined || graph === undefined) return;
    const source = layout.source[item] ?? 0;
    switch (layout.kind[item]) {
      case KIND.task:
        return onTask(graph.ids[source] ?? "");
      case KIND.stack:
        return onStack(layout.stacks[source]?.key ?? "");
      case KIND.group:
      case KIND.box:
        return onGroup(graph.groups[source] ?? "");
      default:
        return;
    }
  }

  #show(answered: Answered): void {
    const asked = this.#asked;
    const shown = plan.peek();
    // The whole plan was read again meanwhile: its rows are others, and the next layout is asked for already.
    if (asked === undefined || shown === undefined || asked.laidOut !== tableToLayOut()) return;
    const isFirst = this.#shown === undefined;
    const details = detailsOf({ laidOut: asked.laidOut, shown }, answered.graph.ids.length, this.#marks);
    this.#shown = { ...answered, ...asked, details };
    this.#painter.show(answered.graph, answered.layout, details);
    if (isFirst) this.#begin(shown);
    this.#painter.select(this.#itemOfTask(this.#selected));
    this.#options.onShown();
  }

  /** Where the user left it, or all of the plan; of one that would be too small to read, the part where work is done. */
  #begin(shown: PlanTable): void {
    const painter = this.#painter;
    const { zoom } = painter.camera();
    if (this.#options.camera !== undefined) return painter.setCamera(this.#options.camera);
    if (zoom >= FAR_BELOW) return;
    const running = shown.ids.filter((_, row) => shown.status[row] === STATUS_CODE.in_progress);
    const middle = this.placeOf(running[running.length >> 1] ?? "");
    if (middle === undefined) return;
    const { width, height } = sizeOf(this.#options.canvas);
    painter.panBy({ x: width / 2 - middle.x, y: height / 2 - middle.y });
    painter.zoomAround({ x: width / 2, y: height / 2 }, FAR_BELOW / zoom);
  }

  /** Shows the same layout with other details. */
  #paint(before: Shown): void {
    const { laidOut, graph, layout } = before;
    const details = detailsOf({ laidOut, shown: plan.peek() ?? laidOut }, graph.ids.length, this.#marks);
    this.#shown = { ...before, details };
    this.#painter.show(graph, layout, details);
  }

  #update(rows: readonly number[]): void {
    const shown = this.#shown;
    if (shown === undefined || shown.laidOut !== plan.peek()) return;
    const { laidOut, details } = shown;
    for (const row of rows) {
      if (row >= details.status.length) continue;
      updateDetails(details, row, { table: laidOut, row });
      const status = laidOut.status[row] ?? 0;
      if (details.status[row] !== status) this.#painter.setStatus(row, status);
    }
    this.#painter.invalidate();
  }

  #itemOfTask(id: string): number | undefined {
    const row = id === "" ? undefined : this.#shown?.laidOut.rowOf(id);
    return row === undefined || row >= (this.#shown?.graph.ids.length ?? 0) ? undefined : this.#painter.itemOf(row);
  }

  #taskOf(item: number): string | undefined {
    const { layout, graph } = this.#painter.scene() ?? {};
    return layout?.kind[item] === KIND.task ? graph?.ids[layout.source[item] ?? -1] : undefined;
  }

  #middleOf(item: number): { readonly x: number; readonly y: number } {
    const { layout } = this.#painter.scene() ?? {};
    return toScreen(this.#painter.camera(), {
      x: (layout?.x[item] ?? 0) + (layout?.width[item] ?? 0) / 2,
      y: (layout?.y[item] ?? 0) + (layout?.height[item] ?? 0) / 2,
    });
  }

  #isInView(item: number): boolean {
    const { width, height } = sizeOf(this.#options.canvas);
    return isInside(this.#middleOf(item), width, height);
  }
}

/** The plan to lay out: the shown one, or that of all moments that were looked at. */
function tableToLayOut(): PlanTable | undefined {
  return unionPlan.peek() ?? plan.peek();
}

function isInside({ x, y }: { readonly x: number; readonly y: number }, width: number, height: number): boolean {
  return x >= 0 && y >= 0 && x <= width && y <= height;
}

function sizeOf({ clientWidth, clientHeight }: HTMLCanvasElement) {
  return { width: clientWidth, height: clientHeight };
}

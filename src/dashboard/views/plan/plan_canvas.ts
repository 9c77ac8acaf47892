/** The canvas of the plan: keeps painter, layout worker and live rows together. It is told what to show, and tells clicks. */

import { onRows, plan } from "../../live/live_plan.ts";
import { unionPlan } from "../../live/past_plan.ts";
import { createPainter, type Painter } from "../../plan/painter/painter.ts";
import type { Camera, Size } from "../../plan/painter/camera.ts";
import { DARK, LIGHT } from "../../plan/palette.ts";
import { type Folding, foldingText, graphOf } from "../../plan/plan_graph.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { type Status, STATUS_CODE } from "../../plan/statuses.ts";
import { isInside, sizeOf, watchSize } from "./canvas_size.ts";
import { handleAt, middleOf, type Target, targetOf, taskOf, tasksInView } from "./drawn_items.ts";
import { cameraAtStart, cameraAtWork, lookFirst, wayInto } from "./first_look.ts";
import { listenToGestures } from "./gestures.ts";
import { type Answered, LayoutClient } from "./layout_client.ts";
import { type Direction, neighbourOf } from "./neighbours.ts";
import { detailsOf, isSameMarks, type LiveDetails, type Marks, updateDetails } from "./plan_details.ts";
import { keep, type Turned, turnedBy } from "./turned.ts";

export interface PlanCanvasOptions {
  readonly canvas: HTMLCanvasElement;
  /** Where the user left it; undefined fits everything into view. */
  readonly camera: Camera | undefined;
  readonly isDark: () => boolean;
  readonly onClick: (target: Target | undefined) => void;
  readonly onCamera: (camera: Camera) => void;
  /** Called after a layout is shown, with the chains of the selected task. */
  readonly onShown: (reach: Reach | undefined) => void;
  readonly onFailure: (message: string) => void;
}

/** The chains of the selected task. */
export interface Reach {
  readonly upstream: number;
  readonly downstream: number;
}

/** What a double click on the ground zooms by. */
const NEARER = 2;

/** What deserves the first look, in this order. */
const ACTIVE = ["in_progress", "ready", "failed"] as const satisfies readonly Status[];

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
  #size: Size;
  #window: Size = { width: innerWidth, height: innerHeight };
  #shown: Shown | undefined;
  /** The plan whose layout is asked for, and what is folded in it. */
  #asked: Pick<Shown, "laidOut" | "folding"> | undefined;
  #marks: Marks = { critical: new Set(), blockers: new Set(), limits: new Map() };
  #selected = "";
  /** Whether the selected task is to be seen: until the user moves the camera. */
  #isFollowing = false;
  /** What the user has folded or unfolded, and where: the next layout shows it there. */
  #turned: Turned | undefined;

  constructor(options: PlanCanvasOptions) {
    const { canvas, isDark } = options;
    const context = canvas.getContext("2d", { alpha: false });
    if (context === null) throw new Error("This browser draws no canvas");
    this.#options = options;
    this.#size = sizeOf(canvas);
    this.#painter = createPainter({
      context,
      requestFrame: (paint) => requestAnimationFrame(paint),
      cancelFrame: (frame) => cancelAnimationFrame(frame),
      now: () => performance.now(),
      startTimer: (act, afterMs) => setTimeout(act, afterMs),
      cancelTimer: (timer) => clearTimeout(timer),
      createPath: (path) => new Path2D(path),
      hasReducedMotion: () => matchMedia("(prefers-reduced-motion: reduce)").matches,
      onCamera: options.onCamera,
    }, { palette: isDark() ? DARK : LIGHT, size: this.#size, ratio: devicePixelRatio });
    this.#layouts = new LayoutClient({ onLayout: (answered) => this.#show(answered), onFailure: options.onFailure });
    this.#listen();
  }

  /** Lays the plan out and shows it. @param fresh do not stay near what is shown */
  layOut(folding: Folding, options: { readonly fresh?: boolean } = {}): void {
    const laidOut = tableToLayOut();
    if (laidOut === undefined) return;
    const asked = { laidOut, folding: foldingText(folding) };
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
    const marks = { ...this.#marks, ...changes };
    if (isSameMarks(marks, this.#marks)) return;
    this.#marks = marks;
    if (this.#shown !== undefined) this.#paint(this.#shown);
  }

  /** Dims all tasks whose status is none of these; an empty list dims none. */
  emphasise(statuses: readonly Status[]): void {
    const codes = new Set(statuses.map((status) => STATUS_CODE[status]));
    this.#painter.emphasise(codes.size === 0 ? undefined : codes);
  }

  /**
   * Selects a task, and brings it into view if it is not; "" selects none. Undefined if it is not drawn: then it comes into
   * view with the layout that has it.
   */
  select(id: string): Reach | undefined {
    this.#isFollowing = id !== "";
    this.#selected = id;
    const item = this.#itemOfTask(id);
    const chains = this.#painter.select(item);
    if (item !== undefined && !this.#isInView(item)) this.#painter.fit(item);
    return chains;
  }

  fit(): void {
    this.#isFollowing = false;
    this.#painter.fit();
  }

  /** To the beginning of the plan, in the same size. */
  goToStart(): void {
    this.#isFollowing = false;
    this.#painter.glideTo(cameraAtStart(this.#painter, this.#size));
  }

  /** To where work is done, large enough to be read. */
  goToWork(): void {
    this.#isFollowing = false;
    this.#painter.glideTo(cameraAtWork(this.#painter, { size: this.#size, active: this.#activeItems() }));
  }

  /** Brings a group into view. */
  fitGroup(id: string): void {
    const item = this.#itemOfGroup(id);
    if (item !== undefined) this.#painter.fit(item);
  }

  zoom(factor: number): void {
    const { width, height } = this.#size;
    this.#painter.zoomAround({ x: width / 2, y: height / 2 }, factor);
  }

  /** The task to which an arrow key leads from the selected one, or from the one in the middle of the view. */
  taskInDirection(direction: Direction): string | undefined {
    const { layout } = this.#painter.scene() ?? {};
    if (layout === undefined) return undefined;
    const item = this.#itemOfTask(this.#selected);
    if (item === undefined) return this.tasksInView(1)[0];
    const next = neighbourOf(layout, item, direction);
    return next === undefined ? undefined : taskOf(this.#painter, next);
  }

  /** Tasks in view, those nearest to the middle first. */
  tasksInView(limit: number): readonly string[] {
    return tasksInView(this.#painter, this.#size, limit);
  }

  /** Where the middle of a task is on the canvas, in CSS pixels; undefined if it is not drawn. */
  placeOf(id: string): { readonly x: number; readonly y: number } | undefined {
    const item = this.#itemOfTask(id);
    return item === undefined ? undefined : middleOf(this.#painter, item);
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
    const { canvas, onClick } = this.#options;
    const { signal } = this.#ended;
    const painter = this.#painter;
    watchSize(canvas, (size) => this.#resize(size), signal);
    signal.addEventListener("abort", onRows((rows) => this.#update(rows)));
    const ofUser = <A extends unknown[]>(move: (...how: A) => void) => (...how: A) => {
      this.#isFollowing = false;
      move(...how);
    };
    listenToGestures(canvas, {
      pan: ofUser(painter.panBy),
      zoom: ofUser(painter.zoomAround),
      click: (at) => {
        const item = handleAt(painter, at);
        this.#turned = item === undefined ? undefined : turnedBy(painter, item, at);
        onClick(item === undefined ? undefined : targetOf(painter, item));
      },
      doubleClick: ofUser((at) => {
        const item = painter.itemAt(at);
        if (item === undefined) painter.zoomAround(at, NEARER);
        else painter.fit(item);
      }),
      hover: (at) => {
        painter.hover(at);
        canvas.style.cursor = at === undefined || handleAt(painter, at) === undefined ? "grab" : "pointer";
      },
    }, signal);
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
    if (isFirst) {
      lookFirst(this.#painter, { camera: this.#options.camera, size: this.#size, active: this.#activeItems() });
    }
    this.#keepTurned();
    const item = this.#itemOfTask(this.#selected);
    const chains = this.#painter.select(item);
    if (this.#isFollowing && item !== undefined && !this.#isInView(item)) this.#painter.fit(item);
    this.#options.onShown(chains);
  }

  /** What was folded or unfolded stays under the cursor. */
  #keepTurned(): void {
    const turned = this.#turned;
    this.#turned = undefined;
    if (turned === undefined) return;
    const item = turned.type === "group" ? this.#itemOfGroup(turned.id) : this.#itemOfTask(turned.id);
    if (item !== undefined) keep(this.#painter, item, turned);
  }

  /**
   * With another window, its middle stays in the middle; when only something beside the canvas opens, nothing moves. Then a
   * selected task is kept in view, with as little movement as that needs.
   */
  #resize(size: Size): void {
    const before = this.#size;
    this.#size = size;
    this.#painter.resize(size, devicePixelRatio);
    const { innerWidth, innerHeight } = globalThis;
    if (innerWidth !== this.#window.width || innerHeight !== this.#window.height) {
      this.#window = { width: innerWidth, height: innerHeight };
      if (this.#shown !== undefined) {
        this.#painter.panBy({ x: (size.width - before.width) / 2, y: (size.height - before.height) / 2 });
      }
    }
    const item = this.#isFollowing ? this.#itemOfTask(this.#selected) : undefined;
    if (item === undefined) return;
    const at = middleOf(this.#painter, item);
    if (!isInside(at, before)) return this.#painter.fit(item);
    const way = wayInto(at, size);
    if (way.x !== 0 || way.y !== 0) this.#painter.panBy(way);
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
    this.#painter.refresh();
  }

  /** What shows tasks that run; without any, those that are ready; without any, those that failed. */
  #activeItems(): readonly number[] {
    const table = plan.peek();
    for (const status of ACTIVE) {
      const ids = table?.ids.filter((_, row) => table.status[row] === STATUS_CODE[status]) ?? [];
      const items = new Set(ids.flatMap((id) => this.#itemOfTask(id) ?? []));
      if (items.size > 0) return Array.from(items);
    }
    return [];
  }

  #itemOfGroup(id: string): number | undefined {
    const { graph } = this.#shown ?? {};
    const group = graph?.groups.indexOf(id) ?? -1;
    return graph === undefined || group < 0
      ? undefined
      : this.#painter.itemOf(graph.ids.length + graph.joins.length + group);
  }

  #itemOfTask(id: string): number | undefined {
    const row = id === "" ? undefined : this.#shown?.laidOut.rowOf(id);
    return row === undefined || row >= (this.#shown?.graph.ids.length ?? 0) ? undefined : this.#painter.itemOf(row);
  }

  #isInView(item: number): boolean {
    return isInside(middleOf(this.#painter, item), this.#size);
  }
}

/** The plan to lay out: the shown one, or that of all moments that were looked at. */
function tableToLayOut(): PlanTable | undefined {
  return unionPlan.peek() ?? plan.peek();
}

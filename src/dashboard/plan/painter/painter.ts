/**
 * Paints a plan on a canvas: at most one picture an animation frame, of live changes alone ten a second, and none while
 * nothing changes. Live data never moves the camera: only its own functions do, and a new layout, which keeps in place what
 * is looked at.
 */
import { KIND, type Layout, type PlanGraph } from "../layout/graph.ts";
import type { Palette } from "../palette.ts";
import { anchorOf, cameraKeeping } from "./anchor.ts";
import { type Brush, type Context, createGlyphs } from "./brush.ts";
import { between, type Camera, fitted, pannedBy, type Point, type Size, toPlan, zoomedAround } from "./camera.ts";
import { type ChainFinder, type Chains, createChainFinder } from "./chains.ts";
import { type Lookup, paintFrame } from "./frame.ts";
import { createLookup } from "./lookup.ts";
import { createScene, type PlanDetails, type Scene, tasksOf } from "./scene.ts";
import { createTextCutter } from "./text_cutter.ts";

/** What the painter needs of the browser. */
export interface PainterPorts {
  readonly context: Context;
  readonly requestFrame: (paint: (atMs: number) => void) => number;
  readonly cancelFrame: (frame: number) => void;
  /** The time in milliseconds, by the clock of the frames. */
  readonly now: () => number;
  readonly startTimer: (act: () => void, afterMs: number) => number;
  readonly cancelTimer: (timer: number) => void;
  readonly createPath: (path: string) => Path2D;
  readonly hasReducedMotion: () => boolean;
  /** Called after the camera has moved, once a frame. */
  readonly onCamera?: (camera: Camera) => void;
}

export interface Painter {
  /** Shows a new layout. The first is fitted into view. */
  readonly show: (graph: PlanGraph, layout: Layout, details: PlanDetails) => void;
  /** Shown with the next frame, or `LIVE_MS` after the last picture. */
  readonly setStatus: (task: number, status: number) => void;
  /** Titles, workers or progress have changed: the arrays given to `show` are read again, as soon as for a status. */
  readonly refresh: () => void;
  readonly setPalette: (palette: Palette) => void;
  /** The canvas in CSS pixels, and how many device pixels each is. */
  readonly resize: (size: Size, ratio: number) => void;
  readonly camera: () => Camera;
  readonly setCamera: (camera: Camera) => void;
  /** The same, but on the way unless motion is reduced. */
  readonly glideTo: (camera: Camera) => void;
  readonly panBy: (pixels: Point) => void;
  readonly zoomAround: (pixel: Point, factor: number) => void;
  /** Everything, or one item with its surroundings, into view; glides unless motion is reduced. */
  readonly fit: (item?: number) => void;
  /** The chains of the item, with counts; undefined ends the selection. */
  readonly select: (item: number | undefined) => Chains | undefined;
  /** Dims all that shows none of these statuses; undefined ends that. */
  readonly emphasise: (statuses: ReadonlySet<number> | undefined) => void;
  readonly hover: (pixel: Point | undefined) => number | undefined;
  readonly itemAt: (pixel: Point) => number | undefined;
  /** The item that shows a task, join or group, by the numbers of the plan's edges. */
  readonly itemOf: (end: number) => number | undefined;
  readonly scene: () => Scene | undefined;
  readonly dispose: () => void;
}

export const MAX_ANIMATION_MS = 260;

/**
 * Least time from a picture to the next one that only live changes ask for. While many agents work, each frame has some;
 * pictures of them all would take a third of a core without telling more.
 */
export const LIVE_MS = 100;

const FOCUS_ZOOM = 0.9;

interface Shown {
  readonly scene: Scene;
  readonly lookup: Lookup;
  readonly finder: ChainFinder;
}

export function createPainter(
  ports: PainterPorts,
  initial: { readonly palette: Palette; readonly size: Size; readonly ratio: number },
): Painter {
  let { palette, size, ratio } = initial;
  let camera: Camera = { x: 0, y: 0, zoom: 1 };
  let toldCamera = camera;
  let glide: { readonly from: Camera; readonly to: Camera; startMs?: number } | undefined;
  let shown: Shown | undefined;
  let selected: number | undefined, hovered: number | undefined, chains: Chains | undefined;
  let emphasised: ReadonlySet<number> | undefined;
  let frame: number | undefined;
  let paintedAtMs = -Infinity;
  /** The timer after which live changes are painted. */
  let rest: number | undefined;
  const texts = createTextCutter(ports.context);
  const glyphs = createGlyphs(ports.createPath);

  const paint = (atMs: number) => {
    frame = undefined;
    // This picture has the changes that the timer was for.
    if (rest !== undefined) ports.cancelTimer(rest);
    rest = undefined;
    paintedAtMs = atMs;
    if (glide) advance(glide, atMs);
    if (shown) {
      const brush: Brush = {
        context: ports.context,
        scene: shown.scene,
        palette,
        camera,
        size,
        ratio,
        texts,
        glyphs,
        chains,
        selected,
        hovered,
        emphasised,
      };
      paintFrame(brush, shown.lookup);
    }
    if (camera !== toldCamera) {
      toldCamera = camera;
      ports.onCamera?.(camera);
    }
    if (glide) invalidate();
  };
  const invalidate = () => {
    frame ??= ports.requestFrame(paint);
  };
  const refresh = () => {
    if (frame !== undefined || rest !== undefined) return;
    const restMs = paintedAtMs + LIVE_MS - ports.now();
    if (restMs <= 0) return invalidate();
    rest = ports.startTimer(() => {
      rest = undefined;
      invalidate();
    }, restMs);
  };
  const advance = (now: NonNullable<typeof glide>, atMs: number) => {
    now.startMs ??= atMs;
    const share = Math.min((atMs - now.startMs) / MAX_ANIMATION_MS, 1);
    camera = share === 1 ? now.to : between(now.from, now.to, share);
    if (share === 1) glide = undefined;
  };
  const moveTo = (to: Camera) => {
    glide = undefined;
    camera = to;
    invalidate();
  };
  const glideTo = (to: Camera) => {
    if (ports.hasReducedMotion()) return moveTo(to);
    glide = { from: camera, to };
    invalidate();
  };
  const itemAt = (pixel: Point) => shown && hit(shown, toPlan(camera, pixel));
  const select = (item: number | undefined) => {
    selected = item;
    chains = item === undefined ? undefined : shown?.finder.find(item);
    invalidate();
    return chains;
  };

  const show = (graph: PlanGraph, layout: Layout, details: PlanDetails) => {
    const before = shown?.scene;
    const scene = createScene(graph, layout, details);
    const keyOf = (item: number | undefined) => item === undefined ? undefined : before?.layout.keys[item];
    const anchor = before && shown && anchorOf(before.layout, shown.lookup.items, { camera, size, selected });
    const kept = scene.itemByKey.get(keyOf(anchor) ?? "");
    shown = { scene, lookup: createLookup(layout), finder: createChainFinder(layout, (item) => tasksOf(scene, item)) };
    if (!before) moveTo(fitted(layout.bounds, size));
    else if (anchor !== undefined && kept !== undefined) {
      const move = (from: Camera) =>
        cameraKeeping(from, { layout: before.layout, item: anchor }, { layout, item: kept });
      camera = move(camera);
      glide = glide && { ...glide, from: move(glide.from), to: move(glide.to) };
    }
    hovered = scene.itemByKey.get(keyOf(hovered) ?? "");
    select(scene.itemByKey.get(keyOf(selected) ?? ""));
  };
  return {
    show,
    setStatus: (task, status) => {
      shown?.scene.setStatus(task, status);
      refresh();
    },
    refresh,
    setPalette: (next) => {
      palette = next;
      invalidate();
    },
    resize: (nextSize, nextRatio) => {
      size = nextSize, ratio = nextRatio;
      invalidate();
    },
    camera: () => camera,
    setCamera: moveTo,
    glideTo,
    panBy: (pixels) => moveTo(pannedBy(camera, pixels)),
    zoomAround: (pixel, factor) => moveTo(zoomedAround(camera, pixel, factor)),
    fit: (item) => {
      if (!shown) return;
      const { layout } = shown.scene;
      glideTo(item === undefined ? fitted(layout.bounds, size) : focused(layout, item, { camera, size }));
    },
    select,
    emphasise: (statuses) => {
      emphasised = statuses;
      invalidate();
    },
    hover: (pixel) => {
      const next = pixel && itemAt(pixel);
      if (next !== hovered) {
        hovered = next;
        invalidate();
      }
      return hovered;
    },
    itemAt,
    itemOf: (end) => shown?.scene.layout.itemOf[end],
    scene: () => shown?.scene,
    dispose: () => {
      if (frame !== undefined) ports.cancelFrame(frame);
      if (rest !== undefined) ports.cancelTimer(rest);
      frame =
        rest =
        glide =
        shown =
          undefined;
    },
  };
}

/** The topmost item at a point: what stands in a box is above it. */
function hit({ scene: { layout }, lookup }: Shown, { x, y }: Point): number | undefined {
  const found = lookup.items.find({ x, y, width: 0, height: 0 });
  return found.find((item) => layout.kind[item] !== KIND.box) ?? found[0];
}

/** In the middle, near enough to read. */
function focused(
  layout: Layout,
  item: number,
  { camera, size }: { readonly camera: Camera; readonly size: Size },
): Camera {
  if (layout.kind[item] === KIND.box) {
    return fitted(
      { x: layout.x[item]!, y: layout.y[item]!, width: layout.width[item]!, height: layout.height[item]! },
      size,
    );
  }
  const zoom = Math.max(camera.zoom, FOCUS_ZOOM);
  return {
    x: layout.x[item]! + layout.width[item]! / 2 - size.width / 2 / zoom,
    y: layout.y[item]! + layout.height[item]! / 2 - size.height / 2 / zoom,
    zoom,
  };
}

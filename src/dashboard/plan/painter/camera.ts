/** Where the canvas looks: a point of the plan at the canvas's top left, and how many pixels a unit of the plan takes. */
import type { Rectangle } from "../layout/graph.ts";

export interface Camera {
  readonly x: number;
  readonly y: number;
  readonly zoom: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Point {
  readonly x: number;
  readonly y: number;
}

export const MIN_ZOOM = 0.005;
export const MAX_ZOOM = 3;
/** The zoom that fitting does not exceed: a plan of one task need not fill the screen. */
const MAX_FIT_ZOOM = 1.1;
const FIT_MARGIN = 40;

export function toPlan(camera: Camera, { x, y }: Point): Point {
  return { x: camera.x + x / camera.zoom, y: camera.y + y / camera.zoom };
}

export function toScreen(camera: Camera, { x, y }: Point): Point {
  return { x: (x - camera.x) * camera.zoom, y: (y - camera.y) * camera.zoom };
}

export function pannedBy(camera: Camera, { x, y }: Point): Camera {
  return { ...camera, x: camera.x - x / camera.zoom, y: camera.y - y / camera.zoom };
}

/** What is under `screen` stays there. */
export function zoomedAround(camera: Camera, screen: Point, factor: number): Camera {
  const zoom = Math.min(Math.max(camera.zoom * factor, MIN_ZOOM), MAX_ZOOM);
  const { x, y } = toPlan(camera, screen);
  return { x: x - screen.x / zoom, y: y - screen.y / zoom, zoom };
}

export function fitted(bounds: Rectangle, size: Size): Camera {
  const width = Math.max(size.width - 2 * FIT_MARGIN, 1), height = Math.max(size.height - 2 * FIT_MARGIN, 1);
  const wanted = Math.min(width / Math.max(bounds.width, 1), height / Math.max(bounds.height, 1));
  const zoom = Math.min(Math.max(wanted, MIN_ZOOM), MAX_FIT_ZOOM);
  return {
    x: bounds.x + bounds.width / 2 - size.width / 2 / zoom,
    y: bounds.y + bounds.height / 2 - size.height / 2 / zoom,
    zoom,
  };
}

/** The nearest camera that shows no more emptiness beside the plan than fitting does. */
export function withinBounds(camera: Camera, bounds: Rectangle, size: Size): Camera {
  const margin = FIT_MARGIN / camera.zoom;
  const start = (at: number, seen: number, from: number, length: number) => {
    const first = from - margin, last = from + length + margin - seen;
    return last < first ? (first + last) / 2 : Math.min(Math.max(at, first), last);
  };
  const { width, height } = viewOf(camera, size);
  return {
    ...camera,
    x: start(camera.x, width, bounds.x, bounds.width),
    y: start(camera.y, height, bounds.y, bounds.height),
  };
}

/** What the canvas shows of the plan. */
export function viewOf(camera: Camera, { width, height }: Size): Rectangle {
  return { x: camera.x, y: camera.y, width: width / camera.zoom, height: height / camera.zoom };
}

/** On the way from one camera to another; `share` runs from 0 to 1. While it zooms, one point of the screen stays. */
export function between(from: Camera, to: Camera, share: number): Camera {
  const eased = 1 - (1 - share) ** 3;
  const zoom = from.zoom * (to.zoom / from.zoom) ** eased;
  const isZooming = Math.abs(to.zoom / from.zoom - 1) > 1e-3;
  const way = isZooming ? (1 / zoom - 1 / from.zoom) / (1 / to.zoom - 1 / from.zoom) : eased;
  return { x: from.x + (to.x - from.x) * way, y: from.y + (to.y - from.y) * way, zoom };
}

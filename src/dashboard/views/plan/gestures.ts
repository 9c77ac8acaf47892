/** Turns pointers and the wheel into moves of the camera, clicks and hovering: mouse, pen, and one or two fingers. */

import type { Point } from "../../plan/painter/camera.ts";

export interface GestureListener {
  readonly pan: (pixels: Point) => void;
  readonly zoom: (around: Point, factor: number) => void;
  readonly click: (at: Point) => void;
  readonly doubleClick: (at: Point) => void;
  readonly hover: (at: Point | undefined) => void;
}

/** A pointer that moved less than this, in CSS pixels, has clicked. */
const CLICK_PIXELS = 5;

/** What a step of the wheel zooms by, for each CSS pixel that it would scroll. */
const ZOOM_PER_PIXEL = 0.0016;

/** Two fingers on a touchpad are a wheel with Ctrl, of far smaller steps. */
const PINCH = 6;

/** What one step of the wheel zooms by at most, as an exponent. */
const MAX_STEP = 0.5;

/** One line of the wheel, where it counts in lines, in CSS pixels. */
const LINE_PIXELS = 24;

/** Listens until the signal is aborted. */
export function listenToGestures(element: HTMLElement, listener: GestureListener, signal: AbortSignal): void {
  const pointers = new Map<number, Point>();
  let moved = 0;
  const at = ({ offsetX, offsetY }: MouseEvent): Point => ({ x: offsetX, y: offsetY });
  const options = { signal };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    element.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, at(event));
    if (pointers.size === 1) moved = 0;
  }, options);
  element.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    const now = at(event);
    if (before === undefined) return listener.hover(now);
    const change = { x: now.x - before.x, y: now.y - before.y };
    moved += Math.hypot(change.x, change.y);
    const other = Array.from(pointers).find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, now);
    if (moved < CLICK_PIXELS) return;
    if (other === undefined) return listener.pan(change);
    const spread = (point: Point) => Math.hypot(point.x - other.x, point.y - other.y);
    listener.pan({ x: change.x / 2, y: change.y / 2 });
    listener.zoom({ x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }, spread(now) / Math.max(1, spread(before)));
  }, options);
  const end = (event: PointerEvent) => {
    if (!pointers.delete(event.pointerId) || event.type === "pointercancel") return;
    if (pointers.size === 0 && moved < CLICK_PIXELS) listener.click(at(event));
  };
  element.addEventListener("pointerup", end, options);
  element.addEventListener("pointercancel", end, options);
  element.addEventListener("pointerleave", () => listener.hover(undefined), options);
  element.addEventListener("dblclick", (event) => listener.doubleClick(at(event)), options);
  element.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { deltaX, deltaY, deltaMode, ctrlKey } = event;
    const pixels = deltaMode === WheelEvent.DOM_DELTA_PIXEL ? 1 : LINE_PIXELS;
    if (Math.abs(deltaX) > Math.abs(deltaY)) return listener.pan({ x: -deltaX * pixels, y: 0 });
    const step = -deltaY * pixels * ZOOM_PER_PIXEL * (ctrlKey ? PINCH : 1);
    listener.zoom(at(event), Math.exp(Math.min(Math.max(step, -MAX_STEP), MAX_STEP)));
  }, { signal, passive: false });
}

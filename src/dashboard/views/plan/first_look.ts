/** Where the camera looks at first, and how it follows a selected task. */

import type { Layout } from "../../plan/layout/graph.ts";
import { type Camera, type Point, type Size, withinBounds } from "../../plan/painter/camera.ts";
import { FAR_BELOW } from "../../plan/painter/frame.ts";
import type { Painter } from "../../plan/painter/painter.ts";
import { middleOf } from "./drawn_items.ts";

/** On a canvas narrower than this, in CSS pixels, hardly a plan fits: its cards are shown large enough to be read. */
const NARROW = 600;
const READABLE = 0.8;

/**
 * Goes where the user left the camera, or leaves all of the plan in view; of a plan that would be too small to read, it
 * shows the part around one item instead.
 */
export function lookFirst(
  painter: Painter,
  { camera, layout, size, item }: {
    readonly camera: Camera | undefined;
    readonly layout: Layout;
    readonly size: Size;
    /** Where work is done. */
    readonly item: number | undefined;
  },
): void {
  const { zoom } = painter.camera();
  if (camera !== undefined) return painter.setCamera(camera);
  const least = size.width < NARROW ? READABLE : FAR_BELOW;
  if (zoom >= least || item === undefined) return;
  const middle = { x: size.width / 2, y: size.height / 2 };
  const at = middleOf(painter, item);
  painter.panBy({ x: middle.x - at.x, y: middle.y - at.y });
  painter.zoomAround(middle, least / zoom);
  painter.setCamera(withinBounds(painter.camera(), layout.bounds, size));
}

/** Goes to the beginning of the plan, in the same size. */
export function lookAtStart(painter: Painter, size: Size): void {
  const { layout } = painter.scene() ?? {};
  if (layout !== undefined) painter.setCamera(withinBounds({ ...painter.camera(), x: -Infinity }, layout.bounds, size));
}

/** So far from the edge of the canvas a selected task stays, in CSS pixels. */
const FOLLOW_MARGIN = 90;

/** By how much a point must move so that it is well inside a canvas. */
export function wayInto({ x, y }: Point, { width, height }: Size): Point {
  const into = (at: number, length: number) => {
    const room = Math.min(FOLLOW_MARGIN, length / 2);
    return Math.min(Math.max(at, room), length - room) - at;
  };
  return { x: into(x, width), y: into(y, height) };
}

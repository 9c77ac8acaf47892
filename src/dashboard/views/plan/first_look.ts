/** Where the camera looks at first, where work is done, and how it follows a selected task. */

import { KIND, type Layout, type Rectangle, SIZE } from "../../plan/layout/graph.ts";
import { type Camera, type Point, type Size, viewOf, withinBounds } from "../../plan/painter/camera.ts";
import { NEAR_FROM } from "../../plan/painter/frame.ts";
import type { Painter } from "../../plan/painter/painter.ts";

/** On a canvas narrower than this, in CSS pixels, hardly a plan fits: it is read card by card. */
const NARROW = 600;
/** At these zooms, cards can be read well: with all of their lines, or with their ids. */
const READABLE = { narrow: 0.9, wide: 0.52 } as const;
/** The buttons cover so much of the top, in CSS pixels: the name of a group should not be behind them. */
const TOOLS_HEIGHT = 64;
/** Most places that are compared. */
const MAX_COMPARED = 32;

/**
 * Goes where the user left the camera, if an item is in view there or at the nearest place within the plan. Otherwise all of
 * the plan stays in view; if the plan would be too small to read, the camera goes to where work is done.
 */
export function lookFirst(
  painter: Painter,
  { camera, size, active }: {
    readonly camera: Camera | undefined;
    readonly size: Size;
    readonly active: readonly number[];
  },
): void {
  const left = camera && showingItems(painter, camera, size);
  if (left !== undefined) painter.setCamera(left);
  else if (painter.camera().zoom < NEAR_FROM) painter.setCamera(cameraAtWork(painter, { size, active }));
}

/** The camera, or the nearest one within the plan; undefined if neither has an item in view: the plan may have shrunk. */
function showingItems(painter: Painter, camera: Camera, size: Size): Camera | undefined {
  const { layout } = painter.scene() ?? {};
  if (layout === undefined) return undefined;
  const items = itemsOf(layout);
  const near = [camera, withinBounds(camera, layout.bounds, size)];
  return near.find((each) => countIn(layout, items, viewOf(each, size)) > 0);
}

/**
 * Shows as many active items as fit, with what stands around them, large enough to be read; the beginning of the plan if
 * nothing is active.
 */
export function cameraAtWork(
  painter: Painter,
  { size, active }: { readonly size: Size; readonly active: readonly number[] },
): Camera {
  const { layout } = painter.scene() ?? {};
  if (layout === undefined || layout.keys.length === 0) return painter.camera();
  const zoom = Math.max(painter.camera().zoom, READABLE[size.width < NARROW ? "narrow" : "wide"]);
  const step = Math.ceil(active.length / MAX_COMPARED);
  const tried = active.length === 0 ? [firstItem(layout)] : active.filter((_, index) => index % step === 0);
  const all = itemsOf(layout);
  let best = painter.camera(), most = -1;
  for (const item of tried) {
    const camera = cameraAround(layout, item, { size, zoom });
    const view = viewOf(camera, size);
    const worth = countIn(layout, active, view) + countIn(layout, all, view) / (all.length + 1);
    if (worth > most) best = camera, most = worth;
  }
  return best;
}

/** The beginning of the plan, in the same size. */
export function cameraAtStart(painter: Painter, size: Size): Camera {
  const { layout } = painter.scene() ?? {};
  const { zoom } = painter.camera();
  return layout === undefined || layout.keys.length === 0
    ? painter.camera()
    : cameraAround(layout, firstItem(layout), { size, zoom });
}

/** The leftmost item, and of several the topmost. */
function firstItem({ keys, kind, x, y }: Layout): number {
  let first = 0;
  for (let item = 0; item < keys.length; item++) {
    if (kind[item] === KIND.box) continue;
    const ahead = x[item]! - x[first]! || y[item]! - y[first]!;
    if (kind[first] === KIND.box || ahead < 0) first = item;
  }
  return first;
}

/** All items but boxes. */
function itemsOf({ keys, kind }: Layout): readonly number[] {
  return keys.map((_, item) => item).filter((item) => kind[item] !== KIND.box);
}

/** How many items touch a part of the plan. */
function countIn({ x, y, width, height }: Layout, items: readonly number[], view: Rectangle): number {
  const right = view.x + view.width, bottom = view.y + view.height;
  let count = 0;
  for (const item of items) {
    const isLevel = y[item]! <= bottom && y[item]! + height[item]! >= view.y;
    if (isLevel && x[item]! <= right && x[item]! + width[item]! >= view.x) count++;
  }
  return count;
}

function placeIn({ x, y, width, height }: Layout, item: number) {
  return { x: x[item]!, y: y[item]!, width: width[item]!, height: height[item]! };
}

function cameraAround(
  layout: Layout,
  item: number,
  { size, zoom }: { readonly size: Size; readonly zoom: number },
): Camera {
  const { x, y, width, height } = placeIn(layout, item);
  const view = viewOf({ x: 0, y: 0, zoom }, size);
  const middle = { x: x + (width - view.width) / 2, y: y + (height - view.height) / 2, zoom };
  const camera = withinBounds(middle, layout.bounds, size);
  const top = layout.y[layout.box[item] ?? -1] ?? y;
  const shown = top - TOOLS_HEIGHT / zoom;
  const isHidden = camera.y > shown && camera.y < top + SIZE.boxHeader;
  return isHidden && y + height < shown + view.height ? { ...camera, y: shown } : camera;
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

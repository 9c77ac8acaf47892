/** The camera as a text in the address: x, y and zoom. */

import { type Camera, MAX_ZOOM, MIN_ZOOM } from "../../plan/painter/camera.ts";

export function textOf({ x, y, zoom }: Camera): string {
  return `${Math.round(x)},${Math.round(y)},${zoom.toFixed(4)}`;
}

/** Undefined if the text is no camera. */
export function cameraOf(text: string | undefined): Camera | undefined {
  const parts = (text ?? "").split(",").map(Number);
  const [x, y, zoom] = parts;
  if (parts.length !== 3 || x === undefined || y === undefined || zoom === undefined) return undefined;
  if (!parts.every(Number.isFinite) || zoom < MIN_ZOOM || zoom > MAX_ZOOM) return undefined;
  return { x, y, zoom };
}

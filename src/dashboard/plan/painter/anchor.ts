/** Keeps what is looked at in its place when the plan's structure changes. */
import { KIND, type Layout } from "../layout/graph.ts";
import { type Camera, type Size, viewOf } from "./camera.ts";
import type { Grid } from "./grid.ts";

/** The selection if it is in view, else the visible item nearest to the median of all visible ones. */
export function anchorOf(
  layout: Layout,
  items: Grid,
  { camera, size, selected }: { readonly camera: Camera; readonly size: Size; readonly selected: number | undefined },
): number | undefined {
  const visible = items.find(viewOf(camera, size));
  if (selected !== undefined && visible.includes(selected)) return selected;
  const nodes = visible.filter((item) => layout.kind[item] !== KIND.box);
  const middle = (of: ArrayLike<number>) =>
    nodes.map((item) => of[item]!).sort((a, b) => a - b)[Math.floor(nodes.length / 2)] ?? 0;
  const x = middle(layout.x), y = middle(layout.y);
  let best: number | undefined, nearest = Infinity;
  for (const item of nodes) {
    const distance = Math.hypot(layout.x[item]! - x, layout.y[item]! - y);
    if (distance < nearest) best = item, nearest = distance;
  }
  return best;
}

/** The camera that shows `to` of the new layout where the old one showed `from`. */
export function cameraKeeping(
  camera: Camera,
  from: { readonly layout: Layout; readonly item: number },
  to: { readonly layout: Layout; readonly item: number },
): Camera {
  return {
    ...camera,
    x: camera.x + to.layout.x[to.item]! - from.layout.x[from.item]!,
    y: camera.y + to.layout.y[to.item]! - from.layout.y[from.item]!,
  };
}

/** What the user has just folded or unfolded stays under the cursor, though all else may move. */

import { KIND } from "../../plan/layout/graph.ts";
import type { Point } from "../../plan/painter/camera.ts";
import type { Painter } from "../../plan/painter/painter.ts";
import { cornerOf, middleOf } from "./drawn_items.ts";

/** A group, or the first task of a stack, and where its corner or its middle is to be on the canvas. */
export interface Turned {
  readonly type: "task" | "group";
  readonly id: string;
  readonly side: "corner" | "middle";
  readonly at: Point;
}

/** What a click folds or unfolds; undefined if it is no group or stack. */
export function turnedBy(painter: Painter, item: number, click: Point): Turned | undefined {
  const { layout, graph } = painter.scene() ?? {};
  const source = layout?.source[item] ?? -1;
  switch (layout?.kind[item]) {
    case KIND.stack: {
      const first = layout.stacks[source]?.tasks[0] ?? -1;
      return { type: "task", id: graph?.ids[first] ?? "", side: "corner", at: cornerOf(painter, item) };
    }
    case KIND.group:
      return { type: "group", id: graph?.groups[source] ?? "", side: "corner", at: cornerOf(painter, item) };
    case KIND.box:
      // Its node is far smaller, and the cursor may be far from the corner.
      return { type: "group", id: graph?.groups[source] ?? "", side: "middle", at: click };
    default:
      return undefined;
  }
}

/** Moves the camera so that an item is where it is to be. */
export function keep(painter: Painter, item: number, { side, at }: Turned): void {
  const now = side === "corner" ? cornerOf(painter, item) : middleOf(painter, item);
  painter.panBy({ x: at.x - now.x, y: at.y - now.y });
}

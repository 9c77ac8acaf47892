/** What the painter needs to know of a layout before its first frame. */
import type { Layout } from "../layout/graph.ts";
import type { Lookup } from "./frame.ts";
import { createGrid } from "./grid.ts";

export function createLookup(layout: Layout): Lookup {
  return {
    items: createGrid(layout.keys.length, () => layout, layout.bounds),
    edges: createGrid(layout.edges.from.length, () => edgeBounds(layout), layout.bounds),
    bundles: bundlesOf(layout),
  };
}

function edgeBounds({ edges: { start, points, from } }: Layout) {
  const count = from.length;
  const x = new Float32Array(count), y = new Float32Array(count);
  const width = new Float32Array(count), height = new Float32Array(count);
  for (let edge = 0; edge < count; edge++) {
    let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
    for (let i = start[edge]! * 2; i < start[edge + 1]! * 2; i += 2) {
      left = Math.min(left, points[i]!), right = Math.max(right, points[i]!);
      top = Math.min(top, points[i + 1]!), bottom = Math.max(bottom, points[i + 1]!);
    }
    x[edge] = left, y[edge] = top, width[edge] = right - left, height[edge] = bottom - top;
  }
  return { x, y, width, height };
}

function bundlesOf({ box, keys, edges: { from, to } }: Layout): Uint8Array {
  const seen = new Set<number>();
  const outside = (item: number) => box[item]! < 0 ? item : box[item]!;
  return Uint8Array.from(from, (item, edge) => {
    const a = outside(item), b = outside(to[edge]!);
    const pair = a * keys.length + b;
    if (a === b || seen.has(pair)) return 0;
    seen.add(pair);
    return 1;
  });
}

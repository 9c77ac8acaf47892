/** Where the arrow keys lead on the plan: along dependencies, and to what stands above and below. */

import { KIND, type Layout } from "../../plan/layout/graph.ts";

export type Direction = "left" | "right" | "up" | "down";

/** The item to which an arrow key leads; undefined if nothing is there. O(items + edges). */
export function neighbourOf(layout: Layout, item: number, direction: Direction): number | undefined {
  const candidates = direction === "left" || direction === "right"
    ? connected(layout, item, direction)
    : sameColumn(layout, item, direction);
  let best: number | undefined;
  let nearest = Infinity;
  for (const each of candidates) {
    const distance =
      Math.abs((layout.y[each] ?? 0) - (layout.y[item] ?? 0)) * (direction === "up" || direction === "down" ? 1 : 0.5) +
      Math.abs((layout.x[each] ?? 0) - (layout.x[item] ?? 0));
    if (distance < nearest) {
      best = each;
      nearest = distance;
    }
  }
  return best;
}

/** What an item depends on, or what depends on it; behind a join, what is beyond it. */
function connected(layout: Layout, item: number, direction: "left" | "right"): readonly number[] {
  const { from, to } = layout.edges;
  const [near, far] = direction === "left" ? [to, from] : [from, to];
  const found = new Set<number>();
  near.forEach((end, edge) => {
    const other = far[edge] ?? -1;
    if (end === item && other >= 0) found.add(other);
  });
  return Array.from(found).flatMap((each) => {
    return layout.kind[each] === KIND.join ? connected(layout, each, direction) : each;
  }).filter((each) => layout.kind[each] !== KIND.box);
}

/** The items above or below, in the same column. */
function sameColumn(layout: Layout, item: number, direction: "up" | "down"): readonly number[] {
  const y = layout.y[item] ?? 0;
  const left = layout.x[item] ?? 0;
  const width = layout.width[item] ?? 0;
  const found: number[] = [];
  for (let each = 0; each < layout.keys.length; each++) {
    if (layout.kind[each] === KIND.box || layout.kind[each] === KIND.join) continue;
    const isBeside = Math.abs((layout.x[each] ?? 0) - left) < width;
    const other = layout.y[each] ?? 0;
    if (isBeside && (direction === "up" ? other < y : other > y)) found.push(each);
  }
  return found;
}

/** What the painter shows, asked by item or by point of the canvas. Points are in CSS pixels from its top left. */

import { KIND, SIZE } from "../../plan/layout/graph.ts";
import { type Point, type Size, toScreen } from "../../plan/painter/camera.ts";
import type { Painter } from "../../plan/painter/painter.ts";
import { isInside } from "./canvas_size.ts";

/** The head of a box can be clicked in at least so many CSS pixels from its top. */
const MIN_HEAD_PIXELS = 16;

export function cornerOf(painter: Painter, item: number): Point {
  const { layout } = painter.scene() ?? {};
  return toScreen(painter.camera(), { x: layout?.x[item] ?? 0, y: layout?.y[item] ?? 0 });
}

export function middleOf(painter: Painter, item: number): Point {
  const { layout } = painter.scene() ?? {};
  const { zoom } = painter.camera();
  const { x, y } = cornerOf(painter, item);
  return { x: x + (layout?.width[item] ?? 0) * zoom / 2, y: y + (layout?.height[item] ?? 0) * zoom / 2 };
}

/** What a click acts on: an item, but of a box only its head, as its inside is the ground that one drags. */
export function handleAt(painter: Painter, at: Point): number | undefined {
  const item = painter.itemAt(at);
  if (item === undefined || painter.scene()?.layout.kind[item] !== KIND.box) return item;
  const head = Math.max(SIZE.boxHeader * painter.camera().zoom, MIN_HEAD_PIXELS);
  return at.y - cornerOf(painter, item).y <= head ? item : undefined;
}

/** Something that can be clicked, by its id; a stack by its key. */
export interface Target {
  readonly type: "task" | "group" | "stack";
  readonly id: string;
}

/** What an item shows; undefined for a join. */
export function targetOf(painter: Painter, item: number): Target | undefined {
  const { layout, graph } = painter.scene() ?? {};
  const source = layout?.source[item] ?? -1;
  switch (layout?.kind[item]) {
    case KIND.task:
      return { type: "task", id: graph?.ids[source] ?? "" };
    case KIND.stack:
      return { type: "stack", id: layout.stacks[source]?.key ?? "" };
    case KIND.group:
    case KIND.box:
      return { type: "group", id: graph?.groups[source] ?? "" };
    default:
      return undefined;
  }
}

/** The id of the task that an item shows; undefined if it shows something else. */
export function taskOf(painter: Painter, item: number): string | undefined {
  const target = targetOf(painter, item);
  return target?.type === "task" ? target.id : undefined;
}

/** Tasks in view, those nearest to the middle first. */
export function tasksInView(painter: Painter, size: Size, limit: number): readonly string[] {
  const { layout } = painter.scene() ?? {};
  if (layout === undefined) return [];
  const near = Array.from(layout.keys, (_, item) => ({ item, at: middleOf(painter, item) }))
    .filter(({ item, at }) => layout.kind[item] === KIND.task && isInside(at, size))
    .map(({ item, at }) => ({ item, distance: Math.hypot(at.x - size.width / 2, at.y - size.height / 2) }))
    .sort((a, b) => a.distance - b.distance);
  return near.slice(0, limit).flatMap(({ item }) => taskOf(painter, item) ?? []);
}

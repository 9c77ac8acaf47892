/**
 * Finds rectangles near a place without looking at all of them: each is entered into the cells that it covers, once somebody
 * looks at a part. The first picture of most plans shows all of them.
 */
import type { Rectangle } from "../layout/graph.ts";

export interface Grid {
  /** Indices of the rectangles that may touch `area`, each once, in rising order. */
  readonly find: (area: Rectangle) => readonly number[];
}

interface Rectangles {
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly width: ArrayLike<number>;
  readonly height: ArrayLike<number>;
}

/** A rectangle in more cells than this is looked at each time. */
const MAX_CELLS_EACH = 64;
const MAX_CELLS = 65_536;

/** `bounds` holds all `count` rectangles. */
export function createGrid(count: number, rectangles: () => Rectangles, bounds: Rectangle): Grid {
  let cells: Grid | undefined;
  return {
    find: (area) => {
      if (holds(area, bounds)) return Array.from({ length: count }, (_, i) => i);
      cells ??= createCells(rectangles(), bounds);
      return cells.find(area);
    },
  };
}

function createCells(rectangles: Rectangles, bounds: Rectangle): Grid {
  const count = rectangles.x.length;
  const side = Math.max(
    CELL,
    Math.sqrt(bounds.width * bounds.height / MAX_CELLS),
    bounds.width / 4_096,
    bounds.height / 4_096,
  );
  const columns = Math.max(1, Math.ceil(bounds.width / side)), rows = Math.max(1, Math.ceil(bounds.height / side));
  const cells = new Map<number, number[]>();
  const large: number[] = [];
  const rangeOf = (area: Rectangle) => ({
    left: clamp(Math.floor((area.x - bounds.x) / side), columns),
    right: clamp(Math.floor((area.x + area.width - bounds.x) / side), columns),
    top: clamp(Math.floor((area.y - bounds.y) / side), rows),
    bottom: clamp(Math.floor((area.y + area.height - bounds.y) / side), rows),
  });
  for (let i = 0; i < count; i++) {
    const { left, right, top, bottom } = rangeOf(rectangleAt(rectangles, i));
    if ((right - left + 1) * (bottom - top + 1) > MAX_CELLS_EACH) {
      large.push(i);
      continue;
    }
    for (let row = top; row <= bottom; row++) {
      for (let column = left; column <= right; column++) {
        const cell = cells.get(row * columns + column);
        cell ? cell.push(i) : cells.set(row * columns + column, [i]);
      }
    }
  }
  const seen = new Uint32Array(count);
  let turn = 0;
  return {
    find: (area) => {
      turn++;
      const found: number[] = [];
      const add = (i: number) => {
        if (seen[i] === turn) return;
        seen[i] = turn;
        if (touches(rectangleAt(rectangles, i), area)) found.push(i);
      };
      large.forEach(add);
      const { left, right, top, bottom } = rangeOf(area);
      for (let row = top; row <= bottom; row++) {
        for (let column = left; column <= right; column++) cells.get(row * columns + column)?.forEach(add);
      }
      return found.sort((a, b) => a - b);
    },
  };
}

/** About two cards wide. */
const CELL = 512;

export function rectangleAt({ x, y, width, height }: Rectangles, index: number): Rectangle {
  return { x: x[index]!, y: y[index]!, width: width[index]!, height: height[index]! };
}

export function touches(a: Rectangle, b: Rectangle): boolean {
  return a.x <= b.x + b.width && b.x <= a.x + a.width && a.y <= b.y + b.height && b.y <= a.y + a.height;
}

function holds(outer: Rectangle, inner: Rectangle): boolean {
  return outer.x <= inner.x && outer.x + outer.width >= inner.x + inner.width &&
    outer.y <= inner.y && outer.y + outer.height >= inner.y + inner.height;
}

function clamp(index: number, count: number): number {
  return Math.min(Math.max(index, 0), count - 1);
}

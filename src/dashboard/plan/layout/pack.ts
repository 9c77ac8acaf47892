/** Arranges rectangles on shelves to a shape that fits a screen; those that had a place keep it where they can. */
import { PITCH, type Rectangle, SIZE } from "./graph.ts";

const ASPECT = 1.7;
const GAP = 48;
export const LEAST_GAP = 24;
const ROW = SIZE.task.height + SIZE.rowGap + 4;
/** So high, a part has so many columns that one of them grows soon. */
const TALL = 12 * ROW;
/** More parts than this are put on shelves anew each time: keeping places compares each with each. */
const MAX_KEPT = 1_500;

export interface Part {
  readonly bounds: Rectangle;
  /** By how much its coordinates were shifted before. */
  readonly before: Shift | undefined;
  /** Needs a shelf of its own, above the others: its edges go out left and right. */
  readonly isAlone: boolean;
}

export interface Shift {
  readonly x: number;
  readonly y: number;
}

export function pack(parts: readonly Part[]): Shift[] {
  const isKept = parts.length <= MAX_KEPT && parts.some(({ before }) => before !== undefined);
  return isKept ? keep(parts) : shelve(parts, { x: 0, y: 0, width: 0, height: 0 });
}

/** Next-fit shelves by falling height, below what stands already, and at least as wide. */
function shelve(parts: readonly Part[], above: Rectangle): Shift[] {
  const area = parts.reduce((sum, { bounds }) => sum + (bounds.width + GAP) * (bounds.height + GAP), 0);
  const widest = parts.reduce((most, { bounds }) => Math.max(most, bounds.width), above.width);
  const width = Math.max(widest, Math.sqrt(area * ASPECT));
  const shifts: Shift[] = [];
  let x = 0, y = above.y + above.height, height = 0;
  const byHeight = Array.from(parts.keys()).sort((a, b) => {
    const first = parts[a] as Part, second = parts[b] as Part;
    return Number(second.isAlone) - Number(first.isAlone) || second.bounds.height - first.bounds.height || a - b;
  });
  for (const index of byHeight) {
    const { bounds, isAlone } = parts[index] as Part;
    if (x > 0 && x + bounds.width > width) {
      y += height + roomBelow(height);
      x = height = 0;
    }
    shifts[index] = { x: above.x + x - bounds.x, y: y - bounds.y };
    height = Math.max(height, bounds.height);
    // In line with the columns of the parts on other shelves.
    x = isAlone ? Infinity : Math.ceil((x + bounds.width + GAP) / PITCH) * PITCH;
  }
  return shifts;
}

/** The room for another row or two below a shelf or all of them, so that what is above can grow and what is below stays. */
export function roomBelow(height: number): number {
  return LEAST_GAP + (height < TALL ? ROW : 2 * ROW);
}

/** From the top, each part moves down as far as those above it reach; new ones go below. */
function keep(parts: readonly Part[]): Shift[] {
  const shifts: Shift[] = [];
  const placed: Rectangle[] = [];
  const topOf = (index: number) => {
    const { bounds, before } = parts[index] as Part;
    return bounds.y + (before?.y ?? 0);
  };
  const old = Array.from(parts.keys()).filter((index) => parts[index]?.before).sort((a, b) => topOf(a) - topOf(b));
  for (const index of old) {
    const { bounds, before } = parts[index] as Part & { before: Shift };
    const x = bounds.x + before.x;
    let y = bounds.y + before.y;
    for (const other of placed) {
      const isBeside = other.x + other.width <= x || x + bounds.width <= other.x;
      if (!isBeside && other.y + other.height + LEAST_GAP > y) y = Math.max(y, lowerThan(other, y, bounds.height));
    }
    placed.push({ x, y, width: bounds.width, height: bounds.height });
    shifts[index] = { x: before.x, y: y - bounds.y };
  }
  const added = Array.from(parts.keys()).filter((index) => parts[index]?.before === undefined);
  shelve(added.map((index) => parts[index] as Part), around(placed)).forEach((shift, i) => {
    shifts[added[i] as number] = shift;
  });
  return shifts;
}

/** What rectangles take up together, with the room below them that others must leave. */
function around(rectangles: readonly Rectangle[]): Rectangle {
  let left = Infinity, right = -Infinity, top = Infinity, bottom = -Infinity;
  for (const { x, y, width, height } of rectangles) {
    left = Math.min(left, x);
    right = Math.max(right, x + width);
    top = Math.min(top, y);
    bottom = Math.max(bottom, y + height);
  }
  return { x: left, y: top, width: right - left, height: bottom - top + LEAST_GAP };
}

function lowerThan(other: Rectangle, y: number, height: number): number {
  return other.y >= y + height ? y : other.y + other.height + LEAST_GAP;
}

/** Arranges rectangles on shelves to a shape that fits a screen; those that had a place keep it where they can. */
import { PITCH, type Rectangle } from "./graph.ts";

const ASPECT = 1.7;
const GAP = 48;
/** Between shelves there is room for another row, so that a part can grow and those below stay. */
const SHELF_GAP = 104;
const LEAST_GAP = 24;
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
  return isKept ? keep(parts) : shelve(parts, 0);
}

/** Next-fit shelves by falling height, below `top`. */
function shelve(parts: readonly Part[], top: number): Shift[] {
  const area = parts.reduce((sum, { bounds }) => sum + (bounds.width + GAP) * (bounds.height + GAP), 0);
  const widest = parts.reduce((most, { bounds }) => Math.max(most, bounds.width), 0);
  const width = Math.max(widest, Math.sqrt(area * ASPECT));
  const shifts: Shift[] = [];
  let x = 0, y = top, height = 0;
  const byHeight = Array.from(parts.keys()).sort((a, b) => {
    const first = parts[a] as Part, second = parts[b] as Part;
    return Number(second.isAlone) - Number(first.isAlone) || second.bounds.height - first.bounds.height || a - b;
  });
  for (const index of byHeight) {
    const { bounds, isAlone } = parts[index] as Part;
    if (x > 0 && x + bounds.width > width) {
      y += height + SHELF_GAP;
      x = height = 0;
    }
    shifts[index] = { x: x - bounds.x, y: y - bounds.y };
    height = Math.max(height, bounds.height);
    // In line with the columns of the parts on other shelves.
    x = isAlone ? Infinity : Math.ceil((x + bounds.width + GAP) / PITCH) * PITCH;
  }
  return shifts;
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
  const bottom = placed.reduce((most, { y, height }) => Math.max(most, y + height), -Infinity);
  shelve(added.map((index) => parts[index] as Part), bottom + LEAST_GAP).forEach((shift, i) => {
    shifts[added[i] as number] = shift;
  });
  return shifts;
}

function lowerThan(other: Rectangle, y: number, height: number): number {
  return other.y >= y + height ? y : other.y + other.height + LEAST_GAP;
}

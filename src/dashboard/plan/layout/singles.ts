/**
 * Tasks without edges, in a grid below the connected parts. Each keeps its slot from one layout to the next, unless a
 * part has grown over it: then it takes a free one.
 */
import { type Rectangle, SIZE } from "./graph.ts";
import { LEAST_GAP, roomBelow } from "./pack.ts";

/** What the next layout starts from. */
export interface SinglesMemory {
  readonly slots: ReadonlyMap<string, number>;
  readonly gridColumns: number;
  readonly gridLeft: number;
  readonly gridTop: number;
}

export interface PlacedSingles {
  /** The top left of each task, in the order of the keys. */
  readonly places: readonly { readonly x: number; readonly y: number }[];
  readonly bounds: Rectangle | undefined;
  readonly memory: SinglesMemory;
}

const ASPECT = 1.7;
const CELL = { width: SIZE.task.width + SIZE.rowGap, height: SIZE.task.height + SIZE.rowGap } as const;

/**
 * @param above what the parts take up together
 * @param outlines what they take up in detail
 */
export function placeSingles(
  keys: readonly string[],
  { above, outlines }: { readonly above: Rectangle | undefined; readonly outlines: readonly Rectangle[] },
  memory: SinglesMemory | undefined,
): PlacedSingles {
  const grid = memory !== undefined && memory.gridColumns > 0 ? memory : gridBelow(above, keys.length);
  const { gridColumns, gridLeft, gridTop } = grid;
  const slots = takeSlots(keys, coveredSlots(grid, outlines), memory?.slots);
  let rows = 0;
  const places = keys.map((key) => {
    const slot = slots.get(key) as number;
    const row = Math.floor(slot / gridColumns);
    rows = Math.max(rows, row + 1);
    return { x: gridLeft + slot % gridColumns * CELL.width, y: gridTop + row * CELL.height };
  });
  const bounds = {
    x: gridLeft,
    y: gridTop,
    width: gridColumns * CELL.width - SIZE.rowGap,
    height: rows * CELL.height - SIZE.rowGap,
  };
  return {
    places,
    bounds: keys.length === 0 ? undefined : bounds,
    memory: { slots, gridColumns, gridLeft, gridTop },
  };
}

type Grid = Omit<SinglesMemory, "slots">;

function gridBelow(above: Rectangle | undefined, count: number): Grid {
  const square = Math.ceil(Math.sqrt(count * ASPECT * CELL.height / CELL.width));
  const fitting = above ? Math.floor((above.width + SIZE.rowGap) / CELL.width) : 0;
  return {
    gridColumns: Math.min(Math.max(square, fitting, 1), count),
    gridLeft: above?.x ?? 0,
    gridTop: above ? above.y + above.height + roomBelow(above.height) : 0,
  };
}

/** The slots that are too near to a part. */
function coveredSlots({ gridColumns, gridLeft, gridTop }: Grid, outlines: readonly Rectangle[]): Set<number> {
  const covered = new Set<number>();
  for (const { x, y, width, height } of outlines) {
    const firstRow = Math.max(0, Math.floor((y - LEAST_GAP - gridTop + SIZE.rowGap) / CELL.height));
    const endRow = Math.ceil((y + height + LEAST_GAP - gridTop) / CELL.height);
    const firstColumn = Math.max(0, Math.floor((x - gridLeft + SIZE.rowGap) / CELL.width));
    const endColumn = Math.min(gridColumns, Math.ceil((x + width - gridLeft) / CELL.width));
    for (let row = firstRow; row < endRow; row++) {
      for (let column = firstColumn; column < endColumn; column++) covered.add(row * gridColumns + column);
    }
  }
  return covered;
}

function takeSlots(
  keys: readonly string[],
  covered: ReadonlySet<number>,
  before: ReadonlyMap<string, number> | undefined,
): ReadonlyMap<string, number> {
  const slots = new Map<string, number>();
  for (const key of keys) {
    const slot = before?.get(key);
    if (slot !== undefined && !covered.has(slot)) slots.set(key, slot);
  }
  const taken = new Set(slots.values());
  let free = 0;
  for (const key of keys) {
    if (slots.has(key)) continue;
    while (taken.has(free) || covered.has(free)) free++;
    slots.set(key, free++);
  }
  return slots;
}

/**
 * Finds the first few of many items, independent of the order of the set or map that holds them.
 */

export interface Choice<T> {
  readonly compare: (a: T, b: T) => number;
  /** Called only for items that may be among the first. */
  readonly isWanted: (item: T) => boolean;
}

/** The first `limit` wanted items, sorted. O(n log limit), and O(n) if the items are nearly sorted. */
export function firstOf<T>(items: Iterable<T>, limit: number, { compare, isWanted }: Choice<T>): readonly T[] {
  let first: T[] = [];
  let last: T | undefined;
  for (const item of items) {
    if ((last !== undefined && compare(item, last) > 0) || !isWanted(item)) continue;
    first.push(item);
    if (first.length < 2 * limit) continue;
    first = first.sort(compare).slice(0, limit);
    last = first.at(-1);
  }
  return first.sort(compare).slice(0, limit);
}

/**
 * A binary heap in which each entry knows its index, so that any entry can be removed or moved in O(log n)
 * (Cormen et al., Introduction to Algorithms, "Priority queues").
 */

/** An entry of a heap. Only the heap changes `heapIndex`. An entry is in one heap at a time. */
export interface HeapEntry {
  /** Index in the heap, or -1 outside. */
  heapIndex: number;
}

export interface Heap<E extends HeapEntry> {
  /** The first element is the least entry. */
  readonly entries: E[];
  /** Whether `a` comes before `b`: a strict total order. */
  readonly isBefore: (a: E, b: E) => boolean;
}

/** A heap for reading, or the part of one that `isShown`. */
export interface ReadonlyHeap<E extends HeapEntry> {
  readonly entries: readonly E[];
  readonly isBefore: (a: E, b: E) => boolean;
  readonly isShown?: (entry: E) => boolean;
}

export function emptyHeap<E extends HeapEntry>(isBefore: (a: E, b: E) => boolean): Heap<E> {
  return { entries: [], isBefore };
}

/** Adds an entry that is in no heap. O(log n). */
export function add<E extends HeapEntry>(heap: Heap<E>, entry: E): void {
  heap.entries.push(entry);
  siftUp(heap, entry, heap.entries.length - 1);
}

/** Removes an entry that is in the heap. O(log n). */
export function remove<E extends HeapEntry>(heap: Heap<E>, entry: E): void {
  const index = entry.heapIndex;
  entry.heapIndex = -1;
  const last = heap.entries.pop();
  if (last === undefined || last === entry) return;
  siftUp(heap, last, siftDown(heap, index));
}

/** Moves an entry whose order has changed to its new place. O(log n). */
export function reposition<E extends HeapEntry>(heap: Heap<E>, entry: E): void {
  siftUp(heap, entry, siftDown(heap, entry.heapIndex));
}

/** Yields entries in order, least first, as long as the caller takes them. O(k log k) for k entries. */
export function* inOrder<E extends HeapEntry>(heap: ReadonlyHeap<E>): Iterable<E> {
  const { entries, isBefore, isShown } = heap;
  const first = entries[0];
  if (first === undefined) return;
  const next = emptyHeap<{ heapIndex: number; readonly entry: E }>((a, b) => isBefore(a.entry, b.entry));
  add(next, { heapIndex: -1, entry: first });
  for (let top = next.entries[0]; top !== undefined; top = next.entries[0]) {
    remove(next, top);
    if (isShown === undefined || isShown(top.entry)) yield top.entry;
    const child = 2 * top.entry.heapIndex + 1;
    for (const entry of entries.slice(child, child + 2)) add(next, { heapIndex: -1, entry });
  }
}

function siftUp<E extends HeapEntry>(heap: Heap<E>, entry: E, start: number): void {
  const { entries, isBefore } = heap;
  let index = start;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!isBefore(entry, entries[parent]!)) break;
    place(entries, entries[parent]!, index);
    index = parent;
  }
  place(entries, entry, index);
}

/**
 * Moves the lesser child up at each level from `start` on, and returns the index of the leaf that becomes free. `siftUp`
 * then places the removed or last entry from there: it usually belongs near a leaf, so comparing it on the way down would
 * waste time (Wegener, "Bottom-up heapsort", 1993).
 */
function siftDown<E extends HeapEntry>({ entries, isBefore }: Heap<E>, start: number): number {
  let index = start;
  while (true) {
    let child = 2 * index + 1;
    if (child >= entries.length) return index;
    if (child + 1 < entries.length && isBefore(entries[child + 1]!, entries[child]!)) child++;
    place(entries, entries[child]!, index);
    index = child;
  }
}

function place<E extends HeapEntry>(entries: E[], entry: E, index: number): void {
  entries[index] = entry;
  entry.heapIndex = index;
}

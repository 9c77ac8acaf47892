/**
 * The tasks that can be claimed now, the next one first: by the time since they are ready, then by the order of
 * creation. A binary heap in which each entry knows its index, so that any task can leave in O(log n).
 */

/** What the queue needs to know of an entry; `heapIndex` belongs to the queue. */
export interface ReadyEntry {
  /** Milliseconds since the Unix epoch. */
  readySince: number;
  readonly order: number;
  /** Index in the heap, or -1 outside. */
  heapIndex: number;
}

/** A queue is its heap array; the first element is the next entry. */
export type ReadyQueue<E extends ReadyEntry> = E[];

/** Adds an entry that is not in the queue. O(log n). */
export function addReady<E extends ReadyEntry>(queue: ReadyQueue<E>, entry: E): void {
  queue.push(entry);
  siftUp(queue, entry, queue.length - 1);
}

/** Removes an entry if it is in the queue. O(log n). */
export function removeReady<E extends ReadyEntry>(queue: ReadyQueue<E>, entry: E): void {
  const index = entry.heapIndex;
  if (index < 0) return;
  entry.heapIndex = -1;
  const last = queue.pop();
  if (last === undefined || last === entry) return;
  siftUp(queue, last, siftDown(queue, last, index));
}

function before(a: ReadyEntry, b: ReadyEntry): boolean {
  return a.readySince < b.readySince || (a.readySince === b.readySince && a.order < b.order);
}

function siftUp<E extends ReadyEntry>(queue: ReadyQueue<E>, entry: E, start: number): void {
  let index = start;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!before(entry, queue[parent]!)) break;
    place(queue, queue[parent]!, index);
    index = parent;
  }
  place(queue, entry, index);
}

/** Returns the index where the entry belongs as seen from below; `siftUp` puts it there. */
function siftDown<E extends ReadyEntry>(queue: ReadyQueue<E>, entry: E, start: number): number {
  let index = start;
  while (true) {
    let child = 2 * index + 1;
    if (child >= queue.length) return index;
    if (child + 1 < queue.length && before(queue[child + 1]!, queue[child]!)) child++;
    if (!before(queue[child]!, entry)) return index;
    place(queue, queue[child]!, index);
    index = child;
  }
}

function place<E extends ReadyEntry>(queue: ReadyQueue<E>, entry: E, index: number): void {
  queue[index] = entry;
  entry.heapIndex = index;
}

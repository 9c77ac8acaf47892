/** Shows that a heap yields what a sorted array would, at logarithmic cost. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  add,
  emptyHeap,
  type Heap,
  type HeapEntry,
  inOrder,
  remove,
  reposition,
} from "../../../src/core/state/heap.ts";
import { times } from "../given.ts";

/** Least `key` first, and of equals least `order`. */
interface Entry extends HeapEntry {
  key: number;
  readonly order: number;
}

Deno.test({
  name: "a heap yields its least entry first",
  permissions: "none",
  fn() {
    const heap = newHeap();
    for (const [key, order] of [[5, 1], [3, 4], [3, 2], [9, 3], [0, 5]] as const) add(heap, entryOf(key, order));
    assertEquals(drain(heap), [5, 2, 4, 1, 3]);
  },
});

Deno.test({
  name: "an entry knows its place in the heap, and that it has none outside",
  permissions: "none",
  fn() {
    const heap = newHeap();
    const entries = times(3, (index) => entryOf(index, index));
    for (const entry of entries) add(heap, entry);
    assertEquals(heap.entries.map(({ heapIndex }) => heapIndex), [0, 1, 2]);
    for (const entry of entries) {
      remove(heap, entry);
      assertEquals(entry.heapIndex, -1);
    }
    assertEquals(heap.entries, []);
  },
});

Deno.test({
  name: "an entry that left can come back with another key",
  permissions: "none",
  fn() {
    const heap = newHeap();
    const entries = times(5, (index) => entryOf(index, index));
    for (const entry of entries) add(heap, entry);
    const [first] = entries;
    assert(first !== undefined);
    remove(heap, first);
    first.key = 2;
    add(heap, first);
    assertEquals(drain(heap), [1, 0, 2, 3, 4]);
  },
});

Deno.test({
  name: "reposition moves an entry up or down to where its new key belongs, or leaves it",
  permissions: "none",
  fn() {
    for (let key = -0.5; key < 7; key += 0.5) {
      for (const order of times(7, (index) => index)) {
        const heap = newHeap();
        const entries = times(7, (index) => entryOf(index, index));
        for (const entry of entries) add(heap, entry);
        const moved = entries[order];
        assert(moved !== undefined);
        moved.key = key;
        reposition(heap, moved);
        assertEquals(drain(heap), sorted(entries).map((entry) => entry.order));
      }
    }
  },
});

Deno.test({
  name: "inOrder yields the least entries in order, as many as are taken, and changes nothing",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(fc.array(fc.nat(9), { maxLength: 40 }), fc.nat(40), (keys, count) => {
        const heap = newHeap();
        const entries = keys.map((key, order) => entryOf(key, order));
        for (const entry of entries) add(heap, entry);
        const before = [...heap.entries];
        const taken: Entry[] = [];
        for (const entry of inOrder(heap)) {
          if (taken.length === count) break;
          taken.push(entry);
        }
        assertEquals(taken, sorted(entries).slice(0, count));
        assertEquals(heap.entries, before);
        assertPlaces(heap);
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "after any additions, moves and removals the heap holds and yields what a sorted array does",
  permissions: "none",
  fn() {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ move: fc.nat(), key: fc.nat(20) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const heap = newHeap();
        let model: Entry[] = [];
        steps.forEach((step, order) => {
          if ("add" in step) {
            const entry = entryOf(step.add, order);
            add(heap, entry);
            model.push(entry);
          } else if ("remove" in step) {
            const [entry] = model.splice(step.remove % model.length, 1);
            if (entry === undefined) return;
            remove(heap, entry);
            assertEquals(entry.heapIndex, -1);
          } else {
            const entry = model[step.move % model.length];
            if (entry === undefined) return;
            entry.key = step.key;
            reposition(heap, entry);
          }
          model = sorted(model);
          assertEquals(heap.entries[0], model[0]);
          assertEquals(heap.entries.length, model.length);
          assertPlaces(heap);
        });
        assertEquals([...inOrder(heap)], model);
        assertEquals(drain(heap), model.map(({ order }) => order));
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "adding to, moving in and removing from 10,000 entries compares a logarithmic number of them",
  permissions: "none",
  fn() {
    const size = 10_000;
    let comparisons = 0;
    const heap = emptyHeap<Entry>((a, b) => {
      comparisons++;
      return isBefore(a, b);
    });
    const entries = times(size, (order) => entryOf((order * 7_919) % size, order));
    const cost = (operation: () => void) => {
      const before = comparisons;
      operation();
      return comparisons - before;
    };
    const added = Math.max(...entries.map((entry) => cost(() => add(heap, entry))));
    const moved = Math.max(...entries.map((entry) =>
      cost(() => {
        entry.key = (entry.key + size / 2) % size;
        reposition(heap, entry);
      })
    ));
    const looked = cost(() => {
      let left = 16;
      for (const _ of inOrder(heap)) if (--left === 0) break;
    });
    const removed = Math.max(...entries.map((entry) => cost(() => remove(heap, entry))));
    assertEquals(heap.entries.length, 0);
    const bound = 3 * Math.log2(size);
    assert(added <= bound && moved <= bound && removed <= bound, `${added} to add, ${moved} to move, ${removed}`);
    assert(looked <= 16 * 16, `${looked} comparisons for the first 16`);
  },
});

function newHeap(): Heap<Entry> {
  return emptyHeap(isBefore);
}

function isBefore(a: Entry, b: Entry): boolean {
  return a.key < b.key || (a.key === b.key && a.order < b.order);
}

function entryOf(key: number, order: number): Entry {
  return { key, order, heapIndex: -1 };
}

function sorted(entries: readonly Entry[]): Entry[] {
  return entries.toSorted((a, b) => a.key - b.key || a.order - b.order);
}

function assertPlaces(heap: Heap<Entry>): void {
  heap.entries.forEach((entry, index) => assertEquals(entry.heapIndex, index));
}

/** The orders of the entries as they come out; empties the heap. */
function drain(heap: Heap<Entry>): readonly number[] {
  const orders: number[] = [];
  for (const entry of [...heap.entries]) {
    const [first = entry] = heap.entries;
    orders.push(first.order);
    remove(heap, first);
  }
  assertEquals(heap.entries, []);
  return orders;
}

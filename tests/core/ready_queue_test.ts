/** Shows that the ready queue yields what a sorted array would, at logarithmic cost. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { addReady, type ReadyEntry, type ReadyQueue, removeReady } from "../../src/core/ready_queue.ts";
import { times } from "./given.ts";

Deno.test({
  name: "the queue yields what is ready longest first, and of equals what was created first",
  permissions: "none",
  fn() {
    const queue: ReadyQueue<ReadyEntry> = [];
    for (const [readySince, order] of [[5, 1], [3, 4], [3, 2], [9, 3], [0, 5]] as const) {
      addReady(queue, entryOf(readySince, order));
    }
    assertEquals(drain(queue), [5, 2, 4, 1, 3]);
  },
});

Deno.test({
  name: "removing what is not in the queue does nothing",
  permissions: "none",
  fn() {
    const queue: ReadyQueue<ReadyEntry> = [];
    const inside = entryOf(1, 1);
    const outside = entryOf(1, 2);
    removeReady(queue, outside);
    addReady(queue, inside);
    removeReady(queue, outside);
    assertEquals(queue, [inside]);
    removeReady(queue, inside);
    removeReady(queue, inside);
    assertEquals(queue, []);
    assertEquals(inside.heapIndex, -1);
  },
});

Deno.test({
  name: "an entry that left can come back with another time",
  permissions: "none",
  fn() {
    const queue: ReadyQueue<ReadyEntry> = [];
    const entries = times(5, (index) => entryOf(index, index));
    for (const entry of entries) addReady(queue, entry);
    const [first] = entries;
    assert(first !== undefined);
    removeReady(queue, first);
    first.readySince = 2;
    addReady(queue, first);
    assertEquals(drain(queue), [1, 0, 2, 3, 4]);
  },
});

Deno.test({
  name: "after any additions and removals the queue holds and yields what a sorted array does",
  permissions: "none",
  fn() {
    const step = fc.oneof(
      { weight: 3, arbitrary: fc.record({ add: fc.nat(20) }) },
      { weight: 2, arbitrary: fc.record({ remove: fc.nat() }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 120, size: "max" }), (steps) => {
        const queue: ReadyQueue<ReadyEntry> = [];
        let model: ReadyEntry[] = [];
        steps.forEach((step, order) => {
          if ("add" in step) {
            const entry = entryOf(step.add, order);
            addReady(queue, entry);
            model = [...model, entry].toSorted((a, b) => a.readySince - b.readySince || a.order - b.order);
          } else if (model.length > 0) {
            const [entry] = model.splice(step.remove % model.length, 1);
            assert(entry !== undefined);
            removeReady(queue, entry);
            assertEquals(entry.heapIndex, -1);
          }
          assertEquals(queue[0], model[0]);
          assertEquals(queue.length, model.length);
          queue.forEach((entry, index) => assertEquals(entry.heapIndex, index));
        });
        assertEquals(drain(queue), model.map(({ order }) => order));
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "adding to and removing from 10,000 entries compares a logarithmic number of them",
  permissions: "none",
  fn() {
    const size = 10_000;
    let reads = 0;
    const queue: ReadyQueue<ReadyEntry> = [];
    const entries = times(size, (order): ReadyEntry => ({
      get readySince() {
        reads++;
        return (order * 7_919) % size;
      },
      order,
      heapIndex: -1,
    }));
    const cost = (operation: () => void) => {
      const before = reads;
      operation();
      return reads - before;
    };
    const added = Math.max(...entries.map((entry) => cost(() => addReady(queue, entry))));
    const removed = Math.max(...entries.map((entry) => cost(() => removeReady(queue, entry))));
    assertEquals(queue.length, 0);
    const bound = 5 * Math.log2(size);
    assert(added <= bound && removed <= 2 * bound, `${added} reads to add, ${removed} to remove`);
  },
});

function entryOf(readySince: number, order: number): ReadyEntry {
  return { readySince, order, heapIndex: -1 };
}

/** The orders of the entries as they come out; empties the queue. */
function drain(queue: ReadyQueue<ReadyEntry>): readonly number[] {
  const orders: number[] = [];
  for (const entry of [...queue]) {
    const [first = entry] = queue;
    orders.push(first.order);
    removeReady(queue, first);
  }
  assertEquals(queue, []);
  return orders;
}

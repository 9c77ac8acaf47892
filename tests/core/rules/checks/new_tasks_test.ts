/** Shows that cycles are found in graphs of every shape and size, and named by a true path. */

import fc from "fast-check";
import { MAX_BATCH_TASKS, MAX_NAMED } from "../../../../src/core/model/limits.ts";
import type { NewTask } from "../../../../src/core/model/task.ts";
import { nameSome } from "../../../../src/core/model/text.ts";
import { findCycle } from "../../../../src/core/rules/checks/cycle.ts";
import { checkNewDependencies } from "../../../../src/core/rules/checks/new_tasks.ts";
import { emptyState, type State } from "../../../../src/core/state/state.ts";
import { create, newTask, refusalOf, run, taskOf, times, update } from "../../given.ts";
import { assert, assertEquals } from "@std/assert";

const CHAIN_LENGTH = 50_000;

type Edges = ReadonlyMap<string, readonly string[]>;

Deno.test({
  name: "findCycle finds none in chains, trees, diamonds, apart components and the empty graph",
  permissions: "none",
  fn() {
    assertEquals(cycleIn({}), undefined);
    assertEquals(cycleIn({ a: [] }), undefined);
    assertEquals(cycleIn({ a: ["b"], b: ["c"], c: [] }), undefined);
    assertEquals(cycleIn({ a: ["b", "c"], b: ["d"], c: ["d"], d: [] }), undefined);
    assertEquals(cycleIn({ a: ["b"], b: [], c: ["d", "b"], d: [] }), undefined);
    assertEquals(cycleIn({ a: ["b", "c", "d"], b: ["c", "d"], c: ["d"], d: [] }), undefined);
  },
});

Deno.test({
  name: "findCycle names a cycle from its first node reached back to it",
  permissions: "none",
  fn() {
    assertEquals(cycleIn({ a: ["a"] }), ["a", "a"]);
    assertEquals(cycleIn({ a: ["b"], b: ["a"] }), ["a", "b", "a"]);
    assertEquals(cycleIn({ way: ["a"], a: ["x", "b"], x: [], b: ["c"], c: ["a"] }), ["a", "b", "c", "a"]);
    assertEquals(cycleIn({ a: ["b"], b: [], c: ["a", "d"], d: ["c"] }), ["c", "d", "c"]);
  },
});

Deno.test({
  name: "findCycle looks at what can be reached from its starts only",
  permissions: "none",
  fn() {
    const dependencies = (id: string) => id === "a" ? ["b"] : id === "c" ? ["c"] : [];
    assertEquals(findCycle(["a"], dependencies), undefined);
    assertEquals(findCycle(["a", "c"], dependencies), ["c", "c"]);
  },
});

Deno.test({
  name: "findCycle finds a cycle exactly where nodes remain when those without open dependencies are taken away",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(directedGraph(), (edges) => {
        const cycle = findCycle(edges.keys(), (id) => edges.get(id) ?? []);
        assertEquals(cycle !== undefined, !isAcyclic(edges));
        if (cycle !== undefined) assertIsCycle(cycle, edges);
      }),
      { numRuns: 1_000 },
    );
  },
});

Deno.test({
  name: "findCycle asks for each node's dependencies once, however many paths lead to it",
  permissions: "none",
  fn() {
    const layers = times(12, (layer) => times(2, (side) => `${layer}.${side}`));
    const asked: string[] = [];
    findCycle(["0.0", "0.1", "1.0"], (id) => {
      asked.push(id);
      return layers[Number(id.split(".")[0]) + 1] ?? [];
    });
    assertEquals(asked.toSorted(), layers.flat().toSorted());
  },
});

Deno.test({
  name: "create_tasks accepts a batch exactly if it has no cycle, and names a true one",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(directedGraph(), (edges) => {
        const batch = create(...Array.from(edges, ([id, dependencies]) => newTask(id, ...dependencies)));
        if (isAcyclic(edges)) {
          assertEquals(run(emptyState(), batch, 1).answer.length, edges.size);
          return;
        }
        const { code, data: { faults: _, fault_count: __, ...data } } = refusalOf(() => run(emptyState(), batch, 1));
        assertEquals(code, "cycle");
        assertIsCycle(pathOf(data), edges);
        assertEquals(data, { cycle: pathOf(data), length: pathOf(data).length - 1 });
      }),
      { numRuns: 500 },
    );
  },
});

Deno.test({
  name: "update_task accepts new dependencies exactly if they close no cycle",
  permissions: "none",
  fn() {
    const change = fc.record({ task: fc.nat(), dependencies: fc.array(fc.nat(), { maxLength: 3 }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10 }), fc.array(change, { maxLength: 30 }), (size, changes) => {
        const ids = times(size, (index) => `t${index}`);
        const edges = new Map<string, readonly string[]>(ids.map((id) => [id, []]));
        const state = emptyState();
        run(state, create(...ids.map((id) => newTask(id))), 1);
        for (const { task, dependencies } of changes) {
          const id = ids[task % size] ?? "";
          const next = [...new Set(dependencies.map((index) => ids[index % size] ?? ""))];
          const after = new Map(edges).set(id, next);
          if (isAcyclic(after)) {
            run(state, update(id, ...next), 2);
            edges.set(id, next);
          } else {
            const { code, data } = refusalOf(() => run(state, update(id, ...next), 2));
            assertEquals(code, "cycle");
            assertIsCycle(pathOf(data), after);
            assertEquals(data, { cycle: pathOf(data), length: pathOf(data).length - 1 });
          }
          for (const [each, expected] of edges) assertEquals(taskOf(state, each).dependencies, expected);
        }
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "findCycle walks a ring of 50,000 without deep recursion",
  permissions: "none",
  fn() {
    const next = (id: string) => [String((Number(id) + 1) % CHAIN_LENGTH)];
    const ring = findCycle(["0"], next);
    assertEquals(ring?.length, CHAIN_LENGTH + 1);
    assertEquals(findCycle(["0"], (id) => id === String(CHAIN_LENGTH - 1) ? [] : next(id)), undefined);
  },
});

Deno.test({
  name: "a chain of 50,000 tasks can be created in batches, whichever way a batch is ordered",
  permissions: "none",
  fn() {
    for (const ordered of [(batch: readonly NewTask[]) => batch, (batch: readonly NewTask[]) => batch.toReversed()]) {
      const state = chainOf(CHAIN_LENGTH, ordered);
      assertEquals(state.tasks.size, CHAIN_LENGTH);
      assertEquals(state.standings.ready, 1);
    }
  },
});

Deno.test({
  name: "update_task walks a chain of 50,000 tasks to its end",
  permissions: "none",
  fn() {
    const state = chainOf(CHAIN_LENGTH);
    run(state, create(newTask("on top")), 2);
    run(state, update("on top", `t${CHAIN_LENGTH - 1}`), 3);
    assertEquals(state.tasks.get("on top")?.unmet, 1);

    const down = times(CHAIN_LENGTH, (index) => `t${CHAIN_LENGTH - 1 - index}`);
    for (const path of [["t0", ...down], ["t0", "on top", ...down]]) {
      const { code, message, data } = refusalOf(() => run(state, update("t0", path[1] ?? ""), 4));
      assertEquals(code, "cycle");
      const named = [...path.slice(0, MAX_NAMED), "…", ...path.slice(-MAX_NAMED)].join(" → ");
      assert(message.startsWith(`Dependencies would create a cycle: ${named}; `), message);
      assertEquals(data, { cycle: path.slice(0, 2 * MAX_NAMED), length: path.length - 1 });
    }
    checkNewDependencies(state, "t0", []);
  },
});

Deno.test({
  name: "nameSome names ten and counts the others",
  permissions: "none",
  fn() {
    const names = times(MAX_NAMED + 2, (index) => `n${index}`);
    const ten = names.slice(0, MAX_NAMED);
    assertEquals(nameSome([]), "");
    assertEquals(nameSome(["a"]), "a");
    assertEquals(nameSome(ten), ten.join(", "));
    assertEquals(nameSome(names), `${ten.join(", ")} and 2 more`);
    assertEquals(nameSome(["a", "b"], 5), "a, b and 3 more");
  },
});

function cycleIn(graph: Readonly<Record<string, readonly string[]>>): readonly string[] | undefined {
  return findCycle(Object.keys(graph), (id) => graph[id] ?? []);
}

/** A graph of up to nine nodes; about as many with a cycle as without. */
function directedGraph(): fc.Arbitrary<Edges> {
  return fc.integer({ min: 1, max: 9 }).chain((size) =>
    fc.array(fc.uniqueArray(fc.nat(size - 1), { maxLength: 2 }), { minLength: size, maxLength: size })
  ).map((lists) => new Map(lists.map((list, index) => [`t${index}`, list.map((other) => `t${other}`)])));
}

/** Kahn's algorithm: takes away nodes without open dependencies until none is left, or none can be. */
function isAcyclic(edges: Edges): boolean {
  const open = new Map(edges);
  for (let before = -1; before !== open.size;) {
    before = open.size;
    for (const [id, dependencies] of open) {
      if (dependencies.every((dependency) => !open.has(dependency))) open.delete(id);
    }
  }
  return open.size === 0;
}

function assertIsCycle(path: readonly string[], edges: Edges): void {
  assert(path.length >= 2, path.join());
  assertEquals(path[0], path.at(-1));
  assertEquals(new Set(path).size, path.length - 1);
  path.slice(1).forEach((id, index) => assert(edges.get(path[index] ?? "")?.includes(id), path.join()));
}

/** The path in the data of a refusal. */
function pathOf(data: Readonly<Record<string, unknown>>): readonly string[] {
  const { cycle } = data;
  assert(Array.isArray(cycle));
  return cycle.map(String);
}

/** A chain in which every task depends on the one before, created in the largest batches. */
function chainOf(length: number, ordered = (batch: readonly NewTask[]) => batch): State {
  const state = emptyState();
  for (let start = 0; start < length; start += MAX_BATCH_TASKS) {
    const batch = times(MAX_BATCH_TASKS, (offset) => {
      const index = start + offset;
      return index === 0 ? newTask("t0") : newTask(`t${index}`, `t${index - 1}`);
    });
    run(state, create(...ordered(batch)), 1);
  }
  return state;
}

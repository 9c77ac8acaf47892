/** Shows that an import in parts comes to the same as one in one piece, and that no part is too large. */

import { localOperator } from "../../../src/core/model/access.ts";
import fc from "fast-check";
import type { Dependency } from "../../../src/core/model/dependency.ts";
import type { Task } from "../../../src/core/model/task.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { importParts } from "../../../src/core/rules/import_parts.ts";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { viewOf } from "../../../src/core/views/tasks.ts";
import { importing, oldTask, times } from "../given.ts";
import { assert, assertEquals } from "@std/assert";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Every task of a state, by its id, as it stands. */
function standings(parts: readonly (readonly Task[])[]) {
  const state = emptyState();
  for (const part of parts) {
    const { events } = decide(state, importing(...part), {
      caller: localOperator("test"),
      now: 100,
      clock: 100,
      defaults: {},
    });
    applyWithConsequences(state, events, 100);
  }
  return new Map(
    [...state.tasks].sort().map(([id, node]) => {
      const { order: _, ...view } = viewOf({}, node);
      return [id, { ...view, waitingFor: view.waitingFor?.toSorted() }];
    }),
  );
}

/** Tasks in any order, which depend on tasks and groups of smaller numbers only. */
const graphs = fc.array(
  fc.record({
    on: fc.array(fc.nat(), { maxLength: 3 }),
    form: fc.constantFrom("plain", "finished", "any", "group"),
    end: fc.constantFrom("completed", "failed", "pending"),
    isMember: fc.boolean(),
    key: fc.nat(),
  }),
  { minLength: 1, maxLength: 12 },
).map((entries) => {
  const tasks = entries.map(({ on, form, end, isMember }, index) => {
    const below = index === 0 ? [] : on.map((number) => number % index);
    const ids = below.map((number) => `t${number}`);
    // Members of group 0 are the first tasks that are members; nothing among them waits for the group.
    const dependencies: readonly Dependency[] = form === "plain"
      ? ids
      : form === "finished"
      ? ids.map((task) => ({ task, on: "finished" as const }))
      : form === "any" && ids.length > 0
      ? [{ any: ids }]
      : form === "group" && index > 6
      ? [{ group: "g" }]
      : [];
    return oldTask(`t${index}`, {
      dependencies,
      ...(index < 3 && { group: "g" }),
      ...(index >= 3 && isMember && { group: `h${index}` }),
      ...(end !== "pending" && { status: end, assignedTo: "x", attempt: 1, startedAt: 1, finishedAt: 2 }),
      ...(end === "failed" && { error: "e" }),
    });
  });
  return tasks.toSorted((a, b) => (entries[tasks.indexOf(a)]?.key ?? 0) - (entries[tasks.indexOf(b)]?.key ?? 0));
});

test("parts, imported one after the other, come to the same as all at once", () => {
  fc.assert(
    fc.property(graphs, fc.integer({ min: 1, max: 1_000 }), (tasks, maxBytes) => {
      const parts = importParts(tasks, maxBytes);
      assertEquals(parts.flat().map(({ id }) => id).sort(), tasks.map(({ id }) => id).sort());
      assertEquals(standings(parts), standings([tasks]));
    }),
    { numRuns: 500 },
  );
});

test("a part is as large as allowed, or a single task", () => {
  const tasks = times(20, (index) => oldTask(`t${index}`, { description: "é".repeat(index * 10) }));
  const bytes = (part: readonly Task[]) =>
    part.reduce((sum, task) => sum + new TextEncoder().encode(JSON.stringify(task)).length, 0);
  for (let maxBytes = 1; maxBytes <= bytes(tasks) + 1; maxBytes += 7) {
    const parts = importParts(tasks, maxBytes);
    for (const [index, part] of parts.entries()) {
      assert(part.length === 1 || bytes(part) <= maxBytes);
      const next = parts[index + 1]?.slice(0, 1);
      assert(next === undefined || bytes([...part, ...next]) > maxBytes, "the next task would have fitted");
    }
  }
  assertEquals(importParts(tasks, bytes(tasks)), [tasks]);
  assertEquals(importParts(tasks, bytes(tasks) - 1).length, 2);
  assertEquals(importParts([]), []);
});

test("one part stays in the order of the file; a chain of any length is put in order, and a cycle left to be refused", () => {
  const chain = times(
    100_000,
    (index) => oldTask(`t${index}`, { dependencies: index < 99_999 ? [`t${index + 1}`] : [] }),
  );
  assertEquals(importParts(chain, Infinity), [chain]);
  const parts = importParts(chain);
  assert(parts.length > 1);
  assertEquals(parts.flat(), chain.toReversed());
  const cycle = [oldTask("a", { dependencies: ["b", "none"] }), oldTask("b", { dependencies: ["a"] })];
  assertEquals(importParts(cycle, 1).flat().length, 2);
});

/** Shows that a bulk delete takes all that can go and nothing else, in whatever order tasks were created and are named. */

import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Dependency, referencesOf } from "../../../src/core/model/dependency.ts";
import type { NewTask } from "../../../src/core/model/task.ts";
import { acyclicGraph } from "../arbitraries.ts";
import { claim, create, run, stateAfter, times } from "../given.ts";
import { untilReached } from "../until_reached.ts";

Deno.test({
  name: "a bulk delete takes what nothing that stays depends on, plainly or by an expression, whatever came first",
  permissions: "none",
  fn() {
    const ids = times(8, (index) => `t${index}`);
    const seen = { deleted: 0, refused: 0 };
    const graphs = fc.tuple(acyclicGraph(ids, ids.length), fc.array(fc.nat(3), { minLength: 24, maxLength: 24 }));
    const chosen = fc.shuffledSubarray(ids, { minLength: 1 });
    untilReached(() => {
      fc.assert(
        fc.property(graphs, chosen, fc.subarray(ids, { maxLength: 2 }), ([plain, forms], named, claimed) => {
          const tasks = plain.map((task, index) => withExpressions(task, forms.slice(3 * index)));
          const state = stateAfter(create(...tasks));
          for (const id of claimed) if (state.tasks.get(id)?.standing === "ready") run(state, claim(id, id), 2);
          const held = new Set(claimed.filter((id) => state.tasks.get(id)?.task.status === "in_progress"));
          const going = goingOf(tasks, named, held);
          const { events, answer } = run(state, {
            type: "bulk_update",
            filter: { ids: named },
            action: { type: "delete" },
            isAtomic: false,
          }, 3);
          const inOrder = tasks.map(({ id }) => id).filter((id) => going.has(id));
          assertEquals(events, inOrder.map((id) => ({ type: "task.deleted", id })));
          assertEquals([answer.changed, answer.refusedCount], [going.size, named.length - going.size]);
          seen.deleted += going.size;
          seen.refused += answer.refusedCount;
        }),
        { numRuns: 300 },
      );
    }, { isReached: () => seen.deleted > 100 && seen.refused > 100, told: () => JSON.stringify(seen) });
  },
});

/** The task with some of its dependencies as expressions. */
function withExpressions(task: NewTask, forms: readonly number[]): NewTask {
  const dependencies = task.dependencies.map((id, index): Dependency => {
    if (typeof id !== "string" || forms[index] === 0) return id;
    if (forms[index] === 1) return { task: id, on: "failed" };
    return forms[index] === 2 ? { any: [id] } : { at_least: 1, of: [{ all: [{ task: id, on: "finished" }] }] };
  });
  return { ...task, dependencies };
}

/** Those of the named tasks that can go: looked for by taking out what cannot until nothing changes. */
function goingOf(tasks: readonly NewTask[], named: readonly string[], held: ReadonlySet<string>): ReadonlySet<string> {
  const going = new Set(named.filter((id) => !held.has(id)));
  for (const _ of tasks) {
    for (const task of tasks.filter(({ id }) => !going.has(id))) {
      for (const dependency of task.dependencies) {
        for (const { id } of referencesOf(dependency)) going.delete(id);
      }
    }
  }
  return going;
}

/** Shows that what follows from a command is one record with few events, however much follows. */

import { assertEquals } from "@std/assert";
import { applyWithConsequences } from "../../src/core/consequences.ts";
import { evolve } from "../../src/core/evolve.ts";
import { emptyState, type State } from "../../src/core/state.ts";
import { newTask, taskOf, taskWith, times } from "./given.ts";

/** More than a function call can have arguments. */
const MANY = 150_000;

for (
  const [ifUnreachable, type, status] of [["fail", "tasks.abandoned", "failed"], [
    "skip",
    "tasks.skipped",
    "skipped",
  ]] as const
) {
  Deno.test({
    name: `as many tasks as there can be are ${status} in one event`,
    permissions: "none",
    fn() {
      const state = emptyState();
      const dependents = times(MANY, (index) => taskWith({ ifUnreachable }, `t${index}`, "root"));
      evolve(state, { type: "tasks.created", tasks: [newTask("root"), ...dependents] }, 1);
      const events = failing(state, "root");
      assertEquals(events.length, 2);
      assertEquals(events.map((event) => event.type), ["task.failed", type]);
      assertEquals(state.counts, {
        ...state.counts,
        pending: 0,
        failed: 1,
        [status]: status === "failed" ? MANY + 1 : MANY,
      });
      assertEquals([state.unreachable.size, state.blocked.size], [0, 0]);
    },
  });
}

Deno.test({
  name: "what follows goes on down a chain, an event for each step",
  permissions: "none",
  fn() {
    const state = emptyState();
    const chain = times(
      50,
      (index) => taskWith({ ifUnreachable: "fail" }, `t${index}`, index === 0 ? "root" : `t${index - 1}`),
    );
    evolve(state, { type: "tasks.created", tasks: [newTask("root"), ...chain] }, 1);
    const events = failing(state, "root");
    assertEquals(
      events.slice(1),
      times(50, (index) => {
        const error = `Its dependencies cannot be met: ${index === 0 ? "root" : `t${index - 1}`}`;
        return { type: "tasks.abandoned", tasks: [{ id: `t${index}`, error }] };
      }),
    );
    assertEquals([taskOf(state, "t49").status, taskOf(state, "t49").finishedAt], ["failed", 3]);
  },
});

/** Lets an instance fail a task, at 3. */
function failing(state: State, id: string) {
  evolve(state, { type: "task.claimed", id, instance: "x", attempt: 1 }, 2);
  return applyWithConsequences(state, [{ type: "task.failed", id, instance: "x", attempt: 1, error: "broken" }], 3);
}

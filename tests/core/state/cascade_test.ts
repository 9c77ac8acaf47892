/** Shows that what follows from a command is in its record with few events, and of very many tasks in those after it. */

import { assertEquals } from "@std/assert";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { MAX_RECORD_TASKS } from "../../../src/core/model/limits.ts";
import { rounds } from "../../support/rounds.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { isSweepDue, nextChangeAt, sweepDueAt } from "../../../src/core/state/timers.ts";
import { claim, newTask, retry, run, taskOf, taskWith, times } from "../given.ts";

for (
  const [ifUnreachable, type, status] of [["fail", "tasks.abandoned", "failed"], [
    "skip",
    "tasks.skipped",
    "skipped",
  ]] as const
) {
  for (const many of [-1, 0, 1, 9 * MAX_RECORD_TASKS].map((more) => MAX_RECORD_TASKS + more)) {
    Deno.test({
      name: `${many} tasks that one failure makes unreachable are ${status}, as many in a record as fit`,
      permissions: "none",
      fn() {
        const state = unreachable(many, ifUnreachable);
        const sizes: number[] = [];
        let events = failing(state, "root").slice(1);
        for (const _ of rounds("what follows", 100)) {
          if (events.length === 0) break;
          assertEquals(events.map((event) => event.type), [type]);
          const ids = events.flatMap((event) => event.type === type ? event.tasks.map(({ id }) => id) : []);
          // In the order of creation, whatever the order of the set.
          assertEquals(ids[0], `t${sizes.reduce((sum, size) => sum + size, 0)}`);
          sizes.push(ids.length);
          events = isSweepDue(state, 4) ? [...run(state, { type: "sweep" }, 4).events] : [];
        }
        assertEquals(sizes.length, Math.ceil(many / MAX_RECORD_TASKS));
        assertEquals([state.counts.pending, state.unreachable.size, state.blocked.entries.length], [0, 0, 0]);
        assertEquals(state.counts[status], status === "failed" ? many + 1 : many);
        assertEquals([isSweepDue(state, 4), sweepDueAt(state), nextChangeAt(state)], [false, undefined, undefined]);
      },
    });
  }
}

Deno.test({
  name: "tasks for which a record has no room are due at once, also after a restart, and meanwhile claimed by nobody",
  permissions: "none",
  fn() {
    const live = unreachable(MAX_RECORD_TASKS + 5, "skip");
    failing(live, "root");
    for (const state of [live, restore(snapshotOf(live))]) {
      assertEquals([state.unreachable.size, isSweepDue(state, 3)], [5, true]);
      assertEquals([sweepDueAt(state), nextChangeAt(state)], [0, 0]);
      assertEquals(run(state, claim("y"), 3).answer.task, undefined);
      const ids = times(5, (index) => `t${MAX_RECORD_TASKS + index}`);
      assertEquals(run(state, { type: "sweep" }, 4).events, [
        { type: "tasks.skipped", tasks: ids.map((id) => ({ id, because: "root" })) },
      ]);
    }
  },
});

Deno.test({
  name: "drained instances for which a record has no room leave with the next sweep, also after a restart",
  permissions: "none",
  fn() {
    const live = emptyState();
    const ids = times(MAX_RECORD_TASKS + 5, (index) => `i${String(index).padStart(4, "0")}`);
    evolve(live, { type: "tasks.created", tasks: ids.map((id) => newTask(id)) }, 1);
    for (const id of ids) {
      run(live, { type: "register_instance", instance: id, settings: {} }, 2);
      run(live, claim(id, id), 2);
      run(live, { type: "leave", instance: id, isDraining: true }, 2);
    }
    const cancel = { type: "cancel" } as const;
    const { events } = run(live, { type: "bulk_update", filter: { ids }, action: cancel, isAtomic: true }, 3);
    const leaving = ids.map((instance) => ({ type: "instance.left" as const, instance }));
    assertEquals(events.slice(ids.length), leaving.slice(0, MAX_RECORD_TASKS));
    for (const state of [live, restore(snapshotOf(live))]) {
      assertEquals([sweepDueAt(state), nextChangeAt(state), isSweepDue(state, 3)], [0, 0, true]);
      assertEquals(run(state, { type: "sweep" }, 4).events, leaving.slice(MAX_RECORD_TASKS));
      assertEquals([sweepDueAt(state), state.drained.size], [undefined, 0]);
    }
  },
});

Deno.test({
  name: "a failure that is taken back in between ends no more tasks",
  permissions: "none",
  fn() {
    const state = unreachable(MAX_RECORD_TASKS + 5, "skip");
    failing(state, "root");
    run(state, retry("root"), 4);
    assertEquals([state.counts.skipped, state.counts.pending], [MAX_RECORD_TASKS, 6]);
    assertEquals(isSweepDue(state, 5), false);
  },
});

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
        return { type: "tasks.abandoned", tasks: [{ id: `t${index}`, error, cause: "dependencies" }] };
      }),
    );
    assertEquals([taskOf(state, "t49").status, taskOf(state, "t49").finishedAt], ["failed", 3]);
  },
});

/** A state in which so many tasks wait for one. */
function unreachable(count: number, ifUnreachable: "skip" | "fail"): State {
  const state = emptyState();
  const dependents = times(count, (index) => taskWith({ ifUnreachable }, `t${index}`, "root"));
  evolve(state, { type: "tasks.created", tasks: [newTask("root"), ...dependents] }, 1);
  return state;
}

/** Lets an instance fail a task, at 3. */
function failing(state: State, id: string) {
  evolve(state, { type: "task.claimed", id, instance: "x", attempt: 1 }, 2);
  return applyWithConsequences(state, [{ type: "task.failed", id, instance: "x", attempt: 1, error: "broken" }], 3);
}

/** Shows that no attempt of an id is ever claimed twice, whatever becomes of the tasks that have it. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Command, CommandType } from "../../../src/core/messages/commands.ts";
import type { Event } from "../../../src/core/messages/events.ts";
import { MAX_REMOVED_ATTEMPTS } from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { noteAdded, noteRemoved, startingAttempt } from "../../../src/core/state/removed_attempts.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import {
  cancel,
  claim,
  complete,
  create,
  importing,
  newTask,
  oldTask,
  refusalOf,
  remove,
  run,
  stateAfter,
  taskOf,
  times,
} from "../given.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { untilReached } from "../until_reached.ts";

Deno.test({
  name: "a task with the id of a deleted one starts at its last attempt, however it is created",
  permissions: "none",
  fn() {
    const past = [create(newTask("a")), claim("x", "a"), cancel("a")] as const;
    const deletions = [
      remove("a"),
      { type: "bulk_update", filter: { ids: ["a"] }, action: { type: "delete" }, isAtomic: true },
    ] as const;
    for (const deletion of deletions) {
      for (const copy of [(state: State) => state, again]) {
        const created = copy(stateAfter(...past, deletion));
        assertEquals(run(created, create(newTask("b"), newTask("a")), 9).events[0], {
          type: "tasks.created",
          tasks: [newTask("b"), { ...newTask("a"), attempt: 1 }],
        });
        run(created, claim("x", "a"), 10);
        assertEquals(taskOf(created, "a").attempt, 2);
        const late = refusalOf(() => run(created, { ...complete("x", "a"), attempt: 1 }, 11));
        assertEquals(late.code, "stale_attempt");
        const imported = copy(stateAfter(...past, deletion));
        run(imported, importing(oldTask("a"), oldTask("b", { attempt: 7 })), 9);
        assertEquals(["a", "b"].map((id) => taskOf(imported, id).attempt), [1, 7]);
      }
    }
  },
});

Deno.test({
  name: "an id that was forgotten, and any other, starts above the attempts of all forgotten ones",
  permissions: "none",
  fn() {
    for (const more of [-1, 0, 1, MAX_REMOVED_ATTEMPTS]) {
      const { removed } = emptyState();
      noteRemoved(removed, { id: "first", attempt: 5 });
      // Removed again, it is no longer the first one.
      for (const id of ["second", "first"]) noteRemoved(removed, { id, attempt: 3 });
      const count = MAX_REMOVED_ATTEMPTS - 2 + more;
      for (const id of times(count, (index) => `t${index}`)) noteRemoved(removed, { id, attempt: 2 });
      assertEquals(removed.last.size, MAX_REMOVED_ATTEMPTS + Math.min(more, 0));
      assertEquals(["second", "first"].map((id) => startingAttempt(removed, id)), [3, 5]);
      assertEquals(startingAttempt(removed, "new"), more <= 0 ? 0 : 3);
      for (const id of times(MAX_REMOVED_ATTEMPTS, (index) => `u${index}`)) noteRemoved(removed, { id, attempt: 4 });
      for (const id of ["second", "first", "new"]) assertEquals(startingAttempt(removed, id), 5);
    }
  },
});

Deno.test({
  name: "what was never claimed takes no room, and an id that starts below its last attempt keeps it",
  permissions: "none",
  fn() {
    const { removed } = emptyState();
    noteRemoved(removed, { id: "a", attempt: 0 });
    assertEquals(removed.last.size, 0);
    noteRemoved(removed, { id: "a", attempt: 4 });
    // As journals of format 2 have it.
    noteAdded(removed, { id: "a", attempt: 0 });
    noteRemoved(removed, { id: "a", attempt: 1 });
    assertEquals(startingAttempt(removed, "a"), 4);
    noteAdded(removed, { id: "a", attempt: 4 });
    assertEquals(removed.last.size, 0);
  },
});

Deno.test({
  name: "no attempt of an id is claimed twice, over random histories with deletions",
  permissions: "none",
  fn() {
    let reused = 0;
    untilReached(() => {
      fc.assert(
        fc.property(fc.array(commands(), { minLength: 20, maxLength: 60 }), (commands) => {
          const claimed = new Set<string>();
          const deleted = new Set<string>();
          let state = emptyState();
          commands.forEach((command, index) => {
            for (const event of eventsOf(state, command, index)) {
              if (event.type === "task.deleted") deleted.add(event.id);
              if (event.type !== "task.claimed") continue;
              if (deleted.has(event.id)) reused++;
              const key = JSON.stringify([event.id, event.attempt]);
              assert(!claimed.has(key), key);
              claimed.add(key);
            }
            if (index % 5 === 0) state = again(state);
          });
        }),
        { numRuns: 500 },
      );
    }, { isReached: () => reused > 20, told: () => `${reused} claims of an id that was deleted before` });
  },
});

/** What becomes of two ids. */
function commands(): fc.Arbitrary<Command> {
  return fc.constantFrom("a", "b").chain((id) =>
    fc.constantFrom<Command>(
      create(newTask(id)),
      importing(oldTask(id, { attempt: 1 })),
      claim("x", id),
      complete("x", id),
      cancel(id),
      remove(id),
      { type: "bulk_update", filter: { ids: [id] }, action: { type: "delete" }, isAtomic: false },
    )
  );
}

function eventsOf(state: State, command: Command, at: number): readonly Event[] {
  try {
    return run<CommandType>(state, command, at).events;
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

function again(state: State): State {
  return restore(snapshotOf(state));
}

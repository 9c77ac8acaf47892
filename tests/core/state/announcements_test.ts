/** Shows that each task that becomes ready is announced once, in the record that made it ready or by the next sweep. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { upcast2to3 } from "../../../src/core/messages/upcast.ts";
import { MAX_RECORD_TASKS } from "../../../src/core/model/limits.ts";
import { advanceClock, evolve, evolveRecord, rewindClock } from "../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { isSweepDue, nextChangeAt } from "../../../src/core/state/timers.ts";
import { crowds, expiries, gatherings, turns } from "../arbitraries.ts";
import {
  claim,
  complete,
  create,
  fail,
  importing,
  newTask,
  oldTask,
  release,
  retry,
  runWhole,
  stateAfter,
  taskWith,
  times,
} from "../given.ts";
import { naiveIndexesOf } from "../naive.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { untilReached } from "../until_reached.ts";

const SWEEP = { type: "sweep" } as const;

Deno.test({
  name:
    "a task is announced when it is created ready, unlocked, released, retried or moved, but not when it is changed",
  permissions: "none",
  fn() {
    const state = emptyState();
    const claims = { type: "claim_task", instance: "x" } as const;
    const steps = [
      [create(newTask("b", "a"), newTask("a"), newTask("c")), ["a", "c"]],
      [{ type: "update_task", id: "a", description: "other" }, []],
      [{ type: "update_task", id: "c", settings: { priority: "high", assignTo: { instance: "x" } } }, []],
      [{ type: "update_task", id: "c", settings: { priority: null, assignTo: null } }, []],
      [claim("x", "a"), []],
      [release("x", "a"), ["a"]],
      [claim("x", "a"), []],
      [complete("x", "a"), ["b"]],
      [claim("x", "c"), []],
      [fail("x", "c"), []],
      [retry("c"), ["c"]],
      [{ type: "update_task", id: "b", dependencies: ["c"] }, []],
      [{ type: "update_task", id: "b", dependencies: [] }, ["b"]],
      [{ ...claims, id: "b" }, []],
    ] as const;
    steps.forEach(([command, tasks], index) => {
      const { events } = runWhole(state, command, index + 1);
      const announced = events.flatMap((event) => event.type === "tasks.ready" ? [event] : []);
      assertEquals(announced, tasks.length === 0 ? [] : [{ type: "tasks.ready", tasks }], command.type);
      assertEquals([state.unannounced.size, isSweepDue(state, index + 1)], [0, false]);
    });
  },
});

Deno.test({
  name: "the end of a delay is announced by the next sweep, once, and taken back if the clock is set back before",
  permissions: "none",
  fn() {
    const delayed = () => stateAfter(create(taskWith({ notBefore: 100 }, "a"), newTask("b", "a")));
    const state = delayed();
    assertEquals([isSweepDue(state, 99), nextChangeAt(state)], [false, 100]);
    advanceClock(state, 100);
    assertEquals(isSweepDue(state, 100), true);
    // A snapshot does not have it, as it follows from the time.
    assertEquals(snapshotOf(state).unannounced, []);
    rewindClock(state, 99);
    assertEquals(isSweepDue(state, 99), false);
    assertEquals(runWhole(state, SWEEP, 99).events, []);
    assertEquals(runWhole(state, SWEEP, 100).events, [{ type: "tasks.ready", tasks: ["a"] }]);
    assertEquals([isSweepDue(state, 100), runWhole(state, SWEEP, 101).events], [false, []]);
    const other = delayed();
    assertEquals(runWhole(other, create(newTask("c")), 100).events.at(-1), { type: "tasks.ready", tasks: ["a", "c"] });
  },
});

Deno.test({
  name: "a ready task that is delayed is announced after that, by a process that reads of it late, too",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")));
    const delay = { type: "task.updated", id: "a", settings: { notBefore: 100 } } as const;
    // This process has looked at the time, and only then reads what another one wrote before.
    advanceClock(state, 120);
    evolve(state, delay, 90);
    assertEquals(snapshotOf(state).unannounced, []);
    assertEquals(isSweepDue(state, 120), true);
    assertEquals(runWhole(state, SWEEP, 120).events, [{ type: "tasks.ready", tasks: ["a"] }]);
    assertEquals(isSweepDue(state, 121), false);
  },
});

for (const more of [-1, 0, 1, MAX_RECORD_TASKS, MAX_RECORD_TASKS + 7]) {
  const count = MAX_RECORD_TASKS + more;
  Deno.test({
    name: `${count} tasks that become ready are announced in parts, in the order of creation`,
    permissions: "none",
    fn() {
      let state = emptyState();
      const ids = times(count, (index) => `t${index}`);
      const parts = [runWhole(state, importing(...ids.map((id) => oldTask(id))), 1).events.slice(1)];
      while (isSweepDue(state, 2)) {
        state = restore(snapshotOf(state));
        parts.push([...runWhole(state, SWEEP, 2).events]);
      }
      const expected = times(Math.ceil(count / MAX_RECORD_TASKS), (part) => [{
        type: "tasks.ready" as const,
        tasks: ids.slice(part * MAX_RECORD_TASKS, (part + 1) * MAX_RECORD_TASKS),
      }]);
      assertEquals(parts, expected);
    },
  });
}

Deno.test({
  name: "tasks that became ready through records of an older format are never announced",
  permissions: "none",
  fn() {
    const state = emptyState();
    const record = { seq: 1, at: 1, actor: "test", command: "create_tasks" };
    const tasks = [newTask("a"), newTask("b", "a"), taskWith({ notBefore: 50 }, "c")];
    evolveRecord(state, upcast2to3({ ...record, events: [{ type: "tasks.created", tasks }] }));
    assertEquals(isSweepDue(state, 1), false);
    assertEquals(isSweepDue(restore(snapshotOf(state)), 1), false);
    // What becomes ready later is.
    assertEquals(runWhole(state, claim("x", "a"), 2).events.length, 1);
    assertEquals(runWhole(state, complete("x", "a"), 3).events.at(-1), { type: "tasks.ready", tasks: ["b"] });
    assertEquals(runWhole(state, SWEEP, 50).events, [{ type: "tasks.ready", tasks: ["c"] }]);
  },
});

Deno.test({
  name: "after any record, each ready task was announced since it became ready, last in a record, in order and once",
  permissions: "none",
  fn() {
    let count = 0;
    untilReached(() => {
      for (const histories of [turns(), gatherings(), crowds(), expiries()]) {
        fc.assert(
          fc.property(histories, (turns) => {
            const announced = new Set<string>();
            play(turns, (state, { events, before }) => {
              if (events.length === 0) return;
              const ready = readyAtLastRecord(state);
              const last = events.at(-1);
              const ids = last?.type === "tasks.ready" ? last.tasks : [];
              assertEquals(events.slice(0, -1).filter(({ type }) => type === "tasks.ready"), []);
              const orders = ids.map((id) => state.tasks.get(id)?.task.order ?? 0);
              assertEquals(orders, orders.toSorted((a, b) => a - b));
              const wasReady = new Set(naiveIndexesOf(before, before.recordedAt).ready.map(({ id }) => id));
              for (const id of ids) {
                assert(ready.has(id), `${id} is not ready`);
                // With several events, a task may have been ready, then not, and ready again.
                if (events.length === 2) assert(!announced.has(id) || !wasReady.has(id), `${id} was announced before`);
                announced.add(id);
              }
              for (const id of announced) if (!ready.has(id)) announced.delete(id);
              assertEquals([...ready].filter((id) => !announced.has(id)), []);
              count += ids.length;
            });
          }),
          { numRuns: 100 },
        );
      }
    }, { isReached: () => count > 1_000, told: () => `only ${count} tasks were announced` });
  },
});

/** The ready tasks, found in the plainest way; without those that time has made ready since the last record. */
function readyAtLastRecord(state: State): ReadonlySet<string> {
  return new Set(naiveIndexesOf(snapshotOf(state), state.recordedAt).ready.map(({ id }) => id));
}

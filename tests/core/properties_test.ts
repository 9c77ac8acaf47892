/** Shows what holds after every history of commands, sensible or not: the promises of the design, as properties. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Command, CommandType } from "../../src/core/commands.ts";
import { decide, type Decision } from "../../src/core/decide.ts";
import type { Event } from "../../src/core/events.ts";
import { evolve, restore, snapshotOf } from "../../src/core/evolve.ts";
import type { Task } from "../../src/core/model.ts";
import { Refusal } from "../../src/core/refusal.ts";
import { emptyState, readinessOf, type ReadonlyState, type State } from "../../src/core/state.ts";
import { noTasks } from "../../src/core/views.ts";
import { acyclicGraph, command, IDS, steer, type Turn, turns } from "./arbitraries.ts";
import { claim, complete, create, run } from "./given.ts";
import { idsOf, indexesOf, naiveIndexesOf } from "./naive.ts";

Deno.test({
  name: "after every command the indexes are what the tasks make them",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          assertEquals(indexesOf(state), naiveIndexesOf(snapshotOf(state).tasks));
          assertIsHeap(state);
        });
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "no history leads to a cycle or to a dependency that does not exist",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const open = new Map(snapshotOf(state).tasks.map((task) => [task.id, task.dependencies]));
          for (const id of [...open.values()].flat()) assert(open.has(id), id);
          for (let before = -1; before !== open.size;) {
            before = open.size;
            for (const [id, dependencies] of open) if (!dependencies.some((each) => open.has(each))) open.delete(id);
          }
          assertEquals(open.size, 0);
        });
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "a task is claimed only when pending, with all dependencies completed, and each attempt by one instance",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (_, { before, events }) => {
          for (const event of events) {
            if (event.type !== "task.claimed") continue;
            const tasks = new Map(before.map((task) => [task.id, task]));
            const task = tasks.get(event.id);
            assertEquals(task?.status, "pending");
            assertEquals(event.attempt, (task?.attempt ?? 0) + 1);
            assert(task?.dependencies.every((id) => tasks.get(id)?.status === "completed"));
          }
        });
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "a claim takes the task that is ready longest, and takes none only when none is ready",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const { events, answer } = decide(state, claim("x"));
          const [first] = naiveIndexesOf(snapshotOf(state).tasks).ready;
          assertEquals(events.map((event) => event.type === "task.claimed" && event.id), first ? [first.id] : []);
          if (first === undefined) assertEquals(answer(state).task, undefined);
        });
      }),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "when nothing can be claimed the reason given is the true one, and names who can change it",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const { reason, running, blockedBy, holding } = noTasks(state, "x");
          const { ready, counts, held } = naiveIndexesOf(snapshotOf(state).tasks);
          if (ready.length > 0) return;
          const open = counts.pending > 0 ? "blocked" : state.tasks.size > 0 ? "all_finished" : "no_tasks_exist";
          assertEquals(reason, counts.in_progress > 0 ? "waiting" : open);
          if (reason === "waiting") assertEquals(running.length, counts.in_progress);
          if (reason === "blocked") assert(blockedBy.length > 0);
          for (const { id, status } of blockedBy) assertEquals(state.tasks.get(id)?.task.status, status);
          assertEquals(holding.toSorted(), held.find(([instance]) => instance === "x")?.[1] ?? []);
        });
      }),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "only a task's holder ends or releases it, and what is completed stays as it is",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state, { before, events }) => {
          for (const task of before) {
            const now = state.tasks.get(task.id)?.task;
            if (task.status === "completed" && now !== undefined) assertEquals(now, task);
          }
          for (const event of events) {
            if (!("instance" in event) || event.type === "task.claimed") continue;
            const task = before.find(({ id }) => id === event.id);
            assertEquals([task?.status, task?.assignedTo, task?.attempt], [
              "in_progress",
              event.instance,
              event.attempt,
            ]);
          }
        });
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "deciding changes nothing, whether the command is accepted or refused",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        play(turns, (state) => {
          const before = fingerprintOf(state);
          for (const { command } of turns.slice(0, 5)) attempt(state, command);
          assertEquals(fingerprintOf(state), before);
        });
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "nothing but a Refusal is thrown, however nonsensical the command",
  permissions: "none",
  fn() {
    const nonsense = fc.oneof(
      fc.constantFrom(...IDS, "", " ", "\0", "\ud800", "\u2028", "→", "x".repeat(201), "🦕".repeat(200)),
      fc.string(),
      fc.string({ unit: "binary" }),
      fc.array(fc.nat(0xffff), { maxLength: 8 }).map((codes) => String.fromCharCode(...codes)),
    );
    const numbers = fc.oneof(fc.integer(), fc.double());
    fc.assert(
      fc.property(
        turns(),
        fc.array(command(nonsense, nonsense, nonsense, numbers), { maxLength: 30 }),
        (turns, commands) => {
          const state = play(turns.slice(0, 20));
          for (const command of commands) {
            const decision = attempt(state, command);
            if (decision === undefined) continue;
            for (const event of decision.events) evolve(state, event, 9);
            decision.answer(state);
          }
          assertEquals(indexesOf(state), naiveIndexesOf(snapshotOf(state).tasks));
        },
      ),
      { numRuns: 200 },
    );
  },
});

Deno.test({
  name: "a snapshot and the events after it make the same state as all events",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), fc.nat(), (turns, cut) => {
        const history: { event: Event; at: number }[] = [];
        const state = play(turns, (_, { events, at }) => history.push(...events.map((event) => ({ event, at }))));
        const start = emptyState();
        const position = cut % (history.length + 1);
        for (const { event, at } of history.slice(0, position)) evolve(start, event, at);
        const restored = restore(snapshotOf(start));
        for (const { event, at } of history.slice(position)) evolve(restored, event, at);

        assertEquals(snapshotOf(restored), snapshotOf(state));
        assertEquals(indexesOf(restored), indexesOf(state));
        assertEquals(drain(restored), drain(state));
        assertEquals(snapshotOf(restored), snapshotOf(state));
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "a snapshot survives being written as JSON",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(turns(), (turns) => {
        const snapshot = snapshotOf(play(turns));
        assertEquals(JSON.parse(JSON.stringify(snapshot)), snapshot);
      }),
      { numRuns: 100 },
    );
  },
});

Deno.test({
  name: "every graph without a cycle drains by claiming and completing, each task once and after its dependencies",
  permissions: "none",
  fn() {
    fc.assert(
      fc.property(acyclicGraph(), fc.array(fc.nat(), { maxLength: 40 }), (tasks, picks) => {
        const state = emptyState();
        run(state, create(...tasks), 1);
        const finished = new Set<string>();
        const held: string[] = [];
        for (let turn = 0; finished.size < tasks.length; turn++) {
          assert(turn <= 2 * tasks.length, "no progress");
          const pick = picks[turn % Math.max(picks.length, 1)] ?? 0;
          const claimed = pick % 3 === 0 && held.length > 0 ? undefined : run(state, claim("x"), turn).answer.task;
          if (claimed !== undefined) {
            assert(claimed.dependencies.every((id) => finished.has(id)));
            held.push(claimed.id);
            continue;
          }
          const [id] = held.splice(pick % held.length, 1);
          assert(id !== undefined, "nothing to claim and nothing held");
          const { unlocked, unlockedCount } = run(state, complete("x", id), turn).answer;
          finished.add(id);
          assertEquals(unlockedCount, unlocked.length);
          assertEquals(
            unlocked.map((task) => task.id).toSorted(),
            tasks.filter(({ dependencies }) =>
              dependencies.includes(id) && dependencies.every((each) => finished.has(each))
            ).map((task) => task.id).toSorted(),
          );
        }
        assertEquals(state.counts.completed, tasks.length);
        assertEquals(held, []);
      }),
      { numRuns: 300 },
    );
  },
});

Deno.test({
  name: "the random histories reach every event and most refusals",
  permissions: "none",
  fn() {
    const seen = new Set<string>();
    for (const each of fc.sample(turns(), { numRuns: 300, seed: 1 })) {
      play(each, (_, { events, refusal }) => {
        for (const event of events) seen.add(event.type);
        if (refusal !== undefined) seen.add(refusal.code);
      });
    }
    assertEquals([...seen].toSorted(), [
      "already_exists",
      "cycle",
      "dependency_not_found",
      "has_dependents",
      "invalid_value",
      "not_found",
      "not_holder",
      "not_ready",
      "stale_attempt",
      "task.cancelled",
      "task.claimed",
      "task.completed",
      "task.deleted",
      "task.failed",
      "task.released",
      "task.retried",
      "task.updated",
      "tasks.created",
      "tasks.imported",
      "wrong_state",
    ]);
  },
});

interface Step {
  readonly at: number;
  /** The tasks as they were. */
  readonly before: readonly Task[];
  readonly events: readonly Event[];
  readonly refusal: Refusal | undefined;
}

/** Gives the commands one after the other, and looks at the state after each. Refusals have no effect. */
function play(turns: readonly Turn[], look: (state: State, step: Step) => void = () => {}): State {
  const state = emptyState();
  for (const turn of turns) {
    const before = snapshotOf(state).tasks;
    const outcome = tryDeciding(state, steer(state, turn));
    const events = outcome instanceof Refusal ? [] : outcome.events;
    for (const event of events) evolve(state, event, turn.at);
    if (!(outcome instanceof Refusal)) outcome.answer(state);
    look(state, { at: turn.at, before, events, refusal: outcome instanceof Refusal ? outcome : undefined });
  }
  return state;
}

function tryDeciding(state: ReadonlyState, command: Command): Decision<unknown> | Refusal {
  try {
    return decide<CommandType>(state, command);
  } catch (error) {
    if (error instanceof Refusal) return error;
    throw error;
  }
}

function attempt(state: ReadonlyState, command: Command): Decision<unknown> | undefined {
  const outcome = tryDeciding(state, command);
  return outcome instanceof Refusal ? undefined : outcome;
}

/** The first of the queue is the next to be claimed, and every entry knows its place. */
function assertIsHeap({ tasks, ready }: State): void {
  ready.forEach((node, index) => {
    const parent = ready[(index - 1) >> 1] ?? node;
    assert(parent.readySince < node.readySince || parent.order <= node.order && parent.readySince === node.readySince);
    assertEquals(node.heapIndex, index);
    assertEquals(readinessOf(node), "ready");
  });
  assertEquals(Array.from(tasks.values()).filter(({ heapIndex }) => heapIndex >= 0).length, ready.length);
}

/** All that there is in a state, the order of sets and of the heap included. */
function fingerprintOf(state: State): string {
  return JSON.stringify([snapshotOf(state), indexesOf(state), idsOf(state.ready), idsOf(state.blocked), [
    ...state.held.keys(),
  ]]);
}

/** The tasks in the order in which claims hand them out until none is left. */
function drain(state: State): readonly string[] {
  const ids: string[] = [];
  for (const _ of state.tasks) {
    const { task } = run(state, claim("x"), 99).answer;
    if (task === undefined) break;
    ids.push(task.id);
    run(state, complete("x", task.id), 99);
  }
  return ids;
}

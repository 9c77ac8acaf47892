/**
 * Shows that the statistics of any history are those which its events tell one by one, that they are the same when the
 * state is replayed or restored on the way, and that they stay bounded.
 */

import fc from "fast-check";
import { assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { MAX_MEASURED_DAYS, MAX_MEASURED_HOURS, MAX_MEASURED_INSTANCES } from "../../../src/core/model/limits.ts";
import { countIn } from "../../../src/core/model/sketch.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { DAY_MS, HOUR_MS, type SavedStatistics } from "../../../src/core/state/statistics.ts";
import { crowds, gatherings, turns } from "../arbitraries.ts";
import { claim, complete, create, newTask, run, taskWith, times } from "../given.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";
import { untilReached } from "../until_reached.ts";

/** An event, and the time of its record. */
interface Fact {
  readonly event: Event;
  readonly at: number;
}

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

/** Plays random histories, and looks at each state with all that led to it. */
function forHistories(look: (state: State, facts: readonly Fact[]) => void): void {
  for (const [histories, numRuns] of [[turns(), 80], [gatherings(), 40], [crowds(), 40]] as const) {
    fc.assert(
      fc.property(histories, (turns) => {
        const facts: Fact[] = [];
        const state = play(turns, (_, { events, now }) => facts.push(...events.map((event) => ({ event, at: now }))));
        look(state, facts);
      }),
      { numRuns },
    );
  }
}

test("a replay of any history, also one that goes on from a snapshot, has the same statistics", () => {
  let compared = 0;
  untilReached(() => {
    forHistories((state, facts) => {
      const live = snapshotOf(state).statistics;
      compared += live.length;
      assertEquals(snapshotOf(replay(emptyState(), facts)).statistics, live);
      const half = Math.floor(facts.length / 2);
      const resumed = restore(snapshotOf(replay(emptyState(), facts.slice(0, half))));
      assertEquals(snapshotOf(replay(resumed, facts.slice(half))).statistics, live);
    });
  }, { isReached: () => compared > 80, told: () => `${compared} groups had statistics` });
});

test("the statistics of any history count the same as its events do, one by one", () => {
  let attempts = 0;
  untilReached(() => {
    forHistories((state, facts) => {
      const { statistics } = snapshotOf(state);
      const expected = countEvents(facts);
      for (const each of statistics) {
        const counts = expected.get(each.group) ?? NOTHING;
        assertEquals(countsOf(each), counts, each.group);
        attempts += counts.claimed;
      }
      assertEquals(statistics.length, new Set(statistics.map(({ group }) => group)).size);
    });
  }, { isReached: () => attempts > 30, told: () => `only ${attempts} claims` });
});

test("the changes of open tasks and of those in progress add up to the present numbers", () => {
  forHistories((state) => {
    for (const { group, days } of snapshotOf(state).statistics) {
      const tasks = Array.from(state.tasks.values(), ({ task }) => task).filter((task) => task.group === group);
      const running = tasks.filter(({ status }) => status === "in_progress").length;
      const open = running + tasks.filter(({ status }) => status === "pending").length;
      const sum = (field: "openChange" | "runningChange") => days.reduce((total, day) => total + day[field], 0);
      assertEquals([sum("openChange"), sum("runningChange")], [open, running]);
    }
  });
});

test("however long the history, a bounded number of hours, days and instances is kept: the newest ones", () => {
  const state = emptyState();
  const count = MAX_MEASURED_INSTANCES + 20;
  times(count, (index) => {
    const at = (index + 1) * DAY_MS + 5 * HOUR_MS;
    run(state, create(newTask(`t${index}`)), at);
    run(state, claim(`i${index}`, `t${index}`), at);
    run(state, complete(`i${index}`, `t${index}`), at + 60_000);
  });
  const [statistics] = snapshotOf(state).statistics;
  assertEquals(statistics?.hours.length, MAX_MEASURED_HOURS);
  assertEquals(statistics?.days.length, MAX_MEASURED_DAYS);
  assertEquals(statistics?.days.at(-1)?.at, count * DAY_MS);
  assertEquals(statistics?.work.map(({ instance }) => instance), times(100, (index) => `i${index + 20}`));
  assertEquals(statistics?.outcomes.completed, count);
});

test("what a corrected clock had recorded in the future counts as of the corrected time", () => {
  const state = emptyState();
  run(state, create(newTask("a"), newTask("b")), HOUR_MS);
  run(state, claim("x", "a"), HOUR_MS);
  run(state, complete("x", "a"), 50 * DAY_MS);
  evolve(state, { type: "clock.corrected", from: 50 * DAY_MS, to: 2 * HOUR_MS }, 2 * HOUR_MS);
  run(state, claim("x", "b"), 3 * HOUR_MS);
  const [statistics] = snapshotOf(state).statistics;
  assertEquals(statistics?.hours.map(({ at, completed, claimed }) => [at / HOUR_MS, completed, claimed]), [
    [1, 0, 1],
    [2, 1, 0],
    [3, 0, 1],
  ]);
  assertEquals(statistics?.work.map(({ lastAt }) => lastAt), [2 * HOUR_MS]);
});

test("what was done stays with the group in which it was done, and goes with it", () => {
  const state = emptyState();
  for (const id of ["g", "h"]) run(state, { type: "create_group", id, settings: {} }, 1);
  run(state, create(taskWith({ group: "g" }, "a"), taskWith({ group: "g" }, "b")), 1);
  run(state, claim("x", "a"), 2);
  run(state, complete("x", "a"), 3);
  run(state, { type: "update_task", id: "b", settings: { group: "h" } }, 4);
  const completed = () => snapshotOf(state).statistics.map(({ group, outcomes }) => [group, outcomes.completed]);
  assertEquals(completed(), [["g", 1], ["h", 0]]);
  run(state, { type: "delete_task", id: "a" }, 5);
  run(state, { type: "delete_group", id: "g" }, 6);
  assertEquals(completed(), [["h", 0]]);
});

function replay(state: State, facts: readonly Fact[]): State {
  for (const { event, at } of facts) evolve(state, event, at);
  return state;
}

interface Counts {
  readonly created: number;
  readonly claimed: number;
  readonly completed: number;
  /** Attempts by how they ended. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly busyMs: number;
}

const NOTHING: Counts = { created: 0, claimed: 0, completed: 0, outcomes: {}, busyMs: 0 };

function countsOf({ days, outcomes, work, queues, leads }: SavedStatistics): Counts {
  const sum = (field: "created" | "claimed" | "completed") => days.reduce((total, day) => total + day[field], 0);
  assertEquals([countIn(queues), countIn(leads)], [sum("claimed"), sum("completed")]);
  return {
    created: sum("created"),
    claimed: sum("claimed"),
    completed: sum("completed"),
    outcomes: Object.fromEntries(Object.entries(outcomes).filter(([, count]) => count > 0)),
    busyMs: work.reduce((total, { busyMs }) => total + busyMs, 0),
  };
}

/** What events tell, by group: from claims and the events that end them alone. */
function countEvents(facts: readonly Fact[]): ReadonlyMap<string | undefined, Counts> {
  const counts = new Map<string | undefined, Counts>();
  const groups = new Map<string, string | undefined>();
  /** Since when attempts run; undefined for one that was imported without its start, whose duration is not known. */
  const starts = new Map<string, number | undefined>();
  /** When an attempt ended that its holder may still complete; undefined as above. */
  const ends = new Map<string, number | undefined>();
  const add = (id: string, change: Partial<Counts>, outcome?: string) => {
    const before = counts.get(groups.get(id)) ?? NOTHING;
    counts.set(groups.get(id), {
      created: before.created + (change.created ?? 0),
      claimed: before.claimed + (change.claimed ?? 0),
      completed: before.completed + (change.completed ?? 0),
      busyMs: before.busyMs + (change.busyMs ?? 0),
      outcomes: outcome === undefined
        ? before.outcomes
        : { ...before.outcomes, [outcome]: (before.outcomes[outcome] ?? 0) + 1 },
    });
  };
  const end = (id: string, at: number, outcome: string) => {
    if (!starts.has(id) && !ends.has(id)) return;
    const start = starts.has(id) ? starts.get(id) : ends.get(id);
    const busyMs = start === undefined ? 0 : Math.max(0, at - start);
    if (starts.delete(id) || outcome === "completed") add(id, { busyMs }, outcome);
    ends.set(id, start === undefined ? undefined : at);
  };
  for (const { event, at } of facts) {
    switch (event.type) {
      case "tasks.created":
      case "tasks.imported":
        for (const { id, group, ...task } of event.tasks) {
          groups.set(id, group);
          add(id, { created: 1 });
          if ("status" in task && task.status === "in_progress") starts.set(id, task.startedAt);
        }
        break;
      case "task.updated":
        if (event.settings?.group !== undefined) groups.set(event.id, event.settings.group ?? undefined);
        break;
      case "group.deleted":
        counts.delete(event.group);
        break;
      case "task.claimed":
        add(event.id, { claimed: 1 });
        starts.set(event.id, at);
        break;
      case "task.completed":
        add(event.id, { completed: 1 });
        end(event.id, at, "completed");
        break;
      case "task.failed":
        end(event.id, at, "failed");
        break;
      case "attempt.ended":
        end(event.id, at, event.outcome);
        break;
      case "task.released":
        end(event.id, at, "released");
        break;
      case "task.cancelled":
        end(event.id, at, "cancelled");
        break;
      case "tasks.abandoned":
        for (const { id } of event.tasks) if (starts.has(id)) end(id, at, "failed");
        break;
      default:
    }
  }
  return counts;
}

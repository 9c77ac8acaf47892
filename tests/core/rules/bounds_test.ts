/** Shows that no record grows with the number of tasks that an instance holds or a filter matches, at each bound. */

import { assert, assertEquals } from "@std/assert";
import type { Event } from "../../../src/core/messages/events.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import {
  MAX_BULK_BYTES,
  MAX_ID_CHARACTERS,
  MAX_REASON_BYTES,
  MAX_RECORD_TASKS,
} from "../../../src/core/model/limits.ts";
import type { TaskSettings } from "../../../src/core/model/task.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { isSweepDue } from "../../../src/core/state/timers.ts";
import { rounds } from "../../support/rounds.ts";
import { claim, refusalOf, run, taskOf, taskWith, times } from "../given.ts";

/** Most bytes of a record. */
const MAX_RECORD_BYTES = 4 * 1024 * 1024;

/** Held tasks around the bound, and many times it. */
const COUNTS = [-1, 0, 1, MAX_RECORD_TASKS, 4 * MAX_RECORD_TASKS + 7].map((more) => MAX_RECORD_TASKS + more);

/** An id of the most bytes: so many dinosaurs, told apart by the last few characters. */
function longId(index: number): string {
  return "🦕".repeat(MAX_ID_CHARACTERS - 6) + String(index).padStart(6, "0");
}

for (const count of COUNTS) {
  Deno.test({
    name: `a lost instance that holds ${count} tasks gives them back in parts, and is lost with the last one`,
    permissions: "none",
    fn() {
      const state = holder(count, {});
      const ended: string[] = [];
      let parts = 0;
      for (const _ of rounds("losing", 100)) {
        if (!isSweepDue(state, 200)) break;
        const { events } = run(state, { type: "sweep" }, 200);
        assertFits(events);
        // Ids are so long that some tasks are announced in records of their own.
        if (events.length === 0) continue;
        parts++;
        const ends = events.filter((event) => event.type === "attempt.ended");
        for (const end of ends) assertEquals([end.instance, end.outcome], [longId(0), "lost"]);
        ended.push(...ends.map(({ id }) => id));
        const isLost = ended.length === count;
        assertEquals(parts === Math.ceil(count / MAX_RECORD_TASKS), isLost);
        // The last part is a full one, so that what it names is a fair share of what was lost.
        const lost = {
          type: "instance.lost" as const,
          instance: longId(0),
          tasks: ends.slice(0, 100).map(({ id }) => id),
        };
        assertEquals(events.slice(ends.length), isLost ? [lost] : []);
        if (isLost) assertEquals(ends.length, Math.min(count, MAX_RECORD_TASKS));
        assertEquals(state.instances.get(longId(0))?.instance.status, isLost ? "lost" : "active");
      }
      assertEquals(ended, times(count, longId));
      assertEquals([state.counts.in_progress, state.held.size], [0, 0]);
    },
  });

  Deno.test({
    name: `an instance that holds ${count} tasks leaves in parts, and gets none in between`,
    permissions: "none",
    fn() {
      const state = holder(count, {});
      for (const _ of rounds("leaving", 100)) {
        const left = state.counts.in_progress;
        if (left === 0) break;
        const { events, answer } = run(state, { type: "leave", instance: longId(0) }, 10);
        assertFits(events);
        assertEquals(answer.holdingCount, Math.max(0, left - MAX_RECORD_TASKS));
        assertEquals(answer.status, answer.holdingCount === 0 ? "left" : "draining");
        assertEquals(
          events.filter(({ type }) => type === "instance.drained").length,
          left === count && left > MAX_RECORD_TASKS ? 1 : 0,
        );
        assertEquals(run(state, claim(longId(0)), 10).answer.task, undefined);
      }
      assertEquals(state.instances.get(longId(0))?.instance.status, "left");
    },
  });

  Deno.test({
    name: `a call of an instance that holds ${count} leased tasks extends all of them with one small event`,
    permissions: "none",
    fn() {
      for (const order of ["as created", "reverse", "all at once"] as const) {
        const state = holder(count, { timeoutMs: 100_000 }, order);
        const heartbeat = { type: "heartbeat" as const, instance: longId(0) };
        const { events } = run(state, heartbeat, 50);
        assertEquals(events, [{ type: "instance.renewed", instance: longId(0), expiresAt: 50 + 149 }]);
        for (let index = 0; index < count; index++) assertEquals(taskOf(state, longId(index)).leaseUntil, 150_050);
        assertEquals(run(state, heartbeat, 50).events, []);
      }
    },
  });
}

Deno.test({
  name: "a call by an instance that is being lost ends that: what it still holds it keeps",
  permissions: "none",
  fn() {
    const state = holder(MAX_RECORD_TASKS + 500, { timeoutMs: 100 });
    run(state, { type: "sweep" }, 99);
    assertEquals(state.counts.in_progress, MAX_RECORD_TASKS + 500);
    // Its time is over before its leases are.
    run(state, { type: "sweep" }, 100);
    assertEquals(state.counts.in_progress, MAX_RECORD_TASKS);
    run(state, { type: "heartbeat", instance: longId(0) }, 101);
    assertEquals(state.instances.get(longId(0))?.instance.status, "active");
    assertEquals(run(state, { type: "sweep" }, 102).events, []);
    assertEquals([state.counts.in_progress, isSweepDue(state, 103)], [MAX_RECORD_TASKS, false]);
  },
});

Deno.test({
  name: "several lost instances, leases and deadlines share the room of a record",
  permissions: "none",
  fn() {
    const state = emptyState();
    const ids = times(1_800, (index) => `t${index}`);
    evolve(state, { type: "tasks.created", tasks: ids.map((id) => taskWith({ deadline: 50 }, id)) }, 1);
    for (const [index, instance] of ["x", "y", "z"].entries()) {
      evolve(state, { type: "instance.registered", instance, settings: { ttlMs: 10 } }, 1);
      for (const id of ids.slice(600 * index, 600 * (index + 1))) {
        evolve(state, { type: "task.claimed", id, instance, attempt: 1 }, 1);
      }
    }
    const lost: string[][] = [];
    const overdue: number[] = [];
    for (const _ of rounds("sweeping", 100)) {
      if (!isSweepDue(state, 100)) break;
      const { events } = run(state, { type: "sweep" }, 100);
      assert(events.length <= MAX_RECORD_TASKS + 3, `${events.length} events`);
      lost.push(events.flatMap((event) => event.type === "instance.lost" ? [event.instance] : []));
      overdue.push(events.filter(({ type }) => type === "task.overdue").length);
    }
    assertEquals(lost.flat(), ["x", "y", "z"]);
    assertEquals([overdue.reduce((a, b) => a + b), state.overdue, state.counts.pending], [1_800, 1_800, 1_800]);
  },
});

Deno.test({
  name: "a bulk operation that would take too many bytes is refused with what would work, one of as many is not",
  permissions: "none",
  fn() {
    const state = emptyState();
    const ids = times(1_000, (index) => `t${String(index).padStart(4, "0")}`);
    evolve(state, { type: "tasks.created", tasks: ids.map((id) => taskWith({}, id)) }, 1);
    const bulk = (count: number, reason: string) => ({
      type: "bulk_update" as const,
      filter: { ids: ids.slice(0, count) },
      action: { type: "cancel" as const, reason },
      isAtomic: false,
    });
    // What an event takes beside its reason, with the comma behind it.
    const rest = JSON.stringify({ type: "task.cancelled", id: ids[0], reason: "", by: { caller: "test" } }).length + 1;
    const reason = "x".repeat(MAX_REASON_BYTES);
    const most = Math.floor((MAX_BULK_BYTES - 1) / (rest + reason.length));
    const refusal = refusalOf(() => run(state, bulk(most + 1, reason), 2));
    assertEquals([refusal.code, refusal.data.limit], ["limit_exceeded", MAX_BULK_BYTES]);
    assert(refusal.message.includes("narrow the filter, or give a shorter reason"), refusal.message);
    assertEquals(state.counts.cancelled, 0);
    assertEquals(run(state, bulk(most, reason), 3).answer.changed, most);
    assertEquals(run(state, bulk(1_000, "short"), 4).answer.changed, 1_000 - most);
  },
});

/**
 * A state in which an instance with the longest id, and 99 ms to live, holds so many tasks with such ids, whose leases
 * end in an order.
 */
function holder(
  count: number,
  settings: TaskSettings,
  order: "as created" | "reverse" | "all at once" = "all at once",
): State {
  const state = emptyState();
  const instance = longId(0);
  const { timeoutMs } = settings;
  const lease = (index: number) => {
    const earlierMs = order === "all at once" ? 0 : order === "reverse" ? index : count - index;
    return timeoutMs !== undefined && { leaseUntil: 1 + timeoutMs - earlierMs };
  };
  evolve(state, { type: "instance.registered", instance, settings: { ttlMs: 99 } }, 1);
  evolve(state, { type: "tasks.created", tasks: times(count, (index) => taskWith(settings, longId(index))) }, 1);
  for (let index = 0; index < count; index++) {
    evolve(state, { type: "task.claimed", id: longId(index), instance, attempt: 1, ...lease(index) }, 1);
  }
  return state;
}

function assertFits(events: readonly Event[]): void {
  const { length } = new TextEncoder().encode(JSON.stringify(events));
  assert(length < MAX_RECORD_BYTES, `${length} bytes`);
}

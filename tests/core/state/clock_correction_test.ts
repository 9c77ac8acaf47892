/** Shows what the correction of a clock that stood in the future does to every time, and that all indexes follow. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { localOperator } from "../../../src/core/model/access.ts";
import { MIN_CORRECTION_MS } from "../../../src/core/model/limits.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { evolve } from "../../../src/core/state/evolve.ts";
import { emptyState } from "../../../src/core/state/state.ts";
import { crowds, expiries, gatherings, INSTANCES, turns } from "../arbitraries.ts";
import { claim, contextAt, create, newTask, oldTask, refusalOf, run, runWhole, taskOf, taskWith } from "../given.ts";
import { indexesOf, naiveIndexesOf } from "../naive.ts";
import { play } from "../play.ts";
import { restore, snapshotOf } from "../snapshot.ts";

const CORRECT = { type: "correct_clock" } as const;

/** The time by the right clock, and by the wrong one. */
const TO = Date.UTC(2026, 0, 1);
const FROM = Date.UTC(2030, 0, 1);

Deno.test({
  name: "the clock is corrected where the journal is more than a minute ahead of it, and refused otherwise",
  permissions: "none",
  fn() {
    const state = emptyState();
    run(state, create(newTask("a")), TO);
    const at = (aheadMs: number) => ({ ...contextAt(TO), clock: TO - aheadMs });
    for (
      const [aheadMs, why] of [
        [-1, "the journal is not ahead"],
        [0, "the journal is not ahead"],
        [1, "the journal is only 1 ms ahead"],
        [MIN_CORRECTION_MS, "the journal is only 60000 ms ahead"],
      ] as const
    ) {
      const refusal = refusalOf(() => decide(state, CORRECT, at(aheadMs)));
      assertEquals(refusal.code, "wrong_state");
      assert(refusal.message.startsWith(`Cannot correct the journal's time as ${why}`), refusal.message);
    }
    const to = TO - MIN_CORRECTION_MS - 1;
    const { events } = decide(state, CORRECT, at(MIN_CORRECTION_MS + 1));
    assertEquals(events, [{ type: "clock.corrected", from: TO, to }]);
    const caller = { ...localOperator("test"), role: "planner" } as const;
    assertEquals(refusalOf(() => decide(state, CORRECT, { ...at(MIN_CORRECTION_MS + 1), caller })).code, "forbidden");
  },
});

Deno.test({
  name: "times of the past become the corrected time, times ahead keep their distance, and users' times are kept",
  permissions: "none",
  fn() {
    const state = emptyState();
    run(state, { type: "create_group", id: "g", settings: {} }, TO - 9);
    run(state, create(newTask("early"), taskWith({ timeoutMs: 5_000 }, "late")), TO - 8);
    run(state, { type: "register_instance", instance: "x", settings: { ttlMs: 7_000 } }, FROM - 9);
    const user = { notBefore: TO + 1_000, deadline: FROM - 1 };
    run(state, create(taskWith(user, "users"), taskWith({ group: "g" }, "new")), FROM - 8);
    run(state, { type: "sweep" }, FROM - 1);
    assertEquals(taskOf(state, "users").overdue, true);
    run(state, claim("x", "late"), FROM - 1);
    const past = { attempt: 1, instance: "x", startedAt: TO - 1, endedAt: FROM - 2, outcome: "failed" } as const;
    const old = oldTask("old", {
      attempt: 1,
      pastAttempts: [past],
      retryAt: FROM + 300,
      createdAt: 5,
      pendingAt: FROM,
    });
    run(state, { type: "import_tasks", tasks: [old] }, FROM);

    evolve(state, { type: "clock.corrected", from: FROM, to: TO }, TO);
    assertEquals([state.recordedAt, state.now], [TO, TO]);
    assertEquals(taskOf(state, "early").createdAt, TO - 8);
    const late = taskOf(state, "late");
    assertEquals([late.createdAt, late.startedAt, late.leaseUntil], [TO - 8, TO, TO + 4_999]);
    const { notBefore, deadline, overdue, createdAt } = taskOf(state, "users");
    assertEquals({ notBefore, deadline, overdue, createdAt }, { ...user, overdue: undefined, createdAt: TO });
    const corrected = taskOf(state, "old");
    assertEquals([corrected.createdAt, corrected.pendingAt, corrected.retryAt], [5, TO, TO + 300]);
    assertEquals(corrected.pastAttempts, [{ ...past, endedAt: TO }]);
    const { registeredAt, seenAt, expiresAt } = state.instances.get("x")?.instance ?? {};
    assertEquals([registeredAt, seenAt, (expiresAt ?? 0) > TO && (expiresAt ?? 0) <= TO + 10_500], [TO, TO, true]);
    assertEquals(state.groups.get("g")?.group.createdAt, TO - 9);
    // Time goes on from there: the delay of the user ends, and the lease expires.
    assertEquals(run(state, { type: "sweep" }, TO + 4_998).events, []);
    assertEquals(run(state, { type: "sweep" }, TO + 4_999).events.map(({ type }) => type), ["attempt.ended"]);
  },
});

Deno.test({
  name: "after a correction all indexes are those of a state restored from the snapshot, and it goes on alike",
  permissions: "none",
  fn() {
    const histories = fc.oneof(turns(), gatherings(), crowds(), expiries());
    fc.assert(
      fc.property(histories, fc.nat(), fc.constantFrom(0, 1, 50, 500, 1e9), (turns, part, backMs) => {
        const state = play(turns);
        const from = state.recordedAt;
        const to = Math.max(0, from - backMs);
        const folded = restore(snapshotOf(state));
        const events = applyWithConsequences(state, [{ type: "clock.corrected", from, to }], to);
        for (const event of events) evolve(folded, event, to);
        const restored = restore(snapshotOf(state));
        for (const other of [folded, restored]) {
          assertEquals(snapshotOf(other), snapshotOf(state));
          assertEquals(indexesOf(other), indexesOf(state));
        }
        const { unreachable: _u, drained: _d, ...indexes } = indexesOf(state);
        const { unreachable: _v, drained: _e, ...naive } = naiveIndexesOf(snapshotOf(state), to);
        assertEquals(indexes, naive);
        const instance = INSTANCES[part % INSTANCES.length] ?? "x";
        for (const command of [{ type: "sweep" }, claim(instance), { type: "sweep" }] as const) {
          const at = to + 10 * (part % 100);
          assertEquals(runWhole(restored, command, at), runWhole(state, command, at));
        }
      }),
      { numRuns: 300 },
    );
  },
});

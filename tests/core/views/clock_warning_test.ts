/** Shows who is warned when the journal is ahead of the clock, and from when on. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { clockWarning, MAX_CLOCK_AHEAD_MS } from "../../../src/core/views/clock_warning.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { claim, create, newTask, stateAfter } from "../given.ts";

const DAY_MS = 86_400_000;

Deno.test({
  name: "a journal is ahead of the clock when it is so by more than clocks are adjusted",
  permissions: "none",
  fn() {
    const clock = Date.UTC(2026, 0, 1);
    for (const aheadMs of [-DAY_MS, 0, 1, MAX_CLOCK_AHEAD_MS]) {
      assertEquals(clockWarning({ now: clock + aheadMs, clock }), undefined);
    }
    const shown = (aheadMs: number) => /is (.*) ahead/.exec(clockWarning({ now: clock + aheadMs, clock }) ?? "")?.[1];
    assertEquals([MAX_CLOCK_AHEAD_MS + 1, 60_000, 5_400_000, DAY_MS, 30 * DAY_MS].map(shown), [
      "10 seconds",
      "1 minute",
      "2 hours",
      "1 day",
      "30 days",
    ]);
    const warning = clockWarning({ now: clock + 30 * DAY_MS, clock }) ?? "";
    assertStringIncludes(
      warning,
      "its latest record is dated 2026-01-31T00:00:00.000Z, and the clock says 2026-01-01T00:00:00",
    );
    assertStringIncludes(warning, "leases, delays and deadlines stand still");
  },
});

Deno.test({
  name: "heartbeat and a claim that finds nothing say that the journal is ahead of the clock, and only then",
  permissions: "none",
  fn() {
    const state = stateAfter(create(newTask("a")), claim("x", "a"));
    const heartbeat = { type: "heartbeat" as const, instance: "x" };
    for (const [clock, isBehind] of [[30 * DAY_MS, false], [1_000, true]] as const) {
      const context = { caller: localOperator("test"), now: 30 * DAY_MS, clock, defaults: {} };
      const expected = isBehind ? clockWarning(context) : undefined;
      assertEquals(decide(state, heartbeat, context).answer(state).clockWarning, expected);
      const { task, none } = decide(state, claim("y"), context).answer(state) as { task: unknown; none: unknown };
      assert(task === undefined && typeof none === "object" && none !== null);
      assertEquals("clockWarning" in none ? none.clockWarning : undefined, expected);
    }
  },
});

/** Shows that the state knows no number that the journal cannot keep: what is live is what a restart reads. */

import { localOperator } from "../../../src/core/model/access.ts";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Command, CommandType } from "../../../src/core/messages/commands.ts";
import { applyWithConsequences } from "../../../src/core/state/cascade.ts";
import { decide } from "../../../src/core/rules/decide.ts";
import { advanceClock } from "../../../src/core/state/evolve.ts";
import {
  MAX_BACKOFF_COEFFICIENT,
  MAX_COUNT,
  MAX_DURATION_MS,
  MAX_IMPORTED_ATTEMPT,
  MAX_TIME_MS,
} from "../../../src/core/model/limits.ts";
import { Refusal } from "../../../src/core/model/refusal.ts";
import { snapshotOf } from "../snapshot.ts";
import { emptyState, type State } from "../../../src/core/state/state.ts";
import { command, IDS, INSTANCES, type Words } from "../arbitraries.ts";
import { claim, fail, importing, oldTask, taskOf } from "../given.ts";
import { untilReached } from "../until_reached.ts";

/** Numbers at the bounds of what is allowed, beyond them, and those that JSON cannot say. */
const EXTREMES = [
  ...[0, -0, 1, -1, 0.1, 1.5, 99.9999, 100, 1_000],
  ...[MAX_BACKOFF_COEFFICIENT, MAX_COUNT, MAX_DURATION_MS, MAX_DURATION_MS + 1, MAX_TIME_MS, MAX_TIME_MS + 1],
  ...[Number.MAX_SAFE_INTEGER, Number.MAX_VALUE, Number.MIN_VALUE, Infinity, -Infinity, NaN, 1e-7],
];

const WORDS: Words = {
  id: fc.constantFrom(...IDS.slice(0, 3)),
  group: fc.constantFrom("g"),
  instance: fc.constantFrom(...INSTANCES.slice(0, 2)),
  name: fc.constantFrom("r"),
  text: fc.constantFrom("", "{}"),
  number: fc.constantFrom(...EXTREMES),
};

/** Times of the clock, up to the last one that has a date. */
const AT = fc.constantFrom(0, 1, 40, 1e12, MAX_TIME_MS - MAX_DURATION_MS, MAX_TIME_MS - 1, MAX_TIME_MS);

Deno.test({
  name: "every number in every event, and in the state, survives being written as JSON",
  permissions: "none",
  fn() {
    const step = fc.record({ command: command(WORDS), at: AT });
    let events = 0;
    untilReached(() => {
      fc.assert(
        fc.property(fc.array(step, { maxLength: 40, size: "max" }), (steps) => {
          const state = emptyState();
          for (const { command, at } of steps) {
            for (const event of carryOut(state, command, at)) {
              assertEquals(JSON.parse(JSON.stringify(event)), event);
              events++;
            }
          }
          const snapshot = snapshotOf(state);
          assertEquals(JSON.parse(JSON.stringify(snapshot)), snapshot);
        }),
        { numRuns: 4_000 },
      );
    }, { isReached: () => events > 5_000, told: () => `${events} events` });
  },
});

Deno.test({
  name: "whatever pauses, leases and failures a task has, and whatever the clock says, its times have dates",
  permissions: "none",
  fn() {
    const duration = fc.constantFrom(1, 40, MAX_DURATION_MS);
    const numbers = fc.record({
      ...{ initialIntervalMs: fc.constantFrom(0, 1, MAX_DURATION_MS), timeoutMs: duration, ttlMs: duration },
      coefficient: fc.constantFrom(1, 1.5, MAX_BACKOFF_COEFFICIENT),
      maxIntervalMs: fc.constantFrom(undefined, 0, 1, MAX_DURATION_MS),
      // 100 to the power of 155 is Infinity, 1.5 to that of 1,751.
      failures: fc.constantFrom(0, 1, 154, 155, 1_751, MAX_IMPORTED_ATTEMPT),
      ...{ isRetryable: fc.boolean(), at: AT },
    });
    let pauses = 0;
    untilReached(() => {
      fc.assert(
        fc.property(numbers, ({ timeoutMs, ttlMs, failures, isRetryable, at, ...rest }) => {
          const { maxIntervalMs, ...backoff } = rest;
          const task = oldTask("a", {
            ...{ timeoutMs, failures },
            backoff: { ...backoff, ...(maxIntervalMs !== undefined && { maxIntervalMs }) },
          });
          const state = emptyState();
          const commands: readonly Command[] = [
            { type: "register_instance", instance: "x", settings: { ttlMs } },
            importing(task),
            claim("x", "a"),
            { type: "heartbeat", instance: "x" },
            isRetryable ? { ...fail("x", "a"), isRetryable } : { type: "sweep" },
          ];
          for (const command of commands) {
            const isLater = command.type === "sweep";
            for (const event of carryOut(state, command, isLater ? MAX_TIME_MS : at)) {
              assertEquals(JSON.parse(JSON.stringify(event)), event);
              const times = event.type === "attempt.ended"
                ? [event.retryAt]
                : event.type === "task.claimed"
                ? [event.leaseUntil]
                : event.type === "instance.renewed"
                ? [event.expiresAt, taskOf(state, "a").leaseUntil]
                : [];
              for (const time of times) assert(time === undefined || (time >= 0 && time <= MAX_TIME_MS), `${time}`);
              if (event.type === "attempt.ended") pauses++;
            }
            // No sign of life is written over and over.
            if (command.type === "heartbeat") assertEquals(carryOut(state, command, at), []);
          }
        }),
        { numRuns: 1_000 },
      );
    }, { isReached: () => pauses > 900, told: () => `${pauses} pauses` });
  },
});

function carryOut(state: State, command: Command, at: number) {
  advanceClock(state, at);
  try {
    const now = Math.max(at, state.recordedAt);
    const { events, answer } = decide<CommandType>(state, command, {
      caller: localOperator("test"),
      now,
      clock: at,
      defaults: {},
    });
    const applied = applyWithConsequences(state, events, at);
    answer(state);
    return applied;
  } catch (error) {
    if (error instanceof Refusal) return [];
    throw error;
  }
}

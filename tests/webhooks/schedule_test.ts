/** Shows when a failed delivery is tried again. */

import { assert, assertEquals } from "@std/assert";
import { MAX_PAUSE_MS, parseRetryAfter, pauseAfter, SCHEDULE_MS } from "../../src/webhooks/schedule.ts";

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

test("the pauses are those of the schedule, up to a tenth longer, and there are ten tries", () => {
  assertEquals(SCHEDULE_MS.map((ms) => ms / 1_000), [0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400]);
  for (let attempts = 1; attempts < 10; attempts++) {
    const least = SCHEDULE_MS[attempts] ?? 0;
    for (const random of [0, 0.5, 0.999]) {
      const pauseMs = pauseAfter(attempts, { random }) ?? 0;
      assert(pauseMs >= least && pauseMs <= least * 1.1, `${pauseMs} after ${attempts}`);
    }
  }
  assertEquals(pauseAfter(10, { random: 0 }), undefined);
});

test("a receiver can ask for a longer pause, within a bound, but not for a shorter one or further tries", () => {
  assertEquals(pauseAfter(1, { retryAfterMs: 60_000, random: 0 }), 60_000);
  assertEquals(pauseAfter(2, { retryAfterMs: 60_000, random: 0 }), 300_000);
  assertEquals(pauseAfter(1, { retryAfterMs: 1e12, random: 0 }), MAX_PAUSE_MS);
  assertEquals(pauseAfter(10, { retryAfterMs: 60_000, random: 0 }), undefined);
});

test("Retry-After is seconds or a date; what is neither, or past, asks for nothing", () => {
  const now = Date.parse("2026-01-01T00:00:00Z");
  assertEquals(parseRetryAfter("120", now), 120_000);
  assertEquals(parseRetryAfter("Thu, 01 Jan 2026 00:01:00 GMT", now), 60_000);
  for (const text of [undefined, "", "soon", "-5", "Wed, 31 Dec 2025 00:00:00 GMT"]) {
    assertEquals([text, parseRetryAfter(text, now)], [text, 0]);
  }
});

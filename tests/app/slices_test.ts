/** Shows that a long computation lets the process do what else waits, and ends when nobody waits for it. */

import { assert, assertEquals, assertRejects } from "@std/assert";
import { inSlices } from "../../src/app/slices.ts";

/** Counts to a number; tells each step. */
function* counting(count: number, onStep: (step: number) => void): Generator<void, string> {
  for (let step = 0; step < count; step++) {
    onStep(step);
    yield;
  }
  return "done";
}

Deno.test("a computation in slices returns what it would return at once", async () => {
  assertEquals(await inSlices(counting(10, () => {}), { signal: new AbortController().signal, sliceMs: 2 }), "done");
});

Deno.test("a timer that is due runs before a long computation ends", async () => {
  let last = 0;
  let seenAt: number | undefined;
  const timer = Promise.withResolvers<void>();
  const until = 100_000_000;
  const { signal } = new AbortController();
  const stop = new AbortController();
  const running = inSlices(counting(until, (step) => last = step), {
    signal: AbortSignal.any([signal, stop.signal]),
    sliceMs: 2,
  });
  setTimeout(() => {
    seenAt = last;
    stop.abort(new Error("nobody waits"));
    timer.resolve();
  }, 0);
  await assertRejects(() => running, Error, "nobody waits");
  await timer.promise;
  assert(seenAt !== undefined && seenAt < until - 1);
});

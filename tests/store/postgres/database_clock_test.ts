/** Shows that the clock of the database is told within what its answers prove. */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatabaseClock } from "../../../src/store/postgres/database_clock.ts";

Deno.test("before the first answer, this machine's clock counts", () => {
  assertEquals(new DatabaseClock({ now: () => 7, elapsed: () => 0 }).now(), 7);
});

Deno.test("the time is never ahead of the database's, nor behind by more than an answer takes", () => {
  const steps = fc.array(fc.record({ wait: fc.nat(5_000), there: fc.nat(50), back: fc.nat(50) }), { minLength: 1 });
  fc.assert(fc.property(steps, fc.nat(1e9), (steps, ahead) => {
    let here = 0;
    const clock = new DatabaseClock({ now: () => 0, elapsed: () => here });
    let shortest = Infinity;
    let told = -Infinity;
    for (const { wait, there, back } of steps) {
      here += wait;
      const start = clock.start();
      here += there;
      const time = here + ahead;
      here += back;
      clock.hear(start, time);
      shortest = Math.min(shortest, back);
      const now = clock.now();
      assert(now <= here + ahead && now >= here + ahead - shortest, `${now} at ${here + ahead}`);
      assert(now >= told);
      told = now;
    }
  }));
});

Deno.test("a clock that was set back is followed", () => {
  let here = 0;
  const clock = new DatabaseClock({ now: () => 0, elapsed: () => here });
  clock.hear(clock.start(), 1_000_000);
  assertEquals(clock.now(), 1_000_000);
  here += 10;
  clock.hear(clock.start(), 500_000);
  assertEquals(clock.now(), 500_000);
  here += 2_000;
  assertEquals([clock.now(), clock.isDue], [502_000, true]);
});

/** Shows how long the pauses after actions without effect are. */

import { assertEquals } from "@std/assert";
import { FIRST_PAUSE_MS, LONGEST_PAUSE_MS, Pause } from "../../src/app/pause.ts";
import { times } from "../core/given.ts";
import { FakeTime } from "../support/fake_time.ts";

Deno.test({
  name: "a pause doubles with each action without effect up to a bound, passes, and begins anew after any other",
  permissions: "none",
  fn() {
    using time = new FakeTime();
    const pause = new Pause();
    assertEquals(pause.remainingMs, 0);
    const lengths = times(8, () => {
      pause.note(false);
      return pause.remainingMs;
    });
    assertEquals(lengths, [50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
    assertEquals([lengths[0], lengths.at(-1)], [FIRST_PAUSE_MS, LONGEST_PAUSE_MS]);
    time.skip(LONGEST_PAUSE_MS - 1);
    assertEquals(pause.remainingMs, 1);
    time.skip(2);
    assertEquals(pause.remainingMs, 0);
    for (const end of [() => pause.note(true), () => pause.reset()]) {
      pause.note(false);
      end();
      assertEquals(pause.remainingMs, 0);
      pause.note(false);
      assertEquals(pause.remainingMs, FIRST_PAUSE_MS);
    }
  },
});

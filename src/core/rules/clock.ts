/** The rule for correcting the journal's time after a clock that stood in the future has written to it. */

import { MIN_CORRECTION_MS } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import type { Deciders } from "./decision.ts";

export const clockDeciders: Deciders<"correct_clock"> = {
  correct_clock({ recordedAt: from }, _, { clock: to }) {
    if (from - to > MIN_CORRECTION_MS) {
      return { events: [{ type: "clock.corrected", from, to }], answer: () => ({ from, to }) };
    }
    const why = from > to
      ? `the journal is only ${from - to} ms ahead of the clock: wait until the clock has caught up`
      : "the journal is not ahead of the clock: nothing needs correction";
    throw new Refusal("wrong_state", `Cannot correct the journal's time as ${why}`, { from, to });
  },
};

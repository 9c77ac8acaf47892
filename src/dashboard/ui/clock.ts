/** The time for relative times and ages, so that all of a page move together. */

import { effect, signal, untracked } from "@preact/signals";
import { livePlan, plan } from "../live/live_plan.ts";
import { isInPast } from "../live/past_plan.ts";

/** The journal's time, in milliseconds since the Unix epoch: it may differ from the time of this machine. */
export const now = signal(Date.now());

/** Moves `now` on once a second while the page is shown; in the past it stands at the moment that is shown. */
export function startClock(): void {
  const read = () => {
    const table = isInPast.value ? plan.value : livePlan.peek();
    if (table === undefined || table.readAt === 0) now.value = Date.now();
    else now.value = isInPast.value ? table.now : table.now + Date.now() - table.readAt;
  };
  effect(read);
  setInterval(() => {
    if (!document.hidden) untracked(read);
  }, 1_000);
}

/** The time for relative times and ages, so that all of a page move together. */

import { signal } from "@preact/signals";
import { plan } from "../live/live_plan.ts";

/** The journal's time, in milliseconds since the Unix epoch: it may differ from the time of this machine. */
export const now = signal(Date.now());

/** Moves `now` on once a second while the page is shown. */
export function startClock(): void {
  setInterval(() => {
    if (document.hidden) return;
    const table = plan.peek();
    now.value = table === undefined || table.readAt === 0 ? Date.now() : table.now + Date.now() - table.readAt;
  }, 1_000);
}

/**
 * The warning that the journal is ahead of this machine's clock, because a record was written while a clock was wrong.
 * Time never goes back, so it stands still until the clock has caught up.
 */

import type { Context } from "../messages/commands.ts";

/** How far the journal may be ahead without a warning, in milliseconds, as clocks are adjusted now and then. */
export const MAX_CLOCK_AHEAD_MS = 10_000;

/** The warning for agents and operators; undefined unless the journal is too far ahead of the clock. */
export function clockWarning({ now, clock }: Pick<Context, "now" | "clock">): string | undefined {
  const aheadMs = now - clock;
  if (!(aheadMs > MAX_CLOCK_AHEAD_MS)) return undefined;
  const until = new Date(now).toISOString();
  return `The journal is ${
    duration(aheadMs)
  } ahead of this machine's clock: its latest record is dated ${until}, and ` +
    `the clock says ${new Date(clock).toISOString()}. Until then leases, delays and deadlines stand still; ` +
    "release_task frees the task of a dead worker. Operator: if the clock is slow, set it right; if the record was " +
    "written by a clock that was fast, run this program's command: clock correct";
}

/** A duration in its largest unit, rounded: "30 days". */
function duration(ms: number): string {
  for (const [name, unitMs] of UNITS) {
    const count = Math.round(ms / unitMs);
    if (count >= 1) return `${count} ${name}${count === 1 ? "" : "s"}`;
  }
  return `${ms} ms`;
}

const UNITS = [["day", 86_400_000], ["hour", 3_600_000], ["minute", 60_000], ["second", 1_000]] as const;

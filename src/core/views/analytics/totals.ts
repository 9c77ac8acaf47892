/**
 * Totals for monitoring: the statistics of all groups added up, and how long the queue has been waiting. They count
 * everything, so they are only for callers from whom nothing is hidden.
 */

import type { Totals } from "../../messages/metrics.ts";
import { Refusal } from "../../model/refusal.ts";
import { durationsIn, EMPTY_SKETCH, merged, type Sketch } from "../../model/sketch.ts";
import { claimBoostMs, isLimited } from "../../state/ready_queue.ts";
import type { ReadonlyState } from "../../state/state.ts";
import { NO_OUTCOMES } from "../../state/statistics.ts";
import { addOutcomes } from "./metrics.ts";

/**
 * The totals of everything. O(groups + ready tasks).
 *
 * @throws Refusal `forbidden` if the caller has audiences and is no admin
 */
export function measureTotals(state: ReadonlyState, now: number): Totals {
  if (state.sight !== undefined) {
    throw new Refusal(
      "forbidden",
      "Cannot show totals to a token with audiences, as they count everything: use a token without --audiences, or " +
        "get_metrics, which counts what you see",
    );
  }
  const all = [state, ...state.groups.values()].flatMap(({ statistics }) => statistics ?? []);
  const durations = (sketches: readonly Sketch[]) => durationsIn(sketches.reduce(merged, EMPTY_SKETCH));
  const { ready, limited } = oldestOf(state);
  return {
    outcomes: all.reduce((sum, { outcomes }) => addOutcomes(sum, outcomes), NO_OUTCOMES),
    queues: durations(all.map(({ queues }) => queues)),
    runs: durations(all.map(({ runs }) => runs)),
    leads: durations(all.map(({ leads }) => leads)),
    ...(ready < Infinity && { oldestReadyMs: Math.max(0, now - ready) }),
    ...(limited < Infinity && { oldestLimitedMs: Math.max(0, now - limited) }),
    sessions: state.sessions.size,
    isPaused: state.pause !== undefined,
  };
}

/** Since when the oldest tasks of the queue wait, in milliseconds since the Unix epoch; `Infinity` if there are none. */
function oldestOf({ ready: { buckets } }: ReadonlyState): { readonly ready: number; readonly limited: number } {
  const oldest = { ready: Infinity, limited: Infinity };
  for (const { lanes } of buckets.values()) {
    for (const lane of lanes.values()) {
      const kind = isLimited(lane) ? "limited" : "ready";
      for (const { claimAt, task } of lane.tasks.entries) {
        oldest[kind] = Math.min(oldest[kind], claimAt + claimBoostMs(task.priority));
      }
    }
  }
  return oldest;
}

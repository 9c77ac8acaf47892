/**
 * Metrics: the statistics of the groups that a caller sees, added up. O(groups + the instances that worked in them), and
 * independent of how much has happened.
 */

import type {
  GroupMetrics,
  InstanceMetrics,
  Metrics,
  MetricsOptions,
  PeriodMetrics,
  Quantiles,
} from "../../messages/metrics.ts";
import { MAX_MEASURED_DAYS, MAX_MEASURED_HOURS } from "../../model/limits.ts";
import { countIn, EMPTY_SKETCH, merged, quantileOf, type Sketch } from "../../model/sketch.ts";
import { findGroup } from "../../state/lookup.ts";
import type { ReadonlyGroupNode, ReadonlyState } from "../../state/state.ts";
import {
  addCounts,
  DAY_MS,
  HOUR_MS,
  NO_COUNTS,
  NO_OUTCOMES,
  type Outcomes,
  type Period,
  type PeriodCounts,
  type Statistics,
  type Work,
} from "../../state/statistics.ts";

/** The metrics of all that a caller sees, or of one group. */
export function measure(state: ReadonlyState, { group, limit }: MetricsOptions, now: number): Metrics {
  const groups = group === undefined ? Array.from(state.groups.values()) : [findGroup(state, group)];
  const all = [...(group === undefined ? [state] : []), ...groups].flatMap(({ statistics }) => statistics ?? []);
  const { counts } = group === undefined ? state : groups[0] ?? state;
  const instances = instancesIn(state, all, { now, group });
  const present = { open: counts.pending + counts.in_progress, inProgress: counts.in_progress };
  const hours = { lengthMs: HOUR_MS, count: MAX_MEASURED_HOURS, now, ...present };
  return {
    tasks: { ...counts },
    outcomes: all.reduce((sum, { outcomes }) => addOutcomes(sum, outcomes), NO_OUTCOMES),
    leadMs: quantilesOf(all.map(({ leads }) => leads)),
    queueMs: quantilesOf(all.map(({ queues }) => queues)),
    runMs: quantilesOf(all.map(({ runs }) => runs)),
    hours: seriesOf(all.map(({ hours }) => hours), hours),
    days: seriesOf(all.map(({ days }) => days), { ...hours, lengthMs: DAY_MS, count: MAX_MEASURED_DAYS }),
    instances: instances.slice(0, limit),
    instanceCount: instances.length,
    groups: group === undefined ? groupsIn(groups).slice(0, limit) : [],
    groupCount: groups.length,
  };
}

/** The quantiles of all durations in some sketches. */
function quantilesOf(sketches: readonly Sketch[]): Quantiles {
  const sketch = sketches.reduce(merged, EMPTY_SKETCH);
  const [p50, p90] = [quantileOf(sketch, 0.5), quantileOf(sketch, 0.9)];
  return { count: countIn(sketch), ...(p50 !== undefined && { p50 }), ...(p90 !== undefined && { p90 }) };
}

export function addOutcomes(a: Outcomes, b: Outcomes): Outcomes {
  return {
    completed: a.completed + b.completed,
    failed: a.failed + b.failed,
    expired: a.expired + b.expired,
    lost: a.lost + b.lost,
    released: a.released + b.released,
    cancelled: a.cancelled + b.cancelled,
  };
}

interface Span {
  readonly lengthMs: number;
  /** Most periods. */
  readonly count: number;
  readonly now: number;
  /** The present numbers, from which those at the end of each period follow. */
  readonly open: number;
  readonly inProgress: number;
}

/** The periods from the first one known to that of now, at most `count`. */
function seriesOf(lists: readonly (readonly Period[])[], { lengthMs, count, now, ...present }: Span) {
  const sums = new Map<number, PeriodCounts>();
  for (const { at, ...counts } of lists.flat()) sums.set(at, addCounts(sums.get(at) ?? NO_COUNTS, counts));
  const newest = now - now % lengthMs;
  const first = sums.keys().reduce((least, at) => Math.min(least, at), newest);
  const oldest = Math.max(newest - (count - 1) * lengthMs, first);
  let { open, inProgress } = present;
  const series: PeriodMetrics[] = [];
  for (let at = newest; at >= oldest; at -= lengthMs) {
    const { openChange, runningChange, leadMs, ...counts } = sums.get(at) ?? NO_COUNTS;
    const mean = counts.completed === 0 ? undefined : Math.round(leadMs / counts.completed);
    series.push({ at, ...counts, ...(mean !== undefined && { leadMs: mean }), open, inProgress });
    open -= openChange;
    inProgress -= runningChange;
  }
  return series.reverse();
}

/** The instances that hold tasks or have worked, those that worked longest first. */
function instancesIn(
  state: ReadonlyState,
  all: readonly Readonly<Statistics>[],
  { now, group }: { readonly now: number; readonly group: string | undefined },
): readonly InstanceMetrics[] {
  const works = Map.groupBy(all.flatMap(({ work }) => [...work.values()]), ({ instance }) => instance);
  const held = heldIn(state, group);
  const ids = new Set([...works.keys(), ...held.keys()]);
  const measured = Array.from(ids, (instance) =>
    measureInstance(instance, works.get(instance) ?? [], {
      starts: held.get(instance) ?? [],
      now,
    }));
  return measured.toSorted((a, b) => b.busyMs - a.busyMs || (a.instance < b.instance ? -1 : 1))
    .map(({ busyMs: _, ...rest }) => rest);
}

/** When the present attempts of each instance started, of all tasks or of those of a group. */
function heldIn(state: ReadonlyState, group: string | undefined): ReadonlyMap<string, readonly number[]> {
  const starts = new Map<string, readonly number[]>();
  for (const [instance, nodes] of state.held) {
    const own = Array.from(nodes, ({ task }) => task).filter((task) => group === undefined || task.group === group);
    if (own.length > 0) starts.set(instance, own.map(({ startedAt, pendingAt }) => startedAt ?? pendingAt));
  }
  return starts;
}

function measureInstance(
  instance: string,
  works: readonly Work[],
  { starts, now }: { readonly starts: readonly number[]; readonly now: number },
): InstanceMetrics & { readonly busyMs: number } {
  const outcomes = works.reduce((sum, { outcomes }) => addOutcomes(sum, outcomes), NO_OUTCOMES);
  const past = works.reduce((sum, { busyMs }) => sum + busyMs, 0);
  const busyMs = starts.reduce((sum, start) => sum + Math.max(0, now - start), past);
  const firstAt = [...works.map(({ firstAt }) => firstAt), ...starts].reduce((least, at) => Math.min(least, at), now);
  return {
    instance,
    completed: outcomes.completed,
    failed: outcomes.failed,
    timedOut: outcomes.expired + outcomes.lost,
    runMs: quantilesOf(works.map(({ runs }) => runs)),
    busyShare: now > firstAt ? Math.round(100 * busyMs / (now - firstAt)) / 100 : 0,
    holding: starts.length,
    busyMs,
  };
}

/** The groups with the most open tasks first. */
function groupsIn(groups: readonly ReadonlyGroupNode[]): readonly GroupMetrics[] {
  const ranked = groups.toSorted((a, b) => openIn(b) - openIn(a) || a.born - b.born);
  return ranked.map(({ group, counts, statistics }) => ({
    group: group.id,
    open: counts.pending + counts.in_progress,
    inProgress: counts.in_progress,
    completed: counts.completed,
    leadMs: quantilesOf(statistics === undefined ? [] : [statistics.leads]),
    runMs: quantilesOf(statistics === undefined ? [] : [statistics.runs]),
  }));
}

function openIn({ counts }: ReadonlyGroupNode): number {
  return counts.pending + counts.in_progress;
}

/**
 * The schedule of the remaining tasks without a limit of instances, by the critical path method (Kelley and Walker,
 * "Critical-path planning and scheduling", 1959): each starts as soon as all that it waits for has ended, and its slack is
 * by how much it can be later without the whole being later. With fewer instances, work takes longer, never shorter.
 */

import type { EstimateSource, Schedule, ScheduledTask } from "../../messages/analysis.ts";
import { firstOf } from "../../state/order.ts";
import type { Edges, Graph } from "./graph.ts";
import type { Remaining } from "./remaining.ts";

/** Parts of the parallelism profile. */
const PROFILE_PARTS = 20;

/** Start and end of each node, from now, and the latest end that delays nothing, in milliseconds. */
export interface Times {
  readonly start: Float64Array;
  readonly end: Float64Array;
  readonly latestEnd: Float64Array;
  readonly lengthMs: number;
}

/** Yields where the caller can pause. @param limit most tasks in each list */
export function* scheduleOf(remaining: Remaining, limit: number): Generator<void, Schedule> {
  const { graph, planned, durationMs } = remaining;
  const times = timesOf(graph, durationMs);
  yield;
  const tasks = Array.from(planned.keys()).filter((node) => planned[node] !== undefined);
  const workMs = durationMs.reduce((sum, each) => sum + each, 0);
  const shown = (nodes: readonly number[]) =>
    nodes.flatMap((node) => scheduledTask(node, remaining, times)).slice(0, limit);
  const compare = (a: number, b: number) => slackOf(a, times) - slackOf(b, times) || times.start[a]! - times.start[b]!;
  const tightest = firstOf(tasks, limit, { compare, isWanted: () => true });
  yield;
  const maxParallelism = mostAtOnce(tasks, times);
  yield;
  return {
    taskCount: tasks.length,
    workMs: Math.round(workMs),
    lengthMs: Math.round(times.lengthMs),
    criticalPath: shown(criticalPath(graph, times)),
    longestChain: longestChain(remaining).slice(0, limit),
    parallelism: times.lengthMs === 0 ? 0 : Math.round(100 * workMs / times.lengthMs) / 100,
    maxParallelism,
    profile: profileOf(tasks, times),
    tightest: shown(tightest),
    sources: countSources(remaining),
  };
}

/** The earliest starts and ends, then backwards the latest ends. O(nodes + edges). */
export function timesOf({ size, before, after }: Graph, durationMs: Float64Array): Times {
  const start = new Float64Array(size);
  const end = new Float64Array(size);
  const latestEnd = new Float64Array(size);
  let lengthMs = 0;
  for (let node = 0; node < size; node++) {
    let at = 0;
    for (let edge = before.start[node]!; edge < before.start[node + 1]!; edge++) {
      at = Math.max(at, end[before.to[edge]!]!);
    }
    start[node] = at;
    end[node] = at + durationMs[node]!;
    lengthMs = Math.max(lengthMs, end[node]!);
  }
  for (let node = size - 1; node >= 0; node--) {
    let at = lengthMs;
    for (let edge = after.start[node]!; edge < after.start[node + 1]!; edge++) {
      const next = after.to[edge]!;
      at = Math.min(at, latestEnd[next]! - durationMs[next]!);
    }
    latestEnd[node] = at;
  }
  return { start, end, latestEnd, lengthMs };
}

/** By how much a node can be later, in whole milliseconds: sums in another order differ by less. */
function slackOf(node: number, { end, latestEnd }: Times): number {
  return Math.max(0, Math.round(latestEnd[node]! - end[node]!));
}

/** One longest path by duration, from its first node: each starts when the one before it ends. */
function criticalPath({ before }: Graph, { end, lengthMs }: Times): readonly number[] {
  const path: number[] = [];
  for (let last: number | undefined = end.indexOf(lengthMs); last !== undefined && last >= 0;) {
    path.push(last);
    last = greatestBefore(last, before, end);
  }
  return path.reverse();
}

/** The ids of one of the longest chains of tasks by their number. */
function longestChain({ graph: { size, before }, planned }: Remaining): readonly string[] {
  const depth = new Float64Array(size);
  let last: number | undefined;
  for (let node = 0; node < size; node++) {
    const first = greatestBefore(node, before, depth);
    depth[node] = (first === undefined ? 0 : depth[first]!) + (planned[node] === undefined ? 0 : 1);
    if (last === undefined || depth[node]! > depth[last]!) last = node;
  }
  const chain: string[] = [];
  for (; last !== undefined; last = greatestBefore(last, before, depth)) {
    const task = planned[last]?.task;
    if (task !== undefined) chain.push(task.id);
  }
  return chain.reverse();
}

/** The node with the greatest value of those that a node waits for. */
function greatestBefore(node: number, { start, to }: Edges, values: Float64Array): number | undefined {
  let greatest: number | undefined;
  for (let edge = start[node]!; edge < start[node + 1]!; edge++) {
    const each = to[edge]!;
    if (greatest === undefined || values[each]! > values[greatest]!) greatest = each;
  }
  return greatest;
}

/** How many tasks run on average in each part of the schedule. O(tasks + parts that they span). */
function profileOf(tasks: readonly number[], { start, end, lengthMs }: Times): readonly number[] {
  if (lengthMs === 0) return [];
  const busy = new Float64Array(PROFILE_PARTS);
  const partMs = lengthMs / PROFILE_PARTS;
  for (const node of tasks) {
    const [from, to] = [start[node]!, end[node]!];
    for (let part = Math.floor(from / partMs); part < PROFILE_PARTS && part * partMs < to; part++) {
      busy[part]! += Math.min(to, (part + 1) * partMs) - Math.max(from, part * partMs);
    }
  }
  return Array.from(busy, (ms) => Math.round(10 * ms / partMs) / 10);
}

/** Most tasks that run at one time: a sweep over their starts and ends, ends first. */
function mostAtOnce(tasks: readonly number[], { start, end }: Times): number {
  const starts = Float64Array.from(tasks, (node) => start[node]!).sort();
  const ends = Float64Array.from(tasks, (node) => end[node]!).sort();
  let most = 0;
  let ended = 0;
  for (const [started, at] of starts.entries()) {
    while (ended < started && ends[ended]! <= at) ended++;
    most = Math.max(most, started + 1 - ended);
  }
  return most;
}

function countSources({ estimates }: Remaining): Schedule["sources"] {
  const sources: Partial<Record<EstimateSource, number>> = {};
  for (const each of estimates) if (each !== undefined) sources[each.source] = (sources[each.source] ?? 0) + 1;
  return sources;
}

function scheduledTask(
  node: number,
  { planned, durationMs, estimates }: Remaining,
  times: Times,
): readonly ScheduledTask[] {
  const { task, readiness } = planned[node] ?? {};
  const source = estimates[node]?.source;
  if (task === undefined || source === undefined) return [];
  return [{
    id: task.id,
    state: readiness ?? task.status,
    durationMs: Math.round(durationMs[node]!),
    source,
    startMs: Math.round(times.start[node]!),
    slackMs: slackOf(node, times),
  }];
}

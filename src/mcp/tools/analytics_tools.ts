/** The tools that tell how long work takes, who does it, and what holds the plan up. */

import * as z from "zod";
import { MAX_FORECAST_INSTANCES, MAX_OUTLOOKS } from "../../core/messages/analysis.ts";
import type { Analysis, Bottleneck, Forecast, Outlook, ScheduledTask } from "../../core/messages/analysis.ts";
import type {
  GroupMetrics,
  InstanceMetrics,
  Metrics,
  PeriodMetrics,
  Quantiles,
  TaskMetrics,
} from "../../core/messages/metrics.ts";
import { Refusal } from "../../core/model/refusal.ts";
import { isoTime } from "../../core/model/text.ts";
import { bytesOf, fit, type Json } from "../page.ts";
import { defineTool, noteIgnored, reads, type Tool } from "../tool.ts";
import { defined, taskId } from "./task_arguments.ts";

/** Entries of a list: the default, and the maximum. */
const DEFAULT_LISTED = 5;
const MAX_LISTED = 200;

/** Most bytes of an analysis without `limit` or `detail`, whose lists are shorter where ids are long. */
const LEAN_BYTES = 1_200;

/** Hours and days over which the summary counts completed tasks. */
const RECENT_HOURS = 24;
const RECENT_DAYS = 7;

const DETAILS = ["instances", "groups", "hours", "days"] as const;

/** The parts of an analysis that can be listed in full. */
const PARTS = ["critical_path", "longest_chain", "slack", "parallelism", "bottlenecks"] as const;

export const ANALYTICS_TOOLS: readonly Tool[] = [
  defineTool({
    name: "get_metrics",
    description: "Return how long work takes and who does it: throughput, lead time, time in the queue, attempts, " +
      "instances. detail lists one of these over time or in full; task_id returns the times of one task.",
    input: {
      group: z.string().optional(),
      task_id: taskId.optional(),
      detail: z.enum(DETAILS).optional(),
      limit: z.int().min(1).max(MAX_LISTED).optional(),
    },
    annotations: reads,
    noteUnused: ({ task_id, group, detail, limit }) =>
      task_id === undefined ? undefined : noteIgnored({ group, detail, limit }, "task_id asks for one task"),
    async run({ group, task_id, detail, limit }, { query }) {
      if (task_id !== undefined) return { json: presentTask(await query({ type: "measure_task", id: task_id })) };
      const listed = limit ?? (detail === undefined ? DEFAULT_LISTED : MAX_LISTED);
      const of = { ...(group !== undefined && { group }), limit: listed };
      const metrics = await query({ type: "measure", ...of });
      return { json: detail === undefined ? presentSummary(metrics) : presentDetail(metrics, detail, listed) };
    },
  }),
  defineTool({
    name: "analyze_plan",
    description:
      "Return what decides when the plan is done: the critical path of the remaining tasks, how much can run " +
      "in parallel, and the worst bottlenecks, each with a remedy. detail lists one of these in full; forecast simulates " +
      "the rest to tell the end with some numbers of instances.",
    input: {
      detail: z.enum([...PARTS, "forecast"]).optional(),
      instances: z.array(z.int().min(1).max(MAX_FORECAST_INSTANCES)).optional(),
      seed: z.int().optional(),
      limit: z.int().min(1).max(MAX_LISTED).optional(),
    },
    annotations: reads,
    noteUnused: ({ detail, instances, seed, limit }) =>
      detail === "forecast"
        ? noteIgnored({ limit }, "a forecast has one entry for each number of instances")
        : noteIgnored({ instances, seed }, "only detail: forecast takes them"),
    async run({ detail, limit, instances, seed }, { analyst, signal }) {
      if (detail === "forecast") {
        if (instances !== undefined) checkOutlooks(instances);
        return { json: presentForecast(await analyst({ type: "forecast", ...defined({ instances, seed }) }, signal)) };
      }
      const listed = limit ?? (detail === undefined ? DEFAULT_LISTED : MAX_LISTED);
      const analysis = await analyst({ type: "analysis", limit: listed }, signal);
      if (detail !== undefined) return { json: presentPart(analysis, detail) };
      return { json: limit === undefined ? presentLean(analysis) : presentAnalysis(analysis, limit) };
    },
  }),
];

/** Not a bound of the listed schema, as not all clients read that of a list. */
function checkOutlooks({ length }: readonly number[]): void {
  if (length >= 1 && length <= MAX_OUTLOOKS) return;
  throw new Refusal("invalid_value", `Cannot forecast with ${length} numbers in instances: give 1 to ${MAX_OUTLOOKS}`);
}

function presentSummary(metrics: Metrics): Json {
  const { tasks, outcomes: { expired, lost, ...outcomes }, hours, days, instances, instanceCount } = metrics;
  return {
    open: tasks.pending + tasks.in_progress,
    in_progress: tasks.in_progress,
    completed: tasks.completed,
    failed: tasks.failed,
    [`completed_${RECENT_HOURS}h`]: completedIn(hours.slice(-RECENT_HOURS)),
    [`completed_${RECENT_DAYS}d`]: completedIn(days.slice(-RECENT_DAYS)),
    lead_ms: presentQuantiles(metrics.leadMs),
    queue_ms: presentQuantiles(metrics.queueMs),
    run_ms: presentQuantiles(metrics.runMs),
    attempts: { ...outcomes, timed_out: expired + lost },
    instances: instances.map(presentInstance),
    instance_count: instanceCount,
  };
}

function presentDetail(metrics: Metrics, detail: typeof DETAILS[number], limit: number): Json {
  switch (detail) {
    case "instances": {
      const { shown } = fit(metrics.instances.map(presentInstance), "oldest");
      return { instances: shown, total: metrics.instanceCount };
    }
    case "groups": {
      const { shown } = fit(metrics.groups.map(presentGroup), "oldest");
      return { groups: shown, total: metrics.groupCount };
    }
    case "hours":
    case "days":
      return { [detail]: metrics[detail].slice(-limit).map(presentPeriod) };
    default:
      return detail satisfies never;
  }
}

function completedIn(periods: readonly PeriodMetrics[]): number {
  return periods.reduce((sum, { completed }) => sum + completed, 0);
}

function presentQuantiles({ count, p50, p90 }: Quantiles): Json {
  return { count, ...(p50 !== undefined && { p50 }), ...(p90 !== undefined && { p90 }) };
}

function presentInstance({ instance, timedOut, runMs, busyShare, ...rest }: InstanceMetrics): Json {
  return { instance, ...rest, timed_out: timedOut, run_ms: presentQuantiles(runMs), busy_share: busyShare };
}

function presentGroup({ leadMs, runMs, inProgress, ...rest }: GroupMetrics): Json {
  return { ...rest, in_progress: inProgress, lead_ms: presentQuantiles(leadMs), run_ms: presentQuantiles(runMs) };
}

function presentPeriod({ at, leadMs, inProgress, ...counts }: PeriodMetrics): Json {
  return {
    at: isoTime(at),
    ...counts,
    in_progress: inProgress,
    ...(leadMs !== undefined && { mean_lead_ms: leadMs }),
  };
}

function presentTask({ id, status, totalMs, runningMs, waitingMs, queuedMs, attempts }: TaskMetrics): Json {
  return {
    id,
    status,
    total_ms: totalMs,
    running_ms: runningMs,
    waiting_ms: waitingMs,
    ...(queuedMs !== undefined && { queued_ms: queuedMs }),
    attempts,
  };
}

/** As many entries of both lists as fit into `LEAN_BYTES`, at least one. */
function presentLean(analysis: Analysis): Json {
  for (let listed = DEFAULT_LISTED;; listed--) {
    const json = presentAnalysis(analysis, listed);
    if (listed === 1 || bytesOf(json) <= LEAN_BYTES) return json;
  }
}

function presentAnalysis({ schedule, bottlenecks }: Analysis, listed: number): Json {
  const { taskCount, workMs, lengthMs, parallelism, criticalPath, sources } = schedule;
  return {
    remaining: taskCount,
    work_ms: workMs,
    critical_path_ms: lengthMs,
    critical_path: criticalPath.slice(0, listed).map(({ id }) => id),
    parallelism,
    estimates: sources,
    bottlenecks: bottlenecks.slice(0, listed).map(presentBottleneck),
  };
}

function presentPart({ schedule, bottlenecks }: Analysis, part: typeof PARTS[number]): Json {
  const { lengthMs, workMs, criticalPath, longestChain, tightest, parallelism, maxParallelism, profile } = schedule;
  switch (part) {
    case "critical_path":
      return { critical_path_ms: lengthMs, critical_path: fit(criticalPath.map(presentScheduled), "oldest").shown };
    case "longest_chain":
      return { longest_chain: longestChain };
    case "slack":
      return { critical_path_ms: lengthMs, tasks: fit(tightest.map(presentScheduled), "oldest").shown };
    case "parallelism":
      return { work_ms: workMs, critical_path_ms: lengthMs, parallelism, max_parallelism: maxParallelism, profile };
    case "bottlenecks":
      return { bottlenecks: fit(bottlenecks.map(presentBottleneck), "oldest").shown };
    default:
      return part satisfies never;
  }
}

function presentScheduled({ id, state, durationMs, source, startMs, slackMs }: ScheduledTask): Json {
  return { id, state, duration_ms: durationMs, estimate: source, start_ms: startMs, slack_ms: slackMs };
}

function presentBottleneck({ heldUpMs, ...bottleneck }: Bottleneck): Json {
  return { ...bottleneck, held_up_ms: heldUpMs };
}

function presentForecast({ taskCount, runs, failureRate, sources, isPaused, outlooks }: Forecast): Json {
  return {
    open: taskCount,
    runs,
    failure_rate: failureRate,
    estimates: sources,
    ...(isPaused === true && { paused: "The project is paused; this is as if it were resumed now" }),
    forecast: outlooks.map(presentOutlook),
  };
}

function presentOutlook({ instances, endsShare, p10Ms, p50Ms, p90Ms, stuck }: Outlook): Json {
  return {
    instances,
    ends_share: endsShare,
    ...defined({ p10_ms: p10Ms, p50_ms: p50Ms, p90_ms: p90Ms, stuck }),
  };
}

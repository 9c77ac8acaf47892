/** The tools that tell how long work takes and who does it. */

import { z } from "zod";
import type {
  GroupMetrics,
  InstanceMetrics,
  Metrics,
  PeriodMetrics,
  Quantiles,
  TaskMetrics,
} from "../../core/messages/metrics.ts";
import { fit, isoTime, type Json } from "../present.ts";
import { defineTool, noteIgnored, reads, type Tool } from "../tool.ts";
import { taskId } from "./task_arguments.ts";

/** Entries of a list: the default, and the maximum. */
const DEFAULT_LISTED = 5;
const MAX_LISTED = 200;

/** Hours and days over which the summary counts completed tasks. */
const RECENT_HOURS = 24;
const RECENT_DAYS = 7;

const DETAILS = ["instances", "groups", "hours", "days"] as const;

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
];

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

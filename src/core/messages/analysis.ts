/** What an analysis of a plan tells. All durations are milliseconds; all times milliseconds since the Unix epoch. */

import type { Group } from "../model/group.ts";
import type { Instance } from "../model/instance.ts";
import type { ProjectPause } from "../model/project.ts";
import type { Readiness, TaskStatus } from "../model/status.ts";
import type { Task } from "../model/task.ts";

/** The plan as a caller sees it at one moment. Nothing in it changes afterwards. */
export interface Plan {
  /** In the order of creation. */
  readonly tasks: readonly PlannedTask[];
  readonly groups: readonly Group[];
  readonly instances: readonly Instance[];
  /** Undefined unless the project is paused. */
  readonly paused?: ProjectPause;
  readonly now: number;
}

export interface PlannedTask {
  readonly task: Task;
  /** Only of a pending task. */
  readonly readiness?: Readiness;
}

/** Where the expected duration of a task comes from: its `estimateMs`, other completed tasks, or nothing is known. */
export type EstimateSource = "estimate_ms" | "same group" | "same requirement" | "all tasks" | "assumed";

/** The schedule of the remaining tasks, as if each started as soon as its dependencies allow. */
export interface Schedule {
  /** How many tasks remain: pending, in progress, or ended in a way that keeps others from starting. */
  readonly taskCount: number;
  /** All durations together. */
  readonly workMs: number;
  /** The length of the critical path: no number of instances finishes sooner. */
  readonly lengthMs: number;
  /** The tasks of the critical path, the first one first. */
  readonly criticalPath: readonly ScheduledTask[];
  /** The ids of the longest chain of tasks that wait for each other, by their number. */
  readonly longestChain: readonly string[];
  /** `workMs` by `lengthMs`: how many instances can be busy on average. */
  readonly parallelism: number;
  /** Most tasks that run at the same time in this schedule. */
  readonly maxParallelism: number;
  /** How many tasks run on average in each of some equal parts of the schedule. */
  readonly profile: readonly number[];
  /** The remaining tasks with the least slack, those of the critical path first. */
  readonly tightest: readonly ScheduledTask[];
  /** How many tasks have a duration of each source. */
  readonly sources: Readonly<Partial<Record<EstimateSource, number>>>;
}

export interface ScheduledTask {
  readonly id: string;
  readonly state: TaskStatus | Readiness;
  readonly durationMs: number;
  readonly source: EstimateSource;
  /** When it starts in this schedule, from now. */
  readonly startMs: number;
  /** By how much it can be late without the whole being later. */
  readonly slackMs: number;
}

export type BottleneckKind = "project" | "task" | "requirement" | "person" | "lock" | "group" | "flaky" | "instance";

/** Something that holds work up. */
export interface Bottleneck {
  readonly kind: BottleneckKind;
  /** The task, role, lock, group or instance; "project" for that. */
  readonly subject: string;
  /** How much work it holds up. */
  readonly heldUpMs: number;
  readonly what: string;
  readonly remedy: string;
}

export interface Analysis {
  readonly schedule: Schedule;
  /** A pause of the project, then the worst first; at most as many as were asked for. */
  readonly bottlenecks: readonly Bottleneck[];
}

/** Most instances, and most different numbers of them, for which one forecast is made. */
export const MAX_FORECAST_INSTANCES = 1_000;
export const MAX_OUTLOOKS = 5;

export interface ForecastOptions {
  /** With how many instances, each number by itself: at most `MAX_OUTLOOKS` numbers up to `MAX_FORECAST_INSTANCES`. */
  readonly instances: readonly number[];
  /** How often the rest of the plan is simulated for each number; fewer times if it is large. */
  readonly runs: number;
  /** The same seed leads to the same forecast of the same plan. */
  readonly seed: number;
}

/** When the remaining tasks will have ended. */
export interface Forecast {
  /** Open tasks. */
  readonly taskCount: number;
  /** How often the rest of the plan was simulated for each number of instances. */
  readonly runs: number;
  /** The share of attempts that failed, expired or were lost. */
  readonly failureRate: number;
  /** How many tasks have durations of each source. */
  readonly sources: Schedule["sources"];
  /** The project is paused: the forecast is as if it were resumed now. */
  readonly isPaused?: true;
  readonly outlooks: readonly Outlook[];
}

/** What happens with a number of instances. Durations are from now, in milliseconds. */
export interface Outlook {
  readonly instances: number;
  /** The share of runs in which all tasks end. */
  readonly endsShare: number;
  /**
   * In half of the runs in which all tasks end, they do so by then; in at most a tenth before `p10Ms`, and in at most a tenth
   * after `p90Ms`, with 95 % confidence. Absent if all tasks end in no run.
   */
  readonly p10Ms?: number;
  readonly p50Ms?: number;
  readonly p90Ms?: number;
  /** Of the run that ended first without an end of all tasks: tasks that nobody could do (the first few). */
  readonly stuck?: readonly string[];
}

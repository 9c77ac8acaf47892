/** The JSON of `GET /metrics` and `GET /analysis` (docs/analytics.md). Durations are milliseconds. */

import type { IsoTime } from "../../api/types.ts";

export interface Quantiles {
  readonly count: number;
  readonly p50?: number;
  readonly p90?: number;
}

export interface Metrics {
  readonly open: number;
  readonly in_progress: number;
  readonly completed: number;
  readonly failed: number;
  readonly completed_24h: number;
  readonly completed_7d: number;
  readonly lead_ms: Quantiles;
  readonly queue_ms: Quantiles;
  readonly run_ms: Quantiles;
  readonly attempts: Readonly<Record<"completed" | "failed" | "released" | "cancelled" | "timed_out", number>>;
}

export interface InstanceMetrics {
  readonly instance: string;
  readonly completed: number;
  readonly failed: number;
  readonly timed_out: number;
  readonly holding: number;
  readonly run_ms: Quantiles;
  readonly busy_share: number;
}

export interface Period {
  readonly at: IsoTime;
  readonly created: number;
  readonly claimed: number;
  readonly completed: number;
  readonly failed: number;
  readonly dropped: number;
  readonly open: number;
  readonly in_progress: number;
}

export interface Bottleneck {
  readonly kind: "task" | "requirement" | "person" | "lock" | "group" | "flaky" | "instance" | "pause";
  readonly subject: string;
  readonly what: string;
  readonly remedy: string;
  readonly held_up_ms: number;
}

export interface Analysis {
  readonly remaining: number;
  readonly work_ms: number;
  readonly critical_path_ms: number;
  readonly critical_path: readonly string[];
  readonly parallelism: number;
  readonly bottlenecks: readonly Bottleneck[];
}

export interface PathStep {
  readonly id: string;
  readonly state: string;
  readonly duration_ms: number;
  readonly estimate: string;
  readonly start_ms: number;
  readonly slack_ms: number;
}

export interface Forecast {
  readonly open: number;
  readonly runs: number;
  readonly failure_rate: number;
  readonly forecast: readonly Outlook[];
}

export interface Outlook {
  readonly instances: number;
  readonly ends_share: number;
  readonly p10_ms?: number;
  readonly p50_ms?: number;
  readonly p90_ms?: number;
  readonly stuck?: readonly string[];
}

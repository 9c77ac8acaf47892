/** Metrics of what this process does: its calls, transactions and deliveries. No label has more values than the program has names. */

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Commit, ObservedCall, Observer } from "../app/observer.ts";

/** Upper bounds of buckets, in seconds. A call may wait for a task. */
const CALL_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10, 60];
const COMMIT_SECONDS = [0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];
const DELIVERY_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15];
/** In records: a transaction has at most 256 calls, and a sweep before them. */
const RECORDS = [1, 2, 4, 8, 16, 32, 64, 128, 257];

/** Failures that are shown before there is one, so that an alert sees the first. */
const EXPECTED_FAILURES = [
  "busy",
  "storage_failed",
  "outcome_unknown",
  "journal_damaged",
] satisfies Commit["failure"][];

/** What the process has at the moment. */
export interface Present {
  /** Requests over HTTP under way, this one included. */
  readonly requests: number;
  /** Sessions of MCP over HTTP. */
  readonly sessions: number;
  /** Calls that wait for a task, and for an event. */
  readonly waitingForTasks: number;
  readonly waitingForEvents: number;
  readonly eventStreams: number;
  /** The size of the journal; undefined if the store has none. */
  readonly journalBytes: number | undefined;
}

/** Adds the metrics of calls, transactions and deliveries to a registry; returns the observer that counts. */
export function observeProcess(registry: Registry): Required<Observer> {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]) =>
    new Histogram({ name, help, buckets, registers });
  const calls = new Counter({
    name: "orchestrator_calls_total",
    help: "Calls of clients to this process, by tool or method, and by how they ended",
    labelNames: ["call", "outcome"],
    registers,
  });
  const callSeconds = new Histogram({
    name: "orchestrator_call_duration_seconds",
    help: "From the arrival of a call to its answer, with the time that it waited for a task or an event",
    labelNames: ["call"],
    buckets: CALL_SECONDS,
    registers,
  });
  const onCommit = observeCommits(registers, histogram);
  const deliveries = new Counter({
    name: "orchestrator_webhook_deliveries_total",
    help: "Attempts of this process to deliver to webhooks, by how they ended",
    labelNames: ["outcome"],
    registers,
  });
  for (const outcome of ["delivered", "failed"]) deliveries.inc({ outcome }, 0);
  const deliverySeconds = histogram(
    "orchestrator_webhook_delivery_duration_seconds",
    "Duration of an attempt to deliver to a webhook",
    DELIVERY_SECONDS,
  );
  return {
    onCall(call) {
      const startedAt = performance.now();
      return ({ outcome }) => {
        const name = nameOf(call);
        calls.inc({ call: name, outcome });
        callSeconds.observe({ call: name }, (performance.now() - startedAt) / 1_000);
      };
    },
    onCommit,
    onDelivery({ error, ms }) {
      deliveries.inc({ outcome: error === undefined ? "delivered" : "failed" });
      deliverySeconds.observe(ms / 1_000);
    },
  };
}

function nameOf({ method, tool }: ObservedCall): string {
  return tool ?? method ?? "unknown";
}

function observeCommits(
  registers: Registry[],
  histogram: (name: string, help: string, buckets: number[]) => Histogram,
): (commit: Commit) => void {
  const duration = histogram(
    "orchestrator_commit_duration_seconds",
    "Duration of a transaction that wrote records, until they were durable",
    COMMIT_SECONDS,
  );
  const records = histogram("orchestrator_commit_records", "Records of a transaction that wrote any", RECORDS);
  const lockWait = histogram(
    "orchestrator_lock_wait_seconds",
    "How long a transaction waited for the write lock, also in vain",
    COMMIT_SECONDS,
  );
  const locked = histogram(
    "orchestrator_lock_held_seconds",
    "How long a transaction had the write lock",
    COMMIT_SECONDS,
  );
  const sync = histogram("orchestrator_sync_seconds", "Duration of making records durable", COMMIT_SECONDS);
  const bytes = new Counter({
    name: "orchestrator_journal_written_bytes_total",
    help: "Bytes that this process appended to the journal",
    registers,
  });
  const failures = new Counter({
    name: "orchestrator_commit_failures_total",
    help: "Transactions of this process that failed, by why",
    labelNames: ["code"],
    registers,
  });
  for (const code of EXPECTED_FAILURES) failures.inc({ code }, 0);
  return ({ written, durationMs, cost, failure }) => {
    lockWait.observe(cost.lockWaitMs / 1_000);
    if (cost.lockedMs > 0) locked.observe(cost.lockedMs / 1_000);
    if (failure !== undefined) failures.inc({ code: failure });
    else if (written.length > 0) {
      duration.observe(durationMs / 1_000);
      records.observe(written.length);
      sync.observe(cost.syncMs / 1_000);
      bytes.inc(cost.sizeBytes);
    }
  };
}

/** Adds what the process has at the moment to a registry; returns the function that sets it. */
export function presentMetrics(registry: Registry, version: string): (present: Present) => void {
  const registers = [registry];
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  new Gauge({
    name: "orchestrator_build_info",
    help: "The version of the program; the value is always 1",
    labelNames: ["version"],
    registers,
  }).set({ version }, 1);
  gauge("process_start_time_seconds", "When this process started, in seconds since the Unix epoch")
    .set(performance.timeOrigin / 1_000);
  const memory = gauge("process_resident_memory_bytes", "Memory of this process");
  const requests = gauge("orchestrator_http_requests_in_progress", "Requests over HTTP under way, this one included");
  const sessions = gauge("orchestrator_mcp_sessions", "Open sessions of MCP over HTTP");
  const streams = gauge("orchestrator_event_streams", "Open streams of events");
  const waiting = new Gauge({
    name: "orchestrator_waiting_calls",
    help: "Calls that wait for a task or for an event in this process",
    labelNames: ["for"],
    registers,
  });
  // Not there at all for a store that has no size.
  let journal: Gauge | undefined;
  return (present) => {
    memory.set(Deno.memoryUsage().rss);
    requests.set(present.requests);
    sessions.set(present.sessions);
    streams.set(present.eventStreams);
    waiting.set({ for: "task" }, present.waitingForTasks);
    waiting.set({ for: "event" }, present.waitingForEvents);
    if (present.journalBytes === undefined) return;
    journal ??= gauge("orchestrator_journal_bytes", "Size of the journal");
    journal.set(present.journalBytes);
  };
}

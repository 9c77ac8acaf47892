/**
 * Metrics of the plan, whichever process works on it: what there is, read at each scrape, and what was done since this
 * process started. The latter are increases of the plan's own totals, so that a total that falls, as its group was deleted,
 * is no jump of a counter.
 */

import { Counter, Gauge, Histogram, type Registry } from "prom-client";
import type { Engine } from "../app/engine.ts";

/** The engine's answers. */
type Totals = Awaited<ReturnType<typeof readPlan>>;
type Durations = Totals["totals"]["queues"];

/** Upper bounds of buckets, in seconds: tasks take from moments to days. */
const TASK_SECONDS = [0.1, 1, 5, 15, 60, 300, 900, 3_600, 4 * 3_600, 24 * 3_600];

const READINESSES = ["ready", "limited", "waiting", "blocked", "delayed"] as const;

/** Who scrapes. */
export type Scraper = Parameters<Engine["query"]>[1];

/** @throws Refusal if something may be hidden from the caller */
export async function readPlan(engine: Pick<Engine, "query">, caller: Scraper) {
  const [totals, summary] = await Promise.all([
    engine.query({ type: "measure_totals" }, caller),
    engine.query({ type: "count_tasks", filter: {} }, caller),
  ]);
  return { totals, summary };
}

/** Adds the metrics of the plan to a registry; returns the function that updates them. The first update counts nothing. */
export function planMetrics(registry: Registry): (read: Totals) => void {
  const registers = [registry];
  const update = presentPlan(registers);
  const seconds = (name: string, help: string) => {
    const histogram = new Histogram({ name, help, buckets: TASK_SECONDS, registers });
    return increasesOf<number>((ms, count) => {
      for (let each = 0; each < count; each++) histogram.observe(ms / 1_000);
    });
  };
  const queues = seconds(
    "orchestrator_task_queue_seconds",
    "From the time when a task could be claimed to its claim",
  );
  const runs = seconds("orchestrator_attempt_duration_seconds", "From claim to completion, of completed attempts");
  const leads = seconds("orchestrator_task_lead_time_seconds", "From the creation of a task to its completion");
  const claims = new Counter({ name: "orchestrator_claims_total", help: "Tasks that were claimed", registers });
  const addClaims = increasesOf<"all">((_, count) => claims.inc(count));
  const attempts = new Counter({
    name: "orchestrator_attempts_total",
    help: "Attempts that ended, by how they ended",
    labelNames: ["outcome"],
    registers,
  });
  const addAttempts = increasesOf<string>((outcome, count) => attempts.inc({ outcome }, count));
  return (read) => {
    const { totals } = read;
    update(read);
    queues(countsOf(totals.queues));
    runs(countsOf(totals.runs));
    leads(countsOf(totals.leads));
    addClaims([["all", totals.queues.reduce((sum, { count }) => sum + count, 0)]]);
    addAttempts(Object.entries(totals.outcomes));
  };
}

function countsOf(durations: Durations): readonly (readonly [number, number])[] {
  return durations.map(({ ms, count }) => [ms, count]);
}

/** What the plan has now. */
function presentPlan(registers: Registry[]): (read: Totals) => void {
  const gauge = (name: string, help: string) => new Gauge({ name, help, registers });
  const labelled = (name: string, help: string, label: string) =>
    new Gauge({ name, help, labelNames: [label], registers });
  const tasks = labelled("orchestrator_tasks", "Present tasks by status", "status");
  const pending = labelled("orchestrator_pending_tasks", "Pending tasks by what they wait for", "readiness");
  const overdue = gauge("orchestrator_tasks_overdue", "Open tasks whose deadline has passed");
  const oldest = labelled(
    "orchestrator_queue_oldest_age_seconds",
    "How long the oldest task that can be claimed has been waiting, and the oldest one that is limited; 0 if there is none",
    "readiness",
  );
  const sessions = gauge("orchestrator_sessions_with_tasks", "Sessions of clients that keep tasks");
  const paused = gauge("orchestrator_project_paused", "1 while the project is paused");
  return ({ totals, summary }) => {
    for (const [status, count] of Object.entries(summary.byStatus)) tasks.set({ status }, count);
    for (const readiness of READINESSES) pending.set({ readiness }, summary[readiness]);
    overdue.set(summary.overdue);
    oldest.set({ readiness: "ready" }, (totals.oldestReadyMs ?? 0) / 1_000);
    oldest.set({ readiness: "limited" }, (totals.oldestLimitedMs ?? 0) / 1_000);
    sessions.set(totals.sessions);
    paused.set(totals.isPaused ? 1 : 0);
  };
}

/**
 * A function that takes totals by key, and adds by how much each has grown since it was called before. The first call adds
 * 0 of each. There are few keys: outcomes, or buckets of a sketch.
 */
function increasesOf<K extends string | number>(
  add: (key: K, count: number) => void,
): (totals: Iterable<readonly [K, number]>) => void {
  let before: ReadonlyMap<K, number> | undefined;
  return (totals) => {
    const now = new Map(totals);
    for (const [key, total] of now) add(key, before === undefined ? 0 : Math.max(0, total - (before.get(key) ?? 0)));
    before = now;
  };
}

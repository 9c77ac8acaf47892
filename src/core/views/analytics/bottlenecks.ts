/**
 * What holds a plan up, the worst first: by the work that it holds up, as expected of the tasks that wait. Each is one
 * sentence, and one that says what would help.
 */

import type { Bottleneck, Plan, PlannedTask } from "../../messages/analysis.ts";
import type { InstanceMetrics, Metrics } from "../../messages/metrics.ts";
import type { Instance } from "../../model/instance.ts";
import type { Task } from "../../model/task.ts";
import { head, inWords } from "../../model/text.ts";
import { firstOf } from "../../state/order.ts";
import { estimateDownstream, reachedFrom } from "./downstream.ts";
import type { Remaining } from "./remaining.ts";

/** How many tasks are examined exactly for the work that they hold up. */
const MAX_EXAMINED = 10;

/** Failed attempts from which on a task is called flaky. */
const MIN_FAILURES = 2;

/** Completed attempts from which on an instance is compared with the others, and how much slower a slow one is. */
const MIN_COMPLETED = 5;
const SLOW_FACTOR = 2;

/** Most characters of an error that a sentence quotes. */
const MAX_ERROR_CHARACTERS = 80;

/**
 * The worst bottlenecks, at most `limit`. Yields where the caller can pause. O(nodes + edges + what waits for the tasks that
 * are examined).
 */
export function* bottlenecksOf(
  plan: Plan,
  { remaining, metrics }: { readonly remaining: Remaining; readonly metrics: Pick<Metrics, "instances" | "runMs"> },
  limit: number,
): Generator<void, readonly Bottleneck[]> {
  let all = yield* holdingTasks(remaining);
  yield;
  for (const find of [shortRequirements, personsWaitedFor, takenLocks, closedGroups]) {
    all = [...all, ...find(plan, remaining)];
    yield;
  }
  all = [...all, ...flakyTasks(remaining), ...slowInstances(metrics)];
  return all.toSorted((a, b) => b.heldUpMs - a.heldUpMs || (a.subject < b.subject ? -1 : 1)).slice(0, limit);
}

/** Tasks that could go on, or could be tried again, and for which others wait. */
function* holdingTasks({ graph, planned, durationMs }: Remaining): Generator<void, readonly Bottleneck[]> {
  const estimates = yield* estimateDownstream(graph, durationMs);
  const { before, after } = graph;
  const isFirst = (node: number) =>
    planned[node] !== undefined && before.start[node] === before.start[node + 1] &&
    after.start[node]! < after.start[node + 1]!;
  const examined = firstOf(planned.keys(), MAX_EXAMINED, {
    compare: (a, b) => estimates[b]! - estimates[a]! || a - b,
    isWanted: isFirst,
  });
  yield;
  const found: Bottleneck[] = [];
  for (const node of examined) {
    const holder = planned[node];
    const waiting = reachedFrom(graph, [node]).slice(1).filter((each) => planned[each] !== undefined);
    if (holder === undefined || waiting.length === 0) continue;
    const workMs = waiting.reduce((sum, each) => sum + durationMs[each]!, 0);
    const { what, remedy } = describeHolder(holder);
    const heldUp = `${count(waiting.length, "task")} of ${inWords(workMs)} ${
      waiting.length === 1 ? "waits" : "wait"
    } for it`;
    const subject = holder.task.id;
    found.push({ kind: "task", subject, heldUpMs: Math.round(workMs), what: `${what}, and ${heldUp}`, remedy });
    yield;
  }
  return found;
}

function describeHolder({ task, readiness }: PlannedTask): Pick<Bottleneck, "what" | "remedy"> {
  const { id, status, assignedTo = "an instance" } = task;
  if (status === "in_progress") {
    return { what: `${id} is in progress by ${assignedTo}`, remedy: `See how far it is: get_task_details ${id}` };
  }
  if (status === "failed" || status === "cancelled") {
    return { what: `${id} is ${status}`, remedy: `Try it again, or take it out of the dependencies: retry_task ${id}` };
  }
  switch (readiness) {
    case "delayed":
      return {
        what: `${id} is delayed`,
        remedy: `Start it now: update_task ${id} with clear not_before, or retry_task`,
      };
    case "limited":
      return { what: `${id} is limited by its group or a lock`, remedy: `See by which: explain_task ${id}` };
    case "ready":
      return {
        what: `${id} is ready and unclaimed`,
        remedy: `Have it claimed first: update_task ${id} priority urgent`,
      };
    default:
      return { what: `${id} can't start as things stand`, remedy: `See why: explain_task ${id}` };
  }
}

/** Ready tasks that need a role or capabilities which no live instance has, or too few. */
function shortRequirements({ tasks, instances }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const live = instances.filter(({ status }) => status === "active");
  const queues = Map.groupBy(
    tasks.filter(({ task, readiness }) => readiness === "ready" && needOf(task) !== undefined),
    ({ task }) => needOf(task) ?? "",
  );
  return Array.from(queues, ([need, queue]) => {
    const [first] = queue;
    const able = first === undefined ? 0 : live.filter((instance) => meetsNeed(instance, first.task)).length;
    const waitingMs = workOf(queue, remaining);
    const ready = `${count(queue.length, "ready task")} of ${inWords(waitingMs)} ${
      queue.length === 1 ? "needs" : "need"
    } ${need}`;
    return {
      kind: "requirement" as const,
      subject: need,
      heldUpMs: Math.round(
        able === 0 ? heldUpBy(queue, remaining) : waitingMs - waitingMs / Math.max(able, queue.length),
      ),
      what: able === 0
        ? `${ready}, which no live instance has`
        : `${ready}, which ${count(able, "live instance")} ${able === 1 ? "has" : "have"}`,
      remedy: able === 0
        ? `Start an instance that registers with ${need}, or remove the requirement: update_task`
        : `Start more instances that register with ${need}`,
      isShort: able < queue.length,
    };
  }).filter(({ isShort }) => isShort).map(({ isShort: _, ...bottleneck }) => bottleneck);
}

/** What a task needs of an instance, in words; undefined if any may claim it, or it waits for one instance. */
function needOf({ role, capabilities = [], assignTo }: Task): string | undefined {
  if (assignTo?.instance !== undefined) return undefined;
  const roles = new Set([role, assignTo?.role].filter((each) => each !== undefined));
  const needs = [
    ...Array.from(roles, (each) => `role ${each}`),
    ...[...capabilities].sort().map((each) => `capability ${each}`),
  ];
  return needs.length === 0 ? undefined : needs.join(", ");
}

function meetsNeed({ roles = [], capabilities = [] }: Instance, task: Task): boolean {
  return (task.role === undefined || roles.includes(task.role)) &&
    (task.assignTo?.role === undefined || roles.includes(task.assignTo.role)) &&
    (task.capabilities ?? []).every((each) => capabilities.includes(each));
}

/** Instances, often people, for whom ready tasks are reserved. */
function personsWaitedFor({ tasks, now }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const reserved = tasks.filter(({ task, readiness }) => readiness === "ready" && isReserved(task, now));
  const queues = Map.groupBy(reserved, ({ task }) => task.assignTo?.instance ?? "");
  return Array.from(queues, ([instance, queue]) => ({
    kind: "person" as const,
    subject: instance,
    heldUpMs: heldUpBy(queue, remaining),
    what: `${count(queue.length, "ready task")} ${queue.length === 1 ? "waits" : "wait"} for ${instance} alone, for ${
      inWords(queue.reduce((longest, { task }) => Math.max(longest, now - readySince(task)), 0))
    } now`,
    remedy: `Remind ${instance}, or open them to others: update_tasks assign with clear to_assign`,
  }));
}

/** Whether a task may be claimed by one instance only, at a time in milliseconds since the Unix epoch. */
function isReserved(task: Task, now: number): boolean {
  const { instance, fallbackMs = Infinity } = task.assignTo ?? {};
  return instance !== undefined && readySince(task) + fallbackMs > now;
}

function readySince({ pendingAt, readyAt = 0 }: Task): number {
  return Math.max(pendingAt, readyAt);
}

/** Locks for which ready tasks wait. */
function takenLocks({ tasks }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const holders = new Map<string, Task>();
  for (const { task } of tasks) {
    if (task.status === "in_progress") { for (const lock of task.locks ?? []) holders.set(lock, task); }
  }
  const limited = tasks.filter(({ readiness }) => readiness === "limited");
  const queues = Map.groupBy(
    limited.flatMap((planned) => (planned.task.locks ?? []).map((lock) => ({ ...planned, lock }))),
    ({ lock }) => lock,
  );
  return Array.from(queues).flatMap(([lock, queue]) => {
    const holder = holders.get(lock);
    if (holder === undefined) return [];
    return [{
      kind: "lock" as const,
      subject: lock,
      heldUpMs: heldUpBy(queue, remaining),
      what: `Lock ${lock} is held by ${holder.id}, and ${count(queue.length, "ready task")} ${
        queue.length === 1 ? "waits" : "wait"
      } for it`,
      remedy: `Let fewer tasks name lock ${lock}, or split it into several`,
    }];
  });
}

/** Groups that are paused or full while their tasks are ready. */
function closedGroups({ tasks, groups }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const running = Map.groupBy(tasks.filter(({ task }) => task.status === "in_progress"), ({ task }) => task.group);
  const limited = Map.groupBy(tasks.filter(({ readiness }) => readiness === "limited"), ({ task }) => task.group);
  return groups.flatMap(({ id, paused, maxParallel = Infinity }) => {
    const queue = limited.get(id) ?? [];
    const isFull = (running.get(id)?.length ?? 0) >= maxParallel;
    if (queue.length === 0 || (paused !== true && !isFull)) return [];
    const ready = `${count(queue.length, "ready task")} ${queue.length === 1 ? "waits" : "wait"}`;
    return [{
      kind: "group" as const,
      subject: id,
      heldUpMs: heldUpBy(queue, remaining),
      what: paused === true
        ? `Group ${id} is paused, and ${ready}`
        : `Group ${id} runs no more than ${count(maxParallel, "task")} at a time, and ${ready}`,
      remedy: paused === true
        ? `Resume it: update_group ${id} paused false`
        : `Allow more at a time: update_group ${id} max_parallel`,
    }];
  });
}

/** Open or failed tasks whose attempts failed, expired or were lost again and again. */
function flakyTasks({ planned, durationMs }: Remaining): readonly Bottleneck[] {
  return planned.flatMap((each, node) => {
    const { id, error, pastAttempts = [] } = each?.task ?? NO_TASK;
    const bad = pastAttempts.filter(({ outcome }) =>
      outcome === "failed" || outcome === "expired" || outcome === "lost"
    );
    if (bad.length < MIN_FAILURES) return [];
    const message = bad.at(-1)?.message ?? error ?? "";
    const last = message === "" ? "" : `, the last one with: ${head(message, MAX_ERROR_CHARACTERS)}`;
    const lostMs = bad.reduce((sum, { startedAt, endedAt }) => sum + Math.max(0, endedAt - startedAt), 0);
    return [{
      kind: "flaky" as const,
      subject: id,
      heldUpMs: Math.round(lostMs + durationMs[node]!),
      what: `${bad.length} attempts at ${id} failed, expired or were lost${last}`,
      remedy: `Say in its description what went wrong, or split it: update_task ${id}`,
    }];
  });
}

/** Stands for the task of a group. */
const NO_TASK: Pick<Task, "id" | "error" | "pastAttempts"> = { id: "" };

/** Instances that hold tasks and take much longer than all others together. */
function slowInstances({ instances, runMs }: Pick<Metrics, "instances" | "runMs">): readonly Bottleneck[] {
  const usual = runMs.p50 ?? 0;
  const isSlow = ({ runMs: { count, p50 = 0 }, holding }: InstanceMetrics) =>
    holding > 0 && count >= MIN_COMPLETED && usual > 0 && p50 >= SLOW_FACTOR * usual;
  return instances.filter(isSlow).map(({ instance, runMs: { p50 = 0 }, holding }) => ({
    kind: "instance" as const,
    subject: instance,
    heldUpMs: Math.round(holding * (p50 - usual)),
    what: `${instance} takes ${inWords(p50)} for half of its tasks, where ${inWords(usual)} is usual, and holds ${
      count(holding, "task")
    }`,
    remedy: `Give ${instance} other work, or have it leave: leave with drain true`,
  }));
}

/** The expected work of some tasks, in milliseconds. */
function workOf(tasks: readonly PlannedTask[], { nodeOf, durationMs }: Remaining): number {
  return tasks.reduce((sum, { task }) => sum + (durationMs[nodeOf(task.id) ?? -1] ?? 0), 0);
}

/** The expected work of some tasks and of all that waits for them, in milliseconds. */
function heldUpBy(tasks: readonly PlannedTask[], { graph, nodeOf, durationMs }: Remaining): number {
  const nodes = tasks.flatMap(({ task }) => nodeOf(task.id) ?? []);
  return Math.round(reachedFrom(graph, nodes).reduce((sum, node) => sum + durationMs[node]!, 0));
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

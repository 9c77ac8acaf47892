/**
 * The queues of ready tasks that nobody may claim now: those that need what too few instances have, are reserved for one
 * instance, wait for a lock, or are in a group that is full or paused.
 */

import type { Bottleneck, Plan, PlannedTask } from "../../messages/analysis.ts";
import type { Instance } from "../../model/instance.ts";
import type { Task } from "../../model/task.ts";
import { counted, inWords } from "../../model/text.ts";
import { reachedFrom } from "./downstream.ts";
import type { Remaining } from "./remaining.ts";

/** Ready tasks that need a role or capabilities which no live instance has, or too few. */
export function shortRequirements({ tasks, instances }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const live = instances.filter(({ status }) => status === "active");
  const queues = Map.groupBy(
    tasks.filter(({ task, readiness }) => readiness === "ready" && needOf(task) !== undefined),
    ({ task }) => needOf(task) ?? "",
  );
  return Array.from(queues).flatMap(([need, queue]) => {
    const [first] = queue;
    if (first === undefined) return [];
    const able = live.filter((instance) => meetsNeed(instance, first.task)).length;
    if (able >= queue.length) return [];
    const { id } = first.task;
    const waitingMs = workOf(queue, remaining);
    const ready = `${counted(queue.length, "ready task")} of ${inWords(waitingMs)} ${
      queue.length === 1 ? "needs" : "need"
    } ${need}`;
    return [{
      kind: "requirement" as const,
      subject: need,
      heldUpMs: Math.round(able === 0 ? heldUpBy(queue, remaining) : waitingMs * (1 - able / queue.length)),
      what: able === 0
        ? `${ready}, which no live instance has`
        : `${ready}, which ${counted(able, "live instance")} ${able === 1 ? "has" : "have"}`,
      remedy: able === 0
        ? `Start an instance that registers with ${need}, or open ${id} to all: update_task ${id} with clear ` +
          needsIn(first.task).join(", ")
        : `Start more instances that register with ${need}`,
    }];
  });
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

/** The settings that say what a task needs of an instance. */
function needsIn({ role, capabilities, assignTo }: Task): readonly string[] {
  return [
    ...(role === undefined ? [] : ["role"]),
    ...(capabilities === undefined ? [] : ["capabilities"]),
    ...(assignTo?.role === undefined ? [] : ["assign_to"]),
  ];
}

function meetsNeed({ roles = [], capabilities = [] }: Instance, task: Task): boolean {
  return (task.role === undefined || roles.includes(task.role)) &&
    (task.assignTo?.role === undefined || roles.includes(task.assignTo.role)) &&
    (task.capabilities ?? []).every((each) => capabilities.includes(each));
}

/** Instances, often people, for whom ready tasks are reserved. */
export function personsWaitedFor({ tasks, now }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const reserved = tasks.filter(({ task, readiness }) => readiness === "ready" && isReserved(task, now));
  const queues = Map.groupBy(reserved, ({ task }) => task.assignTo?.instance ?? "");
  return Array.from(queues, ([instance, queue]) => ({
    kind: "person" as const,
    subject: instance,
    heldUpMs: heldUpBy(queue, remaining),
    what: `${counted(queue.length, "ready task")} ${queue.length === 1 ? "waits" : "wait"} for ${instance} alone, for ${
      inWords(queue.reduce((longest, { task }) => Math.max(longest, now - readySince(task)), 0))
    } now`,
    remedy:
      `Remind ${instance}, or open them to others, like ${queue[0]?.task.id}: update_task ${queue[0]?.task.id} with ` +
      "clear assign_to",
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
export function takenLocks({ tasks }: Plan, remaining: Remaining): readonly Bottleneck[] {
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
      what: `Lock ${lock} is held by ${holder.id}, and ${counted(queue.length, "ready task")} ${
        queue.length === 1 ? "waits" : "wait"
      } for it`,
      remedy: `Split the lock, or have fewer tasks name it: update_task ${queue[0]?.task.id} with other locks`,
    }];
  });
}

/** Groups that are paused or full while their tasks are ready. */
export function closedGroups({ tasks, groups }: Plan, remaining: Remaining): readonly Bottleneck[] {
  const running = Map.groupBy(tasks.filter(({ task }) => task.status === "in_progress"), ({ task }) => task.group);
  const limited = Map.groupBy(tasks.filter(({ readiness }) => readiness === "limited"), ({ task }) => task.group);
  return groups.flatMap(({ id, paused, maxParallel = Infinity }) => {
    const queue = limited.get(id) ?? [];
    const isFull = (running.get(id)?.length ?? 0) >= maxParallel;
    if (queue.length === 0 || (paused !== true && !isFull)) return [];
    const ready = `${counted(queue.length, "ready task")} ${queue.length === 1 ? "waits" : "wait"}`;
    return [{
      kind: "group" as const,
      subject: id,
      heldUpMs: heldUpBy(queue, remaining),
      what: paused === true
        ? `Group ${id} is paused, and ${ready}`
        : `Group ${id} runs no more than ${counted(maxParallel, "task")} at a time, and ${ready}`,
      remedy: paused === true
        ? `Resume it: update_group ${id} paused false`
        : `Allow more at a time: update_group ${id} max_parallel ${maxParallel + 1}`,
    }];
  });
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

/** The tasks of a simulated plan, and the order in which they are claimed. */

import type { TaskStatus } from "../../model/status.ts";
import { delayedUntilOf } from "../../model/task.ts";
import { unreachableEnd } from "../../state/conditions.ts";
import type { Heap } from "../../state/heap.ts";
import type { LanePlan, TaskPlan } from "./blueprint.ts";

/** A task in a run. It is in one heap at most: its lane if it is ready, or the delays. */
export interface SimulatedTask {
  heapIndex: number;
  readonly place: number;
  readonly plan: TaskPlan;
  status: TaskStatus;
  unmet: number;
  blocked: number;
  notTaken: number;
  failures: number;
  readyAt: number;
  delayedUntil: number;
  claimAt: number;
  /** Who holds or completed it. */
  instance: string | undefined;
}

export interface SimulatedLane {
  readonly plan: LanePlan;
  readonly tasks: Heap<SimulatedTask>;
}

/** A task as it is when a run begins. */
export function simulated(plan: TaskPlan, place: number): SimulatedTask {
  const { task, unmet, blocked, notTaken } = plan;
  return {
    heapIndex: -1,
    place,
    plan,
    status: task.status,
    unmet,
    blocked,
    notTaken,
    failures: task.failures ?? 0,
    readyAt: task.readyAt ?? 0,
    delayedUntil: delayedUntilOf(task),
    claimAt: 0,
    instance: task.assignedTo,
  };
}

/** How a pending task ends that cannot be reached. */
export function endOf({ unmet, blocked, notTaken, plan: { task } }: SimulatedTask): "skipped" | "failed" | undefined {
  return unreachableEnd({ unmet, blocked, notTaken, task });
}

/** Orders the tasks of a lane. */
export function isClaimedBefore(a: SimulatedTask, b: SimulatedTask): boolean {
  if (a.plan.isUrgent !== b.plan.isUrgent) return a.plan.isUrgent;
  return a.claimAt === b.claimAt ? a.place < b.place : a.claimAt < b.claimAt;
}

/** Orders lanes by their first tasks; of tasks with equal rank, one that not every instance can claim goes first. */
export function goesBefore(a: SimulatedLane, b: SimulatedLane): boolean {
  const [first, other] = [a.tasks.entries[0]!, b.tasks.entries[0]!];
  if (first.claimAt !== other.claimAt || first.plan.isUrgent !== other.plan.isUrgent) {
    return isClaimedBefore(first, other);
  }
  return a.plan.isDemanding === b.plan.isDemanding ? first.place < other.place : a.plan.isDemanding;
}

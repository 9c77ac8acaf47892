/**
 * What is due: leases that expired, instances that were lost, deadlines that passed. Any process may sweep; as the
 * journal takes one command at a time, everything happens once.
 */

import { endOfAttempt } from "./attempts.ts";
import { inOrder } from "./heap.ts";
import type { Deciders } from "./decision.ts";
import type { Event } from "./events.ts";
import { MAX_SCANNED } from "./limits.ts";
import type { Instance, Task } from "./model.ts";
import type { ReadonlyState } from "./state.ts";
import { heldBy, take } from "./views.ts";

/** Most tasks and instances that one sweep takes care of; what is left is due still. */
const MAX_SWEPT = 1_000;

export const sweepDeciders: Deciders<"sweep"> = {
  sweep(state, _, { now }) {
    const events = dueEvents(state, now);
    return { events, answer: () => ({ swept: events.length }) };
  },
};

/** Whether a sweep at `now` (milliseconds since the Unix epoch) would find anything. */
export function isSweepDue(state: ReadonlyState, now: number): boolean {
  const first = state.dues.entries[0];
  return first !== undefined && first.at <= now;
}

/** When something is due next, in milliseconds since the Unix epoch. */
export function nextDueOf(state: ReadonlyState): number | undefined {
  return state.dues.entries[0]?.at;
}

/** When something is due next, or changes by itself, in milliseconds since the Unix epoch. */
export function nextTimeOf(state: ReadonlyState): number | undefined {
  const next = Math.min(state.dues.entries[0]?.at ?? Infinity, state.wakes.entries[0]?.at ?? Infinity);
  return next === Infinity ? undefined : next;
}

/** Lost instances first, as what they held needs no lease to expire; in an order that the heap has no part in. */
function dueEvents(state: ReadonlyState, now: number): readonly Event[] {
  const tasks: Task[] = [];
  const instances: Instance[] = [];
  for (const { at, target } of inOrder(state.dues)) {
    if (at > now || tasks.length + instances.length === MAX_SWEPT) break;
    if ("task" in target) tasks.push(target.task);
    else instances.push(target.instance);
  }
  const lost = instances.sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || compare(a.id, b.id));
  const ended = new Set<string>();
  const events = lost.flatMap((instance) => losing(state, instance, ended, now));
  for (const task of tasks.sort((a, b) => a.order - b.order)) {
    events.push(...dueOf(task, ended.has(task.id), now));
  }
  return events;
}

function losing(state: ReadonlyState, { id }: Instance, ended: Set<string>, now: number): readonly Event[] {
  const tasks = heldBy(state, id).map(({ task }) => task);
  for (const task of tasks) ended.add(task.id);
  return [
    { type: "instance.lost", instance: id, tasks: take(tasks, MAX_SCANNED).map((task) => task.id) },
    ...tasks.map((task) => endOfAttempt(task, "lost", now)),
  ];
}

function dueOf(task: Task, isEnded: boolean, now: number): readonly Event[] {
  const { id, leaseUntil = Infinity, deadline = Infinity, overdue } = task;
  const isOverdue = overdue !== true && deadline <= now;
  const events: Event[] = isOverdue ? [{ type: "task.overdue", id }] : [];
  if (isOverdue && task.failOnDeadline === true) {
    const error = `Its deadline ${new Date(deadline).toISOString()} has passed`;
    return [...events, { type: "tasks.abandoned", tasks: [{ id, error }] }];
  }
  if (!isEnded && leaseUntil <= now) events.push(endOfAttempt(task, "expired", now));
  return events;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

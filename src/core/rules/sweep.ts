/**
 * What is due: leases that expired, instances that were lost, deadlines that passed, and what the record before had no
 * room for. Any process may sweep; as the journal takes one command at a time, everything happens once.
 */

import type { Event, EventOf } from "../messages/events.ts";
import type { Instance } from "../model/instance.ts";
import { MAX_RECORD_TASKS, MAX_SCANNED } from "../model/limits.ts";
import type { Task } from "../model/task.ts";
import { consequencesOf } from "../state/cascade.ts";
import { inOrder } from "../state/heap.ts";
import { countHeldBy, firstHeldBy } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { endOfAttempt } from "./retry_policy.ts";
import type { Deciders } from "./decision.ts";

export const sweepDeciders: Deciders<"sweep"> = {
  sweep(state, _, { now }) {
    const due = dueEvents(state, now);
    // What follows from events comes with them; by itself, where nothing else is due.
    const events = due.length > 0 ? due : consequencesOf(state, MAX_RECORD_TASKS);
    return { events, answer: () => ({ swept: events.length }) };
  },
};

/** Whether a sweep at `now` (milliseconds since the Unix epoch) would find anything. */
export function isSweepDue(state: ReadonlyState, now: number): boolean {
  const next = nextDueOf(state);
  return next !== undefined && next <= now;
}

/** When something is due next, in milliseconds since the Unix epoch. */
export function nextDueOf(state: ReadonlyState): number | undefined {
  // What follows from the last record, and did not find room in it, is due at once.
  if (state.unreachable.size + state.drained.size > 0) return 0;
  return state.expiryTimers.entries[0]?.at;
}

/** When something is due next, or changes by itself, in milliseconds since the Unix epoch. */
export function nextTimeOf(state: ReadonlyState): number | undefined {
  const next = Math.min(nextDueOf(state) ?? Infinity, state.delayTimers.entries[0]?.at ?? Infinity);
  return next === Infinity ? undefined : next;
}

/**
 * Lost instances first, as what they held needs no lease to expire; in an order that the heap has no part in. What one
 * record has no room for is due still.
 */
function dueEvents(state: ReadonlyState, now: number): readonly Event[] {
  const { instances, tasks } = dueTargets(state, now);
  const events: Event[] = [];
  const lost = new Map<string, EventOf<"attempt.ended">>();
  let room = MAX_RECORD_TASKS;
  for (const { id } of instances) {
    if (room === 0) return events;
    const ends = losing(state, id, { now, room });
    for (const end of ends) lost.set(end.id, end);
    events.push(...ends);
    // The instance is lost with the last of its tasks; a call of its before that finds it alive.
    if (ends.length < countHeldBy(state, id)) return events;
    events.push({ type: "instance.lost", instance: id, tasks: ends.slice(0, MAX_SCANNED).map((end) => end.id) });
    room = Math.max(0, room - ends.length - 1);
  }
  for (const task of tasks.slice(0, room)) events.push(...dueOf(task, lost.get(task.id), now));
  return events;
}

/** What is due at `now`, the first of it. */
function dueTargets(state: ReadonlyState, now: number) {
  const tasks: Task[] = [];
  const instances: Instance[] = [];
  for (const { at, target } of inOrder(state.expiryTimers)) {
    if (at > now || tasks.length + instances.length === MAX_RECORD_TASKS) break;
    if ("task" in target) tasks.push(target.task);
    else instances.push(target.instance);
  }
  return {
    instances: instances.sort((a, b) => (a.expiresAt ?? 0) - (b.expiresAt ?? 0) || compare(a.id, b.id)),
    tasks: tasks.sort((a, b) => a.order - b.order),
  };
}

/** The ends of the attempts of a lost instance: of all, or of the tasks created first if there is no room for all. */
function losing(
  state: ReadonlyState,
  id: string,
  { now, room }: { readonly now: number; readonly room: number },
): readonly EventOf<"attempt.ended">[] {
  const held = countHeldBy(state, id);
  // A part that is not full comes first: the last one names what was lost.
  const count = held > room ? held % room || room : room;
  return firstHeldBy(state, id, count).map(({ task }) => endOfAttempt(task, "lost", now));
}

/** @param lost the end of the task's attempt with its instance, in the same record */
function dueOf(task: Task, lost: EventOf<"attempt.ended"> | undefined, now: number): readonly Event[] {
  // What has ended, nothing ends again.
  if (lost?.isLast === true) return [];
  const { id, leaseUntil = Infinity, deadline = Infinity, overdue } = task;
  const isOverdue = overdue !== true && deadline <= now;
  const events: Event[] = isOverdue ? [{ type: "task.overdue", id }] : [];
  if (isOverdue && task.failOnDeadline === true) {
    const error = `Its deadline ${new Date(deadline).toISOString()} has passed`;
    return [...events, { type: "tasks.abandoned", tasks: [{ id, error }] }];
  }
  if (lost === undefined && leaseUntil <= now) events.push(endOfAttempt(task, "expired", now));
  return events;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

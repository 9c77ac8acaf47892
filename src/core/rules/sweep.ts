/**
 * The sweep: expires leases, loses instances, marks overdue tasks, and writes consequences that the last record had no
 * room for. Any process may sweep; as the journal takes one command at a time, everything happens once.
 */

import type { Event, EventOf } from "../messages/events.ts";
import type { Instance } from "../model/instance.ts";
import { MAX_RECORD_TASKS, MAX_SCANNED } from "../model/limits.ts";
import { holderOf, type Task } from "../model/task.ts";
import { readyEvent } from "../state/announcements.ts";
import { consequencesOf } from "../state/cascade.ts";
import { isLeft } from "../state/evolve_sessions.ts";
import { inOrder } from "../state/heap.ts";
import { countHeldBy, firstHeldBy } from "../state/lookup.ts";
import type { ReadonlyState } from "../state/state.ts";
import { endOfAttempt, endOfLeftAttempt } from "./retry_policy.ts";
import type { Deciders } from "./decision.ts";

export const sweepDeciders: Deciders<"sweep"> = {
  sweep(state, _, { now }) {
    const due = dueEvents(state, now);
    // Consequences come with the events that cause them. Remaining ones are written when nothing else is due.
    const events = due.length > 0 ? due : remainingConsequences(state, now);
    return { events, answer: () => ({ swept: events.length }) };
  },
};

/** What earlier records had no room for, and the announcement of tasks that time has made ready. */
function remainingConsequences(state: ReadonlyState, now: number): readonly Event[] {
  const events = consequencesOf(state, MAX_RECORD_TASKS);
  const ready = events.length > 0 ? undefined : readyEvent(state, { at: now, limit: MAX_RECORD_TASKS });
  return ready === undefined ? events : [ready];
}

/**
 * The events that are due, at most one record of them; the next sweep writes the rest. Lost instances come first, as
 * their leases need not expire. The order does not depend on the order of the heap.
 */
function dueEvents(state: ReadonlyState, now: number): readonly Event[] {
  const { instances, tasks } = dueTargets(state, now);
  const events: Event[] = [];
  const lost = new Map<string, EventOf<"attempt.ended">>();
  let room = MAX_RECORD_TASKS;
  for (const { id } of instances) {
    if (room === 0) return events;
    const ends = lostAttempts(state, id, { now, room });
    for (const end of ends) lost.set(end.id, end);
    events.push(...ends);
    // The instance is lost together with the last of its tasks. If it calls before, it is not lost.
    if (ends.length < countHeldBy(state, id)) return events;
    events.push(lossOf(state, id, ends));
    room = Math.max(0, room - ends.length - 1);
  }
  for (const task of tasks.slice(0, room)) events.push(...dueEventsOf(task, lost.get(task.id), now));
  return events;
}

/** The tasks and instances that are due at `now`, those that were due first: at most `MAX_RECORD_TASKS`. */
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

/** The loss of an instance, with the first few of these tasks. */
function lossOf(
  state: ReadonlyState,
  instance: string,
  ends: readonly EventOf<"attempt.ended">[],
): EventOf<"instance.lost"> {
  const tasks = ends.slice(0, MAX_SCANNED).map(({ id }) => id);
  const sessions = tasks.flatMap((id) => {
    const session = state.tasks.get(id)?.task.session;
    return session === undefined ? [] : [[id, session] as const];
  });
  return {
    type: "instance.lost",
    instance,
    tasks,
    ...(sessions.length > 0 && { sessions: Object.fromEntries(sessions) }),
  };
}

/** The ends of the attempts of a lost instance, of the tasks created first if there is no room for all. */
function lostAttempts(
  state: ReadonlyState,
  id: string,
  { now, room }: { readonly now: number; readonly room: number },
): readonly EventOf<"attempt.ended">[] {
  const held = countHeldBy(state, id);
  // The part that is not full comes first, so that the last part, which `instance.lost` names, is full.
  const count = held > room ? held % room || room : room;
  return firstHeldBy(state, id, count).map(({ task }) => endOfAttempt(task, "lost", now));
}

/**
 * The events of a task whose deadline or lease has passed.
 *
 * @param lost the event in the same record that ends its attempt with its instance
 */
function dueEventsOf(task: Task, lost: EventOf<"attempt.ended"> | undefined, now: number): readonly Event[] {
  // That event fails the task already.
  if (lost?.isLast === true) return [];
  const { id, leaseUntil = Infinity, deadline = Infinity, overdue } = task;
  const isOverdue = overdue !== true && deadline <= now;
  const holder = lost === undefined ? holderOf(task) : {};
  const events: Event[] = isOverdue ? [{ type: "task.overdue", id, ...holder }] : [];
  if (isOverdue && task.failOnDeadline === true) {
    const error = `Its deadline ${new Date(deadline).toISOString()} has passed`;
    return [...events, { type: "tasks.abandoned", tasks: [{ id, error, cause: "deadline", ...holder }] }];
  }
  if (lost === undefined && leaseUntil <= now) {
    events.push(isLeft(task) ? endOfLeftAttempt(task, now) : endOfAttempt(task, "expired", now));
  }
  return events;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

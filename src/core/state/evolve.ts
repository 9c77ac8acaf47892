/**
 * Applies events to the state. Pure but for the state it is given, synchronous, and total: whatever `decide`
 * let through, `evolve` can apply. It never refuses.
 */

import type { Changes, Event, EventOf, JournalRecord } from "../messages/events.ts";
import type { Group } from "../model/group.ts";
import { MAX_PAST_ATTEMPTS } from "../model/limits.ts";
import type { Attempt, AttemptOutcome, NewTask, Task } from "../model/task.ts";
import { onInstanceEvent } from "./evolve_instances.ts";
import { emptyHeap } from "./heap.ts";
import { hasRoom } from "./placement.ts";
import { setGroupOpen } from "./ready_queue.ts";
import { type GroupNode, isCreatedBefore, noCounts, noStandings, type State } from "./state.ts";
import { connectTasks, moveTask, reindexTask, removeTask, replaceTask } from "./task_index.ts";

/**
 * Applies one event.
 *
 * @param clock when it happened, in milliseconds since the Unix epoch; if that is before the event before, the clock was
 * set back, and it counts as having happened at the same time
 */
export function evolve(state: State, event: Event, clock: number): void {
  const at = state.recordedAt = Math.max(state.recordedAt, clock);
  advanceClock(state, at);
  switch (event.type) {
    case "tasks.created":
      return connectTasks(state, event.tasks.map((task) => created(task, state.nextOrder++, at)));
    case "tasks.imported":
      return connectTasks(state, event.tasks.map((task) => ({ ...task, order: state.nextOrder++ })));
    case "task.updated":
      return moveTask(state, event.id, (task) => updated(task, event, at));
    case "task.deleted":
      return removeTask(state, event.id);
    case "task.claimed":
      return replaceTask(state, event.id, at, (task) => claimed(task, event, at));
    case "task.progressed":
      return replaceTask(state, event.id, at, (task) => progressed(task, event, at));
    case "task.completed":
      return replaceTask(state, event.id, at, (task) => completed(task, event, at));
    case "task.failed":
      return replaceTask(state, event.id, at, (task) => ({
        ...withoutAttempt(task),
        status: "failed",
        assignedTo: event.instance,
        error: event.error,
        finishedAt: at,
      }));
    case "attempt.ended":
      return replaceTask(state, event.id, at, (task) => attemptEnded(task, event, at));
    case "task.released": {
      const release = (task: Task): Task => ({
        ...pending(task, at, { outcome: "released", message: event.reason ?? task.progress?.message }),
        ...(event.reason !== undefined && { reason: event.reason }),
        ...(event.dependencies !== undefined && { dependencies: event.dependencies }),
      });
      if (event.dependencies === undefined) return replaceTask(state, event.id, at, release);
      return moveTask(state, event.id, release);
    }
    case "task.cancelled":
      return replaceTask(state, event.id, at, ({ reason: _, ...task }) => ({
        ...withoutAttempt(task),
        status: "cancelled",
        finishedAt: at,
        ...(event.reason !== undefined && { reason: event.reason }),
      }));
    case "task.retried":
      return replaceTask(state, event.id, at, (task) => retried(task, at));
    case "tasks.skipped":
      for (const { id, because } of event.tasks) {
        replaceTask(state, id, at, (task) => ({
          ...task,
          status: "skipped",
          reason: `It depends on ${because}`,
          finishedAt: at,
        }));
      }
      return;
    case "tasks.abandoned":
      for (const { id, error } of event.tasks) {
        replaceTask(state, id, at, (task) => ({ ...withoutAttempt(task), status: "failed", error, finishedAt: at }));
      }
      return;
    case "task.overdue":
      return replaceTask(state, event.id, at, (task) => ({ ...task, overdue: true }));
    case "instance.registered":
    case "instance.renewed":
    case "instance.drained":
    case "instance.left":
    case "instance.lost":
      return onInstanceEvent(state, event, at);
    case "group.created":
      state.groups.set(event.group.id, newGroup({ ...event.group, createdAt: at }));
      return;
    case "group.updated":
      return updateGroup(state, event);
    case "group.deleted":
      state.groups.delete(event.group);
      return;
    case "template.saved": {
      const { template: saved, version } = event;
      const template = { ...saved, version, createdAt: at };
      const known = state.templates.get(saved.name);
      if (known === undefined) state.templates.set(saved.name, { versions: [template], isArchived: false });
      else known.versions.push(template);
      return;
    }
    case "template.archived": {
      const known = state.templates.get(event.name);
      if (known !== undefined) known.isArchived = event.isArchived;
      else state.templates.set(event.name, { versions: [], isArchived: event.isArchived });
      return;
    }
    default:
      event satisfies never;
  }
}

/** Applies a record's events. */
export function evolveRecord(state: State, record: JournalRecord): void {
  for (const event of record.events) evolve(state, event, record.at);
}

/**
 * Lets time pass up to `now` (milliseconds since the Unix epoch): delayed tasks become ready, reservations lapse.
 * Nothing of it is written anywhere, as it follows from what is.
 */
export function advanceClock(state: State, now: number): void {
  if (now <= state.now) return;
  state.now = now;
  for (
    let timer = state.delayTimers.entries[0];
    timer !== undefined && timer.at <= now;
    timer = state.delayTimers.entries[0]
  ) {
    reindexTask(state, timer.target);
  }
}

/**
 * Takes back time that only this process has seen, as its clock was wrong for a moment: what became ready in it is
 * delayed again. `now` must not be before the last record. O(tasks) where there is anything to take back.
 */
export function rewindClock(state: State, now: number): void {
  if (now >= state.now) return;
  state.now = now;
  for (const node of state.tasks.values()) if (node.standing === "ready") reindexTask(state, node);
}

/** A group without members, as it enters the state. */
export function newGroup(group: Group): GroupNode {
  return {
    group,
    isOpen: group.paused !== true,
    members: new Set(),
    counts: noCounts(),
    standings: noStandings(),
    locked: 0,
    failing: emptyHeap(isCreatedBefore),
    subscriptions: new Map(),
  };
}

/** An object with some fields replaced, or removed where they are null. */
function changed<T extends object>(value: T, changes: Changes<Partial<T>>): T {
  const entries = Object.entries({ ...value, ...changes }).filter(([, field]) => field !== null);
  // Fields keep their types, and only optional ones are ever null.
  return Object.fromEntries(entries) as T;
}

function created(task: NewTask, order: number, at: number): Task {
  const { id, description, dependencies, ...settings } = task;
  return {
    id,
    description,
    status: "pending",
    dependencies,
    attempt: 0,
    order,
    createdAt: at,
    pendingAt: at,
    ...settings,
  };
}

function updated(task: Task, event: EventOf<"task.updated">, at: number): Task {
  const { overdue, ...rest } = changed(task, event.settings ?? {});
  return {
    ...rest,
    description: event.description ?? task.description,
    dependencies: event.dependencies ?? task.dependencies,
    // Another deadline, or one that counts now, is looked at anew.
    ...(overdue === true && (rest.deadline ?? Infinity) <= at && event.settings?.failOnDeadline !== true &&
      { overdue }),
  };
}

function claimed(task: Task, event: EventOf<"task.claimed">, at: number): Task {
  const { reason: _r, retryAt: _t, ...rest } = task;
  return {
    ...rest,
    status: "in_progress",
    assignedTo: event.instance,
    attempt: event.attempt,
    startedAt: at,
    ...(event.leaseUntil !== undefined && { leaseUntil: event.leaseUntil }),
  };
}

function progressed(task: Task, { percent, message }: EventOf<"task.progressed">, at: number): Task {
  const progress = {
    ...task.progress,
    ...(percent !== undefined && { percent }),
    ...(message !== undefined && { message }),
  };
  return { ...task, progress: { ...progress, at } };
}

function completed(task: Task, event: EventOf<"task.completed">, at: number): Task {
  const { error: _e, retryAt: _r, ...rest } = withoutAttempt(resumed(task, event.attempt));
  return { ...rest, status: "completed", assignedTo: event.instance, result: event.result, finishedAt: at };
}

function attemptEnded(task: Task, event: EventOf<"attempt.ended">, at: number): Task {
  const { outcome, error, retryAt, isLast } = event;
  const failures = (task.failures ?? 0) + 1;
  const message = error ?? task.progress?.message;
  if (isLast === true) {
    const ended = { ...withoutAttempt(remember(task, at, { outcome, message })), failures };
    return { ...ended, status: "failed", error: error ?? "", finishedAt: at };
  }
  return {
    ...pending(task, at, { outcome, message }),
    failures,
    ...(retryAt !== undefined && { retryAt }),
  };
}

/** Pending again, the attempt being over. */
function pending(
  task: Task,
  at: number,
  how: { readonly outcome: AttemptOutcome; readonly message: string | undefined },
): Task {
  const { assignedTo: _a, ...rest } = withoutAttempt(remember(task, at, how));
  return { ...rest, status: "pending", pendingAt: at };
}

function retried(task: Task, at: number): Task {
  const outcome = task.status === "failed" ? "failed" : "cancelled";
  const before = remember(task, task.finishedAt ?? at, { outcome, message: task.error ?? task.reason });
  const { assignedTo: _a, error: _e, reason: _r, finishedAt: _f, failures: _n, retryAt: _t, ...rest } = before;
  return { ...rest, status: "pending", pendingAt: at };
}

/** Without what only a running task has. */
function withoutAttempt({ leaseUntil: _l, progress: _p, ...task }: Task): Task {
  return task;
}

/** Puts the current attempt among the past ones, if there is one that is not there yet. */
function remember(
  task: Task,
  endedAt: number,
  { outcome, message }: { readonly outcome: AttemptOutcome; readonly message: string | undefined },
): Task {
  const { attempt, assignedTo, startedAt, pastAttempts = [] } = task;
  if (assignedTo === undefined || startedAt === undefined || pastAttempts.at(-1)?.attempt === attempt) return task;
  const past: Attempt = {
    attempt,
    instance: assignedTo,
    startedAt,
    endedAt,
    outcome,
    ...(message !== undefined && { message }),
  };
  return {
    ...task,
    pastAttempts: [...pastAttempts, past].slice(-MAX_PAST_ATTEMPTS),
    workedMs: (task.workedMs ?? 0) + Math.max(0, endedAt - startedAt),
  };
}

/** The reverse: an attempt that was taken for over goes on. */
function resumed(task: Task, attempt: number): Task {
  const last = task.pastAttempts?.at(-1);
  if (last?.attempt !== attempt) return task;
  const { pastAttempts = [], workedMs = 0, ...rest } = task;
  const duration = Math.max(0, last.endedAt - last.startedAt);
  return {
    ...rest,
    startedAt: last.startedAt,
    ...(pastAttempts.length > 1 && { pastAttempts: pastAttempts.slice(0, -1), workedMs: workedMs - duration }),
  };
}

function updateGroup(state: State, event: EventOf<"group.updated">): void {
  const node = state.groups.get(event.group);
  if (node === undefined) throw new Error(`Cannot apply an event as its group is unknown: ${event.group}`);
  node.group = changed(node.group, event.settings);
  setGroupOpen(state.ready, node, hasRoom(node));
}

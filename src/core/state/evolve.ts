/**
 * Applies events to the state. Changes nothing but the given state, is synchronous, and applies every event that
 * `decide` accepted: it never refuses one.
 */

import type { Changes, CreatedTask, Event, EventOf, JournalRecord } from "../messages/events.ts";
import { MAX_PAST_ATTEMPTS, MAX_PAST_RESULT_CHARACTERS, MAX_TIME_MS } from "../model/limits.ts";
import type { Attempt, AttemptOutcome, Task } from "../model/task.ts";
import { head } from "../model/text.ts";
import { announce, announceAll } from "./announcements.ts";
import { withPastAuthor } from "./authors.ts";
import { correctClock } from "./clock_correction.ts";
import { archiveTasks } from "./evolve_archive.ts";
import { onInstanceEvent } from "./evolve_instances.ts";
import { endSession, resumeTasks } from "./evolve_sessions.ts";
import { nodeOf } from "./edges.ts";
import { noteCancelled, noted, withToldNotes } from "./news.ts";
import { noteAudienceUntil } from "./past_audiences.ts";
import { hasRoom } from "./placement.ts";
import { withNewPreamble, withoutToldPreamble, withToldPreamble } from "./preamble.ts";
import { setGroupOpen } from "./ready_queue.ts";
import { applyRedaction } from "./redaction.ts";
import { rememberRequest } from "./requests.ts";
import { noteAdded, noteRemoved } from "./removed_attempts.ts";
import { addGroup, noteAudience, removeGroup, type State } from "./state.ts";
import { measuredIn, noteNew } from "./statistics.ts";
import { connectTasks, moveTask, reindexTask, removeTask, replaceTask } from "./task_index.ts";
import { addToken, removeToken } from "./tokens.ts";
import { touchGroup } from "./touch.ts";
import { onWebhookEvent } from "./webhooks.ts";

/**
 * Applies one event.
 *
 * @param clock the time of its record, in milliseconds since the Unix epoch; if the clock was set back since the record
 * before, the time of that record counts
 */
export function evolve(state: State, event: Event, clock: number): void {
  if (event.type === "clock.corrected") return correctClock(state, event);
  const at = state.recordedAt = Math.max(state.recordedAt, clock);
  advanceClock(state, at);
  switch (event.type) {
    case "tasks.created":
      return addTasks(state, event.tasks.map((task) => created(task, state.nextOrder++, at)));
    case "tasks.imported":
      return addTasks(state, event.tasks.map((task) => ({ ...imported(task), order: state.nextOrder++ })));
    case "task.updated":
      return moveTask(state, event.id, (task) => updated(task, event, at));
    case "task.deleted":
      return noteRemoved(state.removed, removeTask(state, event.id));
    case "tasks.archived":
      return archiveTasks(state, event.tasks);
    case "task.claimed":
      if (event.preamble === true) notePreamble(state, event);
      return replaceTask(state, event.id, at, (task) => claimed(task, event, at));
    case "task.progressed":
      return replaceTask(state, event.id, at, (task) => progressed(task, event, at));
    case "task.completed":
      return replaceTask(state, event.id, at, (task) => completed(task, event, at));
    case "task.failed":
      return replaceTask(state, event.id, at, (task) => failed(task, event, at));
    case "attempt.ended":
      // Only the holder reports a failure; leases expire, and instances are lost, in silence.
      if (event.outcome !== "failed") forgetPreamble(state, event.id);
      return replaceTask(state, event.id, at, (task) => attemptEnded(task, event, at));
    case "task.released":
      forgetPreamble(state, event.id);
      if (event.dependencies !== undefined) return moveTask(state, event.id, (task) => released(task, event, at));
      return replaceTask(state, event.id, at, (task) => released(task, event, at));
    case "task.cancelled":
      noteCancelled(state, nodeOf(state, event.id).task, event);
      forgetPreamble(state, event.id);
      return replaceTask(state, event.id, at, (task) => cancelled(task, event, at));
    case "task.retried":
      return replaceTask(state, event.id, at, (task) => retried(task, at));
    case "task.noted":
      return replaceTask(state, event.id, at, (task) => noted(task, event, at));
    case "task.redacted":
      return applyRedaction(state, event, at);
    case "tasks.skipped":
      for (const { id, because } of event.tasks) replaceTask(state, id, at, (task) => skipped(task, because, at));
      return;
    case "tasks.abandoned":
      for (const { id, error } of event.tasks) {
        forgetPreamble(state, id);
        replaceTask(state, id, at, (task) => abandoned(task, error, at));
      }
      return;
    case "task.overdue":
      return replaceTask(state, event.id, at, (task) => ({ ...task, overdue: true }));
    case "tasks.ready":
      return announce(state, event.tasks);
    case "instance.registered":
    case "instance.renewed":
    case "instance.drained":
    case "instance.left":
    case "instance.lost":
      return onInstanceEvent(state, event, at);
    case "session.closed":
    case "session.lost":
      return endSession(state, event, at);
    case "session.resumed":
      return resumeTasks(state, event, at);
    case "group.created":
      return addGroup(state, { createdAt: at, ...event.group });
    case "group.updated":
      return updateGroup(state, event);
    case "group.deleted":
      return deleteGroup(state, event.group);
    case "template.saved":
      return saveTemplate(state, event, at);
    case "template.archived":
      return archiveTemplate(state, event);
    case "token.issued":
      return addToken(state, event.token, at);
    case "token.revoked":
      return removeToken(state, event.name);
    case "project.paused":
      state.pause = { reason: event.reason, at: event.since ?? at, by: event.by };
      return;
    case "project.resumed":
      state.pause = undefined;
      return;
    case "webhook.saved":
    case "webhook.rotated":
    case "webhook.replayed":
    case "webhook.disabled":
    case "webhook.deleted":
      return onWebhookEvent(state, event, at);
    case "access.denied":
    case "handler.failed":
      return;
    default:
      event satisfies never;
  }
}

/** Applies a record: its events and its request id. */
export function evolveRecord(state: State, record: JournalRecord): void {
  for (const event of record.events) evolve(state, event, record.at);
  state.seq = record.seq;
  rememberRequest(state, record);
  if (record.isSilent === true) announceAll(state);
}

/**
 * Sets the time to `now` (milliseconds since the Unix epoch): delays and reservations that have ended are removed. This
 * is not recorded in the journal, as it follows from the state and the time.
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
 * Sets the time back to `now` after the clock of this process was ahead for a moment: tasks that became ready by that are
 * delayed again. `now` must not be before the last record. O(tasks) if the time changes.
 */
export function rewindClock(state: State, now: number): void {
  if (now >= state.now) return;
  state.now = now;
  for (const node of state.tasks.values()) if (node.standing === "ready") reindexTask(state, node);
}

/** An object with some fields replaced, or removed where they are null. */
function changed<T extends object>(value: T, changes: Changes<Partial<T>>): T {
  const entries = Object.entries({ ...value, ...changes }).filter(([, field]) => field !== null);
  // Changes have the types of the fields, and null only for optional ones.
  return Object.fromEntries(entries) as T;
}

function addTasks(state: State, tasks: readonly Task[]): void {
  for (const task of tasks) noteAdded(state.removed, task);
  connectTasks(state, tasks);
  for (const task of tasks) noteNew(measuredIn(state, nodeOf(state, task.id).group), task, state.recordedAt);
}

function created(task: CreatedTask, order: number, at: number): Task {
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

function imported(task: Task): Task {
  return task.status === "pending" ? task : withoutBackoff(task);
}

function updated(task: Task, event: EventOf<"task.updated">, at: number): Task {
  const changedTask = changed(task, event.settings ?? {});
  const { overdue, leaseUntil: _, ...rest } = changedTask;
  const leaseUntil = updatedLease(changedTask, event.settings?.timeoutMs, at);
  return {
    ...rest,
    version: (task.version ?? 1) + 1,
    ...(leaseUntil !== undefined && { leaseUntil }),
    description: event.description ?? task.description,
    dependencies: event.dependencies ?? task.dependencies,
    // The task is no longer overdue if its deadline is later now, or fails it from now on: the sweep checks it again.
    ...(overdue === true && (rest.deadline ?? Infinity) <= at && event.settings?.failOnDeadline !== true &&
      { overdue }),
  };
}

/**
 * The lease of an updated task. That of a new timeout counts from now. Without a timeout, the session keeps the task; if it
 * has none, its lease ends as before, unless the holder calls in a session.
 */
function updatedLease(
  { status, session, timeoutMs, leaseUntil }: Task,
  newTimeoutMs: number | null | undefined,
  at: number,
): number | undefined {
  if (status === "in_progress" && newTimeoutMs != null) return Math.min(at + newTimeoutMs, MAX_TIME_MS);
  return timeoutMs === undefined && session !== undefined ? undefined : leaseUntil;
}

function claimed(task: Task, event: EventOf<"task.claimed">, at: number): Task {
  const { reason: _r, retryAt: _t, ...rest } = task;
  return {
    ...withToldNotes(rest),
    status: "in_progress",
    assignedTo: event.instance,
    attempt: event.attempt,
    startedAt: at,
    ...(event.leaseUntil !== undefined && { leaseUntil: event.leaseUntil }),
    ...(event.leaseMs !== undefined && { leaseMs: event.leaseMs }),
    ...(event.session !== undefined && { session: event.session }),
  };
}

function progressed(task: Task, { percent, message }: EventOf<"task.progressed">, at: number): Task {
  const progress = {
    ...task.progress,
    ...(percent !== undefined && { percent }),
    ...(message !== undefined && { message }),
  };
  return { ...withToldNotes(task), progress: { ...progress, at } };
}

function completed(task: Task, event: EventOf<"task.completed">, at: number): Task {
  const { error: _e, retryAt: _r, ...rest } = withoutAttempt(resumed(task, event.attempt));
  const { instance, result, value, keptVerdicts, refs } = event;
  return {
    ...rest,
    status: "completed",
    assignedTo: instance,
    result,
    ...(value !== undefined && { value }),
    ...(keptVerdicts !== undefined && { keptVerdicts }),
    ...(refs !== undefined && { refs }),
    finishedAt: at,
  };
}

function failed(task: Task, { instance, error }: EventOf<"task.failed">, at: number): Task {
  return { ...withoutBackoff(withoutAttempt(task)), status: "failed", assignedTo: instance, error, finishedAt: at };
}

/** The task as if its holder had released it at `at`, without a reason. */
export function handedBack(task: Task, at: number): Task {
  return pending(task, at, { outcome: "released", message: task.progress?.message });
}

function released(task: Task, { reason, dependencies }: EventOf<"task.released">, at: number): Task {
  return {
    ...pending(task, at, { outcome: "released", message: reason ?? task.progress?.message }),
    ...(reason !== undefined && { reason }),
    ...(dependencies !== undefined && { dependencies, version: (task.version ?? 1) + 1 }),
  };
}

function cancelled({ reason: _, ...task }: Task, { reason, by }: EventOf<"task.cancelled">, at: number): Task {
  return {
    ...withoutBackoff(withoutAttempt(task)),
    status: "cancelled",
    finishedAt: at,
    ...(reason !== undefined && { reason }),
    ...(by !== undefined && { cancelledBy: by }),
  };
}

function skipped(task: Task, because: string, at: number): Task {
  return { ...withoutBackoff(task), status: "skipped", reason: `It depends on ${because}`, finishedAt: at };
}

function abandoned(task: Task, error: string, at: number): Task {
  return { ...withoutBackoff(withoutAttempt(task)), status: "failed", error, finishedAt: at };
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

/** The task pending again after its attempt ended. */
function pending(
  task: Task,
  at: number,
  end: { readonly outcome: AttemptOutcome; readonly message: string | undefined },
): Task {
  const { assignedTo: _a, ...rest } = withoutAttempt(remember(task, at, end));
  return { ...rest, status: "pending", pendingAt: at };
}

function retried(task: Task, at: number): Task {
  const { status, result, error, reason } = task;
  const outcome = status === "failed" || status === "completed" ? status : "cancelled";
  const message = status === "completed" ? head(result ?? "", MAX_PAST_RESULT_CHARACTERS) : error ?? reason;
  const before = remember(withPastAuthor(task), task.finishedAt ?? at, { outcome, message });
  const { assignedTo: _a, error: _e, reason: _r, finishedAt: _f, failures: _n, retryAt: _t, ...open } = before;
  const { result: _s, value: _v, keptVerdicts: _k, cancelledBy: _c, ...rest } = open;
  return { ...rest, status: "pending", pendingAt: at };
}

/** The task without the end of its back-off, which only a pending one has. */
function withoutBackoff({ retryAt: _, ...task }: Task): Task {
  return task;
}

/** The task without the fields that only a running one has. */
function withoutAttempt({ leaseUntil: _l, leaseMs: _m, session: _s, progress: _p, ...task }: Task): Task {
  return task;
}

/** The task with its last attempt among the past ones. Without effect if it has none, or if it is there already. */
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

/** The reverse of `remember`: an attempt that expired or was lost continues. */
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

function saveTemplate(state: State, event: EventOf<"template.saved">, at: number): void {
  const { template, version, createdAt = at } = event;
  const saved = { ...template, version, createdAt };
  const known = state.templates.get(template.name);
  if (known === undefined) state.templates.set(template.name, { versions: [saved], isArchived: false });
  else known.versions.push(saved);
}

function archiveTemplate(state: State, { name, isArchived }: EventOf<"template.archived">): void {
  const known = state.templates.get(name);
  if (known !== undefined) known.isArchived = isArchived;
  else state.templates.set(name, { versions: [], isArchived });
}

function notePreamble(state: State, { id, instance }: EventOf<"task.claimed">): void {
  const { group } = nodeOf(state, id);
  if (group !== undefined) group.group = withToldPreamble(group.group, instance);
}

/** The holder of a task, if it has one, gets the preamble of the group again. */
function forgetPreamble(state: State, id: string): void {
  const { group, task: { status, assignedTo } } = nodeOf(state, id);
  if (group === undefined || status !== "in_progress" || assignedTo === undefined) return;
  group.group = withoutToldPreamble(group.group, assignedTo);
}

function updateGroup(state: State, event: EventOf<"group.updated">): void {
  const node = state.groups.get(event.group);
  if (node === undefined) throw new Error(`Cannot apply an event as its group is unknown: ${event.group}`);
  const { visibleTo } = node.group;
  const given = event.settings.visibleTo;
  if (given !== undefined && (given ?? undefined)?.join() !== visibleTo?.join()) {
    noteAudienceUntil(state.pastAudiences, event.group, { until: state.seq + 1, visibleTo });
    node.audienceChangedAfter = state.seq;
  }
  node.group = withNewPreamble(changed(node.group, event.settings), node.group);
  noteAudience(state, node);
  touchGroup(node);
  setGroupOpen(state, node, hasRoom(node));
}

function deleteGroup(state: State, id: string): void {
  const { visibleTo } = state.groups.get(id)?.group ?? {};
  const isNoted = visibleTo !== undefined || state.pastAudiences.groups.has(id);
  if (isNoted) noteAudienceUntil(state.pastAudiences, id, { until: state.seq + 1, visibleTo });
  removeGroup(state, id);
}

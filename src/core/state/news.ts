/**
 * What instances have not been told yet: notes on tasks that they hold, and tasks that were cancelled while they held
 * them. A record says what its answer told, so every process knows it.
 *
 * Of the notes of a task, the holder has been told the first `notesTold`. Its claim and its progress are recorded anyway and
 * advance that number; any other answer that tells news is recorded by `instance.renewed` with `isTold`.
 */

import type { EventOf } from "../messages/events.ts";
import type { ReadonlyState, State } from "./state.ts";
import { isSeenBy } from "../model/audience.ts";
import {
  MAX_CANCELLED_INSTANCES,
  MAX_NAMED,
  MAX_NOTES,
  MAX_SCANNED,
  MAX_TOLD_REASON_CHARACTERS,
} from "../model/limits.ts";
import type { CancelledTask, CancelledTasks, Note } from "../model/news.ts";
import type { Task } from "../model/task.ts";
import { shortened } from "../model/text.ts";

/** The task with one more note; over `MAX_NOTES`, the oldest one is dropped. */
export function noted(task: Task, { author, instance, text }: EventOf<"task.noted">, at: number): Task {
  const { notes = [], notesDropped = 0 } = task;
  const note: Note = { author, ...(instance !== undefined && { isInstance: true }), at, text };
  const kept = [...notes, note].slice(-MAX_NOTES);
  const dropped = notesDropped + notes.length + 1 - kept.length;
  return { ...task, notes: kept, ...(dropped > 0 && { notesDropped: dropped }) };
}

/** How many notes a task has had. */
export function countNotes({ notes = [], notesDropped = 0 }: Task): number {
  return notesDropped + notes.length;
}

/** The task after its holder was told of all notes. */
export function withToldNotes(task: Task): Task {
  const count = countNotes(task);
  return count === (task.notesTold ?? 0) ? task : { ...task, notesTold: count };
}

/** Notes, and how many others were dropped before. */
export interface UntoldNotes {
  readonly notes: readonly Note[];
  readonly dropped: number;
}

/** The notes that the holder of a task has not been told, without its own, and how many of them were dropped before. */
export function untoldNotes(task: Task): UntoldNotes {
  const { notes = [], notesDropped = 0, notesTold = 0, assignedTo } = task;
  const isOwn = ({ author, isInstance }: Note) => isInstance === true && author === assignedTo;
  return {
    notes: notes.slice(Math.max(0, notesTold - notesDropped)).filter((note) => !isOwn(note)),
    dropped: Math.max(0, notesDropped - notesTold),
  };
}

function hasUntoldNotes({ task }: { readonly task: Task }): boolean {
  if (countNotes(task) === (task.notesTold ?? 0)) return false;
  const { notes, dropped } = untoldNotes(task);
  return notes.length + dropped > 0;
}

/** Whether there is something to tell an instance, beside notes on the task `about`. O(tasks that it holds). */
export function hasNews(
  state: ReadonlyState,
  { instance, session, about }: {
    readonly instance: string;
    readonly session: string | undefined;
    readonly about?: string | undefined;
  },
): boolean {
  const { lostTasks } = state.instances.get(instance)?.instance ?? {};
  if (isAnyOf(session, lostTasks) || isAnyOf(session, state.cancelled.get(instance)?.tasks)) return true;
  for (const node of state.held.get(instance) ?? []) {
    if (node.task.id !== about && isOfSession(node.task, session) && hasUntoldNotes(node)) return true;
  }
  return false;
}

/** An event that says that its instance was told news: those that its session and audiences are told. */
type Telling = Pick<EventOf<"instance.renewed">, "instance" | "session" | "audiences">;

/** Applies that an instance was told all news but its lost tasks, which are fields of the instance. */
export function noteTold(state: State, telling: Telling): void {
  const { instance, audiences } = telling;
  const cancelled = state.cancelled.get(instance);
  if (cancelled !== undefined) {
    const others = cancelled.tasks.filter((task) => !isToldTo(state, task, telling));
    // Those over the bound were told as a number to who sees everything.
    const more = audiences === undefined ? 0 : cancelled.count - cancelled.tasks.length;
    if (others.length + more === 0) state.cancelled.delete(instance);
    else state.cancelled.set(instance, { instance, tasks: others, count: others.length + more });
  }
  // What the holder was told is not shown, and no index depends on it.
  for (const node of state.held.get(instance) ?? []) {
    if (isToldTo(state, node.task, telling)) node.task = withToldNotes(node.task);
  }
}

/** Whether an answer told news of a task: to a caller with audiences only if they see the task, which must be there. */
export function isToldTo(
  { tasks }: ReadonlyState,
  task: Pick<Task, "id" | "session">,
  { session, audiences }: Partial<Telling>,
): boolean {
  if (!isOfSession(task, session)) return false;
  if (audiences === undefined) return true;
  const node = tasks.get(task.id);
  return node !== undefined && isSeenBy(node.group?.group.visibleTo, audiences);
}

function isAnyOf(session: string | undefined, tasks: readonly Pick<Task, "session">[] = []): boolean {
  return tasks.some((task) => isOfSession(task, session));
}

/** The sessions for which there is news of tasks that they kept. Some come more than once. O(instances). */
export function* sessionsWithNews({ cancelled, instances }: ReadonlyState): Iterable<string> {
  for (const { tasks } of cancelled.values()) yield* sessionsOf(tasks);
  for (const { instance: { lostTasks = [] } } of instances.values()) yield* sessionsOf(lostTasks);
}

function sessionsOf(tasks: readonly Pick<Task, "session">[]): readonly string[] {
  return tasks.flatMap(({ session }) => session ?? []);
}

/** Applies the end of a session to the news for it: whoever calls next under the instance id is told. O(instances). */
export function endSessionOfNews(state: State, session: string): void {
  for (const [id, each] of state.cancelled) {
    if (sessionsOf(each.tasks).includes(session)) {
      state.cancelled.set(id, { ...each, tasks: withoutSession(each.tasks, session) });
    }
  }
  for (const node of state.instances.values()) {
    const { lostTasks = [] } = node.instance;
    // No index depends on it.
    if (sessionsOf(lostTasks).includes(session)) {
      node.instance = { ...node.instance, lostTasks: withoutSession(lostTasks, session) };
    }
  }
}

function withoutSession<T extends Pick<Task, "session">>(tasks: readonly T[], ended: string) {
  return tasks.map((task) => {
    const { session, ...rest } = task;
    return session === ended ? rest : task;
  });
}

/** Whether a call in a session is told of a task: not if it is of another session under the same instance id. */
export function isOfSession(task: Pick<Task, "session">, session: string | undefined): boolean {
  return session === undefined || task.session === undefined || task.session === session;
}

/** Notes that a running task was cancelled, also in the name of its holder: several agents may use one id unawares. */
export function noteCancelled(
  state: State,
  { id, status, attempt, assignedTo: instance, session, group }: Task,
  { by, reason }: EventOf<"task.cancelled">,
): void {
  if (status !== "in_progress" || instance === undefined || by === undefined) return;
  const { tasks = [], count = 0 } = state.cancelled.get(instance) ?? {};
  // Of each group, as many as if there were no others: hidden ones take no room of those that a caller sees.
  const ofGroup = tasks.filter((each) => state.tasks.get(each.id)?.task.group === group);
  const hasRoom = ofGroup.length < MAX_NAMED && tasks.length < MAX_SCANNED;
  const one: CancelledTask = {
    id,
    attempt,
    ...(session !== undefined && { session }),
    by,
    ...(reason !== undefined && { reason: shortened(reason, MAX_TOLD_REASON_CHARACTERS) }),
  };
  // Last in the map, as the first one is forgotten.
  state.cancelled.delete(instance);
  state.cancelled.set(instance, {
    instance,
    tasks: hasRoom ? [...tasks, one] : tasks,
    count: count + 1,
  });
  if (state.cancelled.size <= MAX_CANCELLED_INSTANCES) return;
  for (const oldest of state.cancelled.keys()) return void state.cancelled.delete(oldest);
}

/** Puts the cancelled tasks of a snapshot into a new state. */
export function restoreCancelled(state: State, cancelled: readonly CancelledTasks[]): void {
  for (const each of cancelled) state.cancelled.set(each.instance, each);
}

/** What an answer tells an instance: news since its last answer, bounded in number and size. */

import type { Claim } from "../messages/commands.ts";
import type { Caller } from "../model/access.ts";
import { MAX_NAMED, MAX_TOLD_NOTES, MAX_TOLD_NOTES_BYTES } from "../model/limits.ts";
import type { News, Note, ToldNotes } from "../model/news.ts";
import type { Task } from "../model/task.ts";
import { utf8Bytes } from "../model/values.ts";
import { type UntoldNotes, untoldNotes } from "../state/news.ts";
import type { ReadonlyState } from "../state/state.ts";
import { isOfOtherSession } from "./sessions.ts";

type NoteOfTask = Note & { readonly task?: string };

/** An instance that calls, and the task that its call is about, if any: the answer has the notes on that one anyway. */
export interface Asker {
  readonly instance: string;
  readonly caller: Caller;
  readonly about?: string;
}

/**
 * All news for an instance but those of tasks that another client holds, or held, under its id, and but the notes on the
 * task that it asks about. O(tasks that it holds and their notes).
 */
export function newsFor(state: ReadonlyState, asker: Asker): News {
  const { instance, caller } = asker;
  const lost = state.instances.get(instance)?.instance.lostTasks ?? [];
  const lostTasks = lost.filter((task) => !isOfOtherSession(task, caller)).map(({ id }) => id);
  const { tasks = [], count = 0 } = state.cancelled.get(instance) ?? {};
  const cancelled = tasks.filter((task) => !isOfOtherSession(task, caller));
  const more = count - tasks.length + Math.max(0, cancelled.length - MAX_NAMED);
  return {
    ...(lostTasks.length > 0 && { lostTasks }),
    ...(cancelled.length > 0 && { cancelledTasks: cancelled.slice(0, MAX_NAMED) }),
    ...(cancelled.length > 0 && more > 0 && { moreCancelled: more }),
    ...notesOnHeld(state, asker),
  };
}

/** All notes on a task, in the news of the instance that claims it. */
export function withNotesOn(task: Task, news: News): News {
  return withNotes({ notes: task.notes ?? [], dropped: task.notesDropped ?? 0 }, news);
}

/**
 * The notes on a task that an instance reports on or ends and has not been told, in its other news: a late completion is
 * of a task that it had lost.
 */
export function withNewNotesOn(task: Task, { lostTasks = [], ...news }: News, instance: string): News {
  const lost = lostTasks.filter((id) => id !== task.id);
  return {
    ...(lost.length > 0 && { lostTasks: lost }),
    ...withNotes(untoldNotes({ ...task, assignedTo: instance }), news),
  };
}

/** The notes on the task that an answer is about, before those of other tasks. */
function withNotes(own: UntoldNotes, { notes = [], moreNotes = 0, ...others }: News): News {
  // Those of other tasks are the last to be left out: get_task_details of this one has its own.
  return { ...others, ...fitNotes([...own.notes, ...notes], moreNotes + own.dropped) };
}

/** Whether an answer tells news. */
export function tellsNews(answer: News): boolean {
  return Object.keys(mergeNews(answer, {})).length > 0;
}

/** The news in a claim that nobody reads. Notes on the task that it claimed are told by the next claim of that task. */
export function unreadNews(claim: Claim): News {
  if (claim.task === undefined) return mergeNews(claim, {});
  const { task: { id }, isRepeated, notes = [], moreNotes: _, ...others } = claim;
  const kept = notes.flatMap((note) => {
    if (note.task !== undefined) return [note];
    return isRepeated === true ? [{ task: id, ...note }] : [];
  });
  return mergeNews({ ...others, notes: kept }, {});
}

/** Two answers' news as one: nobody read those of `earlier`. */
export function mergeNews(earlier: News, later: News): News {
  const lostTasks = [...new Set([...earlier.lostTasks ?? [], ...later.lostTasks ?? []])];
  const cancelled = [...earlier.cancelledTasks ?? [], ...later.cancelledTasks ?? []];
  const more = (earlier.moreCancelled ?? 0) + (later.moreCancelled ?? 0) + Math.max(0, cancelled.length - MAX_NAMED);
  const notes = [...earlier.notes ?? [], ...later.notes ?? []];
  return {
    ...(lostTasks.length > 0 && { lostTasks }),
    ...(cancelled.length > 0 && { cancelledTasks: cancelled.slice(0, MAX_NAMED) }),
    ...(more > 0 && { moreCancelled: more }),
    ...fitNotes(notes, (earlier.moreNotes ?? 0) + (later.moreNotes ?? 0)),
  };
}

function notesOnHeld(state: ReadonlyState, { instance, caller, about }: Asker): ToldNotes {
  const notes: NoteOfTask[] = [];
  let more = 0;
  for (const { task } of state.held.get(instance) ?? []) {
    if (task.id === about || isOfOtherSession(task, caller)) continue;
    const untold = untoldNotes(task);
    more += untold.dropped;
    for (const note of untold.notes) notes.push({ task: task.id, ...note });
  }
  return fitNotes(notes.sort((a, b) => a.at - b.at), more);
}

/** The newest of these notes that fit, and how many others there are, `more` included. */
function fitNotes(notes: readonly NoteOfTask[], more: number): ToldNotes {
  let first = notes.length;
  let bytes = 0;
  while (first > 0 && notes.length - first < MAX_TOLD_NOTES) {
    bytes += utf8Bytes(notes[first - 1]?.text ?? "");
    if (bytes > MAX_TOLD_NOTES_BYTES) break;
    first--;
  }
  return {
    ...(first < notes.length && { notes: notes.slice(first) }),
    ...(more + first > 0 && { moreNotes: more + first }),
  };
}

/**
 * News: what others did to the tasks of an instance since an answer last told it. Notes on tasks that it holds, and tasks
 * that were cancelled while it held them.
 */

/** Who gave a command: the client, and the instance that the call named. */
export interface Actor {
  readonly caller: string;
  readonly instance?: string;
}

/** An actor in words. */
export function nameActor({ caller, instance }: Actor): string {
  return instance === undefined ? caller : `${instance} (${caller})`;
}

/** That a task was cancelled, and by whom if that is known, in words. */
export function describeCancellation(by: Actor | undefined): string {
  return by === undefined ? "was cancelled" : `was cancelled by ${nameActor(by)}`;
}

/** A text that somebody added to a task. It is information for whoever works on the task, not an order. */
export interface Note {
  /** The id of the instance that the call named, else the name of the client. */
  readonly author: string;
  /** The author is an instance. A client may have the name of an instance. */
  readonly isInstance?: true;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
  readonly text: string;
}

/** Some notes for an answer. */
export interface ToldNotes {
  /** The newest that fit, the oldest of them first. `task` is the task of a note, unless the answer is about that task. */
  readonly notes?: readonly (Note & { readonly task?: string })[];
  /** How many others there are. Absent if none. */
  readonly moreNotes?: number;
}

/** A task that was cancelled while an instance held it. */
export interface CancelledTask {
  readonly id: string;
  readonly attempt: number;
  /** The session of the client that had claimed it: another client of the instance is not told. */
  readonly session?: string;
  readonly by: Actor;
  /** The beginning of the reason. */
  readonly reason?: string;
}

/** The tasks that were cancelled while an instance held them, until an answer tells it. */
export interface CancelledTasks {
  readonly instance: string;
  /** The first `MAX_NAMED` of each group, at most `MAX_SCANNED`, in the order in which they were cancelled. */
  readonly tasks: readonly CancelledTask[];
  /** How many there are in all. */
  readonly count: number;
}

/** What an instance has not been told before. */
export interface News extends ToldNotes {
  /** The tasks that it lost as it did not call in time (the first few). */
  readonly lostTasks?: readonly string[];
  readonly cancelledTasks?: readonly CancelledTask[];
  /** How many more were cancelled. Absent if none. */
  readonly moreCancelled?: number;
}

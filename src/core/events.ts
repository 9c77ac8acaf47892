/**
 * What can happen, and the record that keeps it. State is the fold of these, so a published event type or
 * field never changes its meaning; what is new gets a new type.
 */

import type { NewTask, Task } from "./model.ts";

/** One fact. A record holds the events of one accepted command. */
export type Event =
  | { readonly type: "tasks.created"; readonly tasks: readonly NewTask[] }
  /** Tasks taken over as they are, with status, result and times. */
  | { readonly type: "tasks.imported"; readonly tasks: readonly Task[] }
  | {
    readonly type: "task.updated";
    readonly id: string;
    readonly description?: string;
    readonly dependencies?: readonly string[];
  }
  | { readonly type: "task.deleted"; readonly id: string }
  | { readonly type: "task.claimed"; readonly id: string; readonly instance: string; readonly attempt: number }
  | {
    readonly type: "task.completed";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly result: string;
  }
  | {
    readonly type: "task.failed";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly error: string;
  }
  | {
    readonly type: "task.released";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly reason?: string;
  }
  | { readonly type: "task.cancelled"; readonly id: string; readonly reason?: string }
  | { readonly type: "task.retried"; readonly id: string };

export type EventType = Event["type"];

/** Every event type this version knows; a journal that holds another is refused. */
export const EVENT_TYPES: readonly EventType[] = [
  "tasks.created",
  "tasks.imported",
  "task.updated",
  "task.deleted",
  "task.claimed",
  "task.completed",
  "task.failed",
  "task.released",
  "task.cancelled",
  "task.retried",
];

/** An accepted command before the journal has given it its place. */
export interface Draft {
  /** Who asked: the client. On whose behalf is in the events. */
  readonly actor: string;
  /** The command's type. */
  readonly command: string;
  readonly events: readonly Event[];
}

/** An accepted command in the journal. */
export interface JournalRecord extends Draft {
  /** Its place: 1, 2, 3… without gaps. */
  readonly seq: number;
  /** When the journal took it, in milliseconds since the Unix epoch. */
  readonly at: number;
}

/** The ids of the tasks that an event speaks of. */
export function taskIdsOf(event: Event): readonly string[] {
  return "tasks" in event ? event.tasks.map((task) => task.id) : [event.id];
}

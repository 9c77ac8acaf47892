/**
 * What can happen, and the record that keeps it. State is the fold of these, so a published event type or
 * field never changes its meaning; what is new gets a new type, or a new format version (see the codec).
 */

import type { Dependency } from "../model/dependency.ts";
import type { Group, GroupSettings } from "../model/group.ts";
import type { InstanceSettings } from "../model/instance.ts";
import type { NewTask, Task, TaskSettings } from "../model/task.ts";
import type { NewTemplate } from "../model/template.ts";

/** New values of some fields; null removes one. */
export type Changes<T> = { readonly [K in keyof T]?: T[K] | null };

/** One fact. A record holds the events of one accepted command. */
export type Event =
  | { readonly type: "tasks.created"; readonly tasks: readonly NewTask[] }
  /** Tasks taken over as they are, with status, result and times. */
  | { readonly type: "tasks.imported"; readonly tasks: readonly Task[] }
  | {
    readonly type: "task.updated";
    readonly id: string;
    readonly description?: string;
    readonly dependencies?: readonly Dependency[];
    readonly settings?: Changes<TaskSettings>;
  }
  | { readonly type: "task.deleted"; readonly id: string }
  | {
    readonly type: "task.claimed";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly leaseUntil?: number;
  }
  | {
    readonly type: "task.progressed";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly percent?: number;
    readonly message?: string;
  }
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
  /** An attempt is over without an end of the task's own: it is pending again, until `retryAt` for nobody. */
  | {
    readonly type: "attempt.ended";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly outcome: "failed" | "expired" | "lost";
    readonly error?: string;
    readonly retryAt?: number;
    /** Its attempts are used up: it failed, with `error`. */
    readonly isLast?: true;
  }
  | {
    readonly type: "task.released";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly reason?: string;
    /** What it waits for from now on. */
    readonly dependencies?: readonly Dependency[];
  }
  | { readonly type: "task.cancelled"; readonly id: string; readonly reason?: string }
  | { readonly type: "task.retried"; readonly id: string }
  /** Dependencies that can never be met, each named by `because`, ended these. */
  | {
    readonly type: "tasks.skipped";
    readonly tasks: readonly { readonly id: string; readonly because: string }[];
  }
  /** A rule ended these as failed: a deadline, or dependencies that cannot be met. */
  | {
    readonly type: "tasks.abandoned";
    readonly tasks: readonly { readonly id: string; readonly error: string }[];
  }
  | { readonly type: "task.overdue"; readonly id: string }
  | { readonly type: "instance.registered"; readonly instance: string; readonly settings: InstanceSettings }
  /** It gave a sign of life: its own time and those of its leases are extended. */
  | {
    readonly type: "instance.renewed";
    readonly instance: string;
    readonly expiresAt?: number;
    /** It was told what it had lost. */
    readonly isTold?: true;
    readonly leases: readonly { readonly id: string; readonly until: number }[];
  }
  | { readonly type: "instance.drained"; readonly instance: string }
  | { readonly type: "instance.left"; readonly instance: string }
  | { readonly type: "instance.lost"; readonly instance: string; readonly tasks: readonly string[] }
  | { readonly type: "group.created"; readonly group: Omit<Group, "createdAt"> }
  | { readonly type: "group.updated"; readonly group: string; readonly settings: Changes<GroupSettings> }
  | { readonly type: "group.deleted"; readonly group: string }
  | { readonly type: "template.saved"; readonly template: NewTemplate; readonly version: number }
  | { readonly type: "template.archived"; readonly name: string; readonly isArchived: boolean };

export type EventType = Event["type"];

/** The event of a type. */
export type EventOf<T extends EventType> = Extract<Event, { readonly type: T }>;

/** Every event type this version knows; a journal that holds another is refused. */
export const EVENT_TYPES: readonly EventType[] = [
  "tasks.created",
  "tasks.imported",
  "task.updated",
  "task.deleted",
  "task.claimed",
  "task.progressed",
  "task.completed",
  "task.failed",
  "attempt.ended",
  "task.released",
  "task.cancelled",
  "task.retried",
  "tasks.skipped",
  "tasks.abandoned",
  "task.overdue",
  "instance.registered",
  "instance.renewed",
  "instance.drained",
  "instance.left",
  "instance.lost",
  "group.created",
  "group.updated",
  "group.deleted",
  "template.saved",
  "template.archived",
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
  /** When the journal took it, in milliseconds since the Unix epoch, by a clock that may have been set back since. */
  readonly at: number;
}

/** The ids of the tasks that an event speaks of. */
export function taskIdsOf(event: Event): readonly string[] {
  switch (event.type) {
    case "tasks.created":
    case "tasks.imported":
    case "tasks.skipped":
    case "tasks.abandoned":
      return event.tasks.map((task) => task.id);
    case "instance.renewed":
      return event.leases.map((lease) => lease.id);
    case "instance.lost":
      return event.tasks;
    default:
      return "id" in event ? [event.id] : [];
  }
}

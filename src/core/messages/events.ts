/**
 * Events, and the journal record that holds them. The state is the fold of all events, so a published event type or
 * field never changes its meaning: a new meaning needs a new type or a new format version (see the codec).
 */

import type { Denial, Via } from "../model/access.ts";
import type { Dependency, ResultCondition } from "../model/dependency.ts";
import type { Actor } from "../model/news.ts";
import type { KeptVerdicts, RedactableField, RedactedRecord } from "../model/redaction.ts";
import type { JsonValue } from "../model/result.ts";
import type { Group, GroupSettings } from "../model/group.ts";
import type { InstanceSettings } from "../model/instance.ts";
import type { NewTask, Task, TaskSettings } from "../model/task.ts";
import type { NewTemplate } from "../model/template.ts";
import type { NewToken } from "../model/token.ts";
import type { NewWebhook, ReplayFrom } from "../model/webhook.ts";

/** New values of some fields; null removes one. */
export type Changes<T> = { readonly [K in keyof T]?: T[K] | null };

/** A task as it was created. */
export interface CreatedTask extends NewTask {
  /** The last attempt of an earlier task with its id, so that no attempt is claimed twice; 0 if absent. */
  readonly attempt?: number;
}

/** One fact. A record holds the events of one accepted command. */
export type Event =
  | { readonly type: "tasks.created"; readonly tasks: readonly CreatedTask[] }
  /** Tasks imported with their status, result and times. */
  | { readonly type: "tasks.imported"; readonly tasks: readonly Task[] }
  | {
    readonly type: "task.updated";
    readonly id: string;
    readonly description?: string;
    readonly dependencies?: readonly Dependency[];
    readonly settings?: Changes<TaskSettings>;
  }
  | { readonly type: "task.deleted"; readonly id: string }
  /** Ended tasks that leave the state: each after those that name it. Their groups go on counting them. */
  | { readonly type: "tasks.archived"; readonly tasks: readonly string[] }
  | {
    readonly type: "task.claimed";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly leaseUntil?: number;
    /** Of a client without a session: the length of the lease while the task has no `timeoutMs`, in milliseconds. */
    readonly leaseMs?: number;
    /** The session of the client that claimed it. Without a lease, the task is kept as long as that client is connected. */
    readonly session?: string;
    /** The answer had the preamble of the task's group. */
    readonly preamble?: true;
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
    /** The value that conditions read, if the result is not JSON itself and has it in a Markdown fence. */
    readonly value?: JsonValue;
    /** Only in a redacted record: what conditions said of the result. */
    readonly keptVerdicts?: KeptVerdicts;
    /** All references of the task from now on, if some were given. */
    readonly refs?: Readonly<Record<string, string>>;
  }
  | {
    readonly type: "task.failed";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly error: string;
  }
  /** An attempt failed, expired or was lost. The task is pending again and cannot be claimed before `retryAt`. */
  | {
    readonly type: "attempt.ended";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly outcome: "failed" | "expired" | "lost";
    readonly error?: string;
    readonly retryAt?: number;
    /** The task's attempts are used up: it failed, with `error`. */
    readonly isLast?: true;
  }
  | {
    readonly type: "task.released";
    readonly id: string;
    readonly instance: string;
    readonly attempt: number;
    readonly reason?: string;
    /** The dependencies that replace the task's. */
    readonly dependencies?: readonly Dependency[];
  }
  | {
    readonly type: "task.cancelled";
    readonly id: string;
    /** Who held it; not in records of formats 1 to 3. */
    readonly instance?: string;
    readonly reason?: string;
    /** Absent in records of formats 1 to 3. */
    readonly by?: Actor;
  }
  | { readonly type: "task.retried"; readonly id: string }
  | {
    readonly type: "task.noted";
    readonly id: string;
    /** The instance, else the name of the caller. */
    readonly author: string;
    /** Absent if the call named none. */
    readonly instance?: string;
    readonly text: string;
  }
  /**
   * Texts of a task, of all its attempts and of earlier tasks with its id, were replaced by a marker: in the state, and in
   * the lines of records before this one.
   */
  | {
    readonly type: "task.redacted";
    readonly id: string;
    readonly fields: readonly RedactableField[];
    readonly reason: string;
    readonly by: Actor;
    /** The records whose lines are rewritten, in the order of seq. */
    readonly records: readonly RedactedRecord[];
    /** The task was gone, so its group is not known. */
    readonly isGone?: true;
    /** A further record of the same redaction names more of them. */
    readonly isPartial?: true;
    /** What tasks ask or asked of the result: the rewritten lines keep the verdicts. */
    readonly conditions?: readonly ResultCondition[];
  }
  /** Tasks skipped as their dependencies cannot be met. `because` names the first such dependency. */
  | {
    readonly type: "tasks.skipped";
    readonly tasks: readonly { readonly id: string; readonly because: string }[];
  }
  /** Tasks that a rule failed: their deadline passed, or their dependencies cannot be met. */
  | {
    readonly type: "tasks.abandoned";
    readonly tasks: readonly {
      readonly id: string;
      readonly error: string;
      /** Absent in records of formats 1 and 2. */
      readonly cause?: "deadline" | "dependencies";
      /** Who held it; not in records of formats 1 to 3. */
      readonly instance?: string;
    }[];
  }
  | {
    readonly type: "task.overdue";
    readonly id: string;
    /** Who holds it; not in records of formats 1 to 3. */
    readonly instance?: string;
  }
  /** Tasks that became ready and still are at the end of the record. Changes nothing else. The last event of its record. */
  | { readonly type: "tasks.ready"; readonly tasks: readonly string[] }
  | {
    readonly type: "instance.registered";
    readonly instance: string;
    readonly settings: InstanceSettings;
    /** The audiences of the caller; absent if it sees all. The answer told only lost tasks that these audiences see. */
    readonly audiences?: readonly string[];
  }
  /** An instance called: its own time is extended, and those of its leases that run out. A lost one is there again. */
  | {
    readonly type: "instance.renewed";
    readonly instance: string;
    readonly expiresAt?: number;
    /**
     * The answer told it the news: the tasks that it had lost, those that were cancelled while it held them, and the notes
     * on those that it holds.
     */
    readonly isTold?: true;
    /** With `isTold`: the audiences of the caller; absent if it sees all. News of other tasks were not told. */
    readonly audiences?: readonly string[];
    /**
     * The session that called, with `isTold` or if another one has tasks of the instance: their news were not told, and
     * their leases are not extended.
     */
    readonly session?: string;
    /** The task of another session that the call reports on with its attempt: that lease is extended, too. */
    readonly reported?: string;
    /** It was draining when it was lost, and drains again. */
    readonly isDraining?: true;
    /** Only in records of formats 1 and 2: the leases that are extended, in place of those that run out. */
    readonly leases?: readonly { readonly id: string; readonly until: number }[];
  }
  | { readonly type: "instance.drained"; readonly instance: string }
  | { readonly type: "instance.left"; readonly instance: string }
  | {
    readonly type: "instance.lost";
    readonly instance: string;
    /** The tasks that it lost last (the first few). */
    readonly tasks: readonly string[];
    /** The sessions that kept some of these tasks, by task. */
    readonly sessions?: Readonly<Record<string, string>>;
  }
  /** A client disconnected. */
  | ({ readonly type: "session.closed" } & SessionEnd)
  /** The server process of a client died. */
  | ({ readonly type: "session.lost" } & SessionEnd)
  /** An instance called in a session after the session of these tasks had ended: they are of this one now. */
  | {
    readonly type: "session.resumed";
    readonly session: string;
    readonly instance: string;
    readonly tasks: readonly string[];
  }
  | {
    readonly type: "group.created";
    /** `createdAt` and `archived` only of an imported one; without `createdAt`, it is created by this record. */
    readonly group: Omit<Group, "createdAt"> & Partial<Pick<Group, "createdAt">>;
  }
  | { readonly type: "group.updated"; readonly group: string; readonly settings: Changes<GroupSettings> }
  | { readonly type: "group.deleted"; readonly group: string }
  | {
    readonly type: "template.saved";
    readonly template: NewTemplate;
    readonly version: number;
    /** When an imported one was first saved, in milliseconds since the Unix epoch; absent if by this record. */
    readonly createdAt?: number;
  }
  | { readonly type: "template.archived"; readonly name: string; readonly isArchived: boolean }
  | { readonly type: "token.issued"; readonly token: NewToken }
  | { readonly type: "token.revoked"; readonly name: string }
  | { readonly type: "webhook.saved"; readonly webhook: NewWebhook }
  /** It signs with another secret from now on, and with the one before until `previousUntil`. */
  | {
    readonly type: "webhook.rotated";
    readonly name: string;
    readonly secret: string;
    readonly previousUntil?: number;
  }
  /** What it did not get is to be sent again, or all from a place on. It is enabled. */
  | { readonly type: "webhook.replayed"; readonly name: string; readonly from?: ReplayFrom }
  | { readonly type: "webhook.disabled"; readonly name: string; readonly why: string }
  | { readonly type: "webhook.deleted"; readonly name: string }
  /** A call was refused to its caller. Changes nothing. */
  | { readonly type: "access.denied"; readonly denial: Denial }
  /** Nothing can be claimed from now on. */
  | {
    readonly type: "project.paused";
    readonly reason: string;
    readonly by: Actor;
    /** Since when an imported plan was paused, in milliseconds since the Unix epoch; absent if since this record. */
    readonly since?: number;
  }
  | { readonly type: "project.resumed" }
  /** A handler failed to handle a notification, or was given up. Changes nothing. */
  | ({ readonly type: "handler.failed" } & HandlerFailure)
  /**
   * Records up to `from` were written by a clock that stood in the future: the time is `to`. It is the only event of its
   * command, and its record is the only one that may be earlier than the one before.
   */
  | { readonly type: "clock.corrected"; readonly from: number; readonly to: number };

/** A run of a handler that failed. */
export interface HandlerFailure {
  /** The name of the handler. */
  readonly handler: string;
  /** The id of the notification that it got. */
  readonly notification: string;
  /** The task that this is about, if any: what the handler said may have texts of it. */
  readonly task?: string;
  /** What went wrong, in words. */
  readonly error: string;
  /** How often the handler has been run with this notification. */
  readonly tries: number;
  /** It is not run with this notification again. */
  readonly isPassedOver?: true;
}

/**
 * The end of a session. Its tasks go back at `until`, unless their instances call in another session before. Those with a
 * lease go by it instead. Its instances are told elsewhere of the tasks that were cancelled while it had them.
 */
export interface SessionEnd {
  readonly session: string;
  readonly until: number;
  readonly tasks: readonly string[];
}

export type EventType = Event["type"];

/** The event of a type. */
export type EventOf<T extends EventType> = Extract<Event, { readonly type: T }>;

/** Every event type that this version knows; a journal with any other is refused. */
export const EVENT_TYPES: readonly EventType[] = [
  "tasks.created",
  "tasks.imported",
  "task.updated",
  "task.deleted",
  "tasks.archived",
  "task.claimed",
  "task.progressed",
  "task.completed",
  "task.failed",
  "attempt.ended",
  "task.released",
  "task.cancelled",
  "task.retried",
  "task.noted",
  "task.redacted",
  "tasks.skipped",
  "tasks.abandoned",
  "task.overdue",
  "tasks.ready",
  "instance.registered",
  "instance.renewed",
  "instance.drained",
  "instance.left",
  "instance.lost",
  "session.closed",
  "session.lost",
  "session.resumed",
  "group.created",
  "group.updated",
  "group.deleted",
  "template.saved",
  "template.archived",
  "token.issued",
  "token.revoked",
  "webhook.saved",
  "webhook.rotated",
  "webhook.replayed",
  "webhook.disabled",
  "webhook.deleted",
  "access.denied",
  "project.paused",
  "project.resumed",
  "handler.failed",
  "clock.corrected",
];

/** An accepted command that has no `seq` yet. */
export interface Draft {
  /** When it is appended, in milliseconds since the Unix epoch; before the record before it only if it corrects the clock. */
  readonly at: number;
  /** The name of the caller. The events name the instance. */
  readonly actor: string;
  /** The way by which the command came. Absent in records of format 2, and where no client asked for it. */
  readonly via?: Via;
  /** The id of the request: see `model/request.ts`. Absent in records of format 2. */
  readonly request?: string;
  /** The command's type. */
  readonly command: string;
  /**
   * The groups that the tasks of the events were in before this record, but for tasks that it creates; absent if none
   * was in a group. `unknown` in records of formats 1 and 2, which do not tell.
   */
  readonly groups?: readonly GroupTasks[] | "unknown";
  readonly events: readonly Event[];
}

/** Some tasks of a group. */
export interface GroupTasks {
  readonly group: string;
  readonly tasks: readonly string[];
}

/** An accepted command in the journal. In records of format 2, `at` may be before the record before it. */
export interface JournalRecord extends Draft {
  /** Its position in the journal: 1, 2, 3… without gaps. */
  readonly seq: number;
  /** Not in the journal. Of a record of format 1 or 2: tasks that became ready through it are not to be announced. */
  readonly isSilent?: true;
}

/** The time of a record with these events that is decided at `now`, both in milliseconds since the Unix epoch. */
export function timeOf(events: readonly Event[], now: number): number {
  const [first] = events;
  return first?.type === "clock.corrected" ? first.to : now;
}

/** The ids of the tasks that an event changes. */
export function taskIdsOf(event: Event): readonly string[] {
  switch (event.type) {
    case "tasks.created":
    case "tasks.imported":
    case "tasks.skipped":
    case "tasks.abandoned":
      return event.tasks.map((task) => task.id);
    case "instance.renewed":
      return event.leases?.map((lease) => lease.id) ?? [];
    case "instance.lost":
    case "session.closed":
    case "session.lost":
    case "session.resumed":
    case "tasks.ready":
    case "tasks.archived":
      return event.tasks;
    default:
      return "id" in event ? [event.id] : [];
  }
}

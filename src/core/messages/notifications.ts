/**
 * What a record tells the outside: one notification about one subject for each fact, in the form of CloudEvents 1.0
 * (docs/events.md). Derived from the record alone, so every reader sees the same ids in the same order. A published
 * format: types and fields are added, never changed.
 */

import type { Via } from "../model/access.ts";
import type { Actor, Note } from "../model/news.ts";
import type { Attempt, NewTask, Progress, Task, TaskSettings } from "../model/task.ts";
import { isoTime } from "../model/text.ts";
import type { Changes, Event, EventOf, JournalRecord } from "./events.ts";

/** Stands before every type outside. */
export const TYPE_PREFIX = "orchestrator.";

/** Every type, without the prefix. */
export const NOTIFICATION_TYPES = [
  "task.created",
  "task.imported",
  "task.updated",
  "task.deleted",
  "task.archived",
  "task.ready",
  "task.claimed",
  "task.progressed",
  "task.completed",
  "task.failed",
  "task.returned",
  "task.cancelled",
  "task.retried",
  "task.noted",
  "task.redacted",
  "task.skipped",
  "task.overdue",
  "instance.registered",
  "instance.renewed",
  "instance.draining",
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
  "template.restored",
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
] as const;

export type NotificationType = typeof NOTIFICATION_TYPES[number];

/** Why a task failed: its holder said so, its attempts are used up, its deadline passed, or a dependency can't be met. */
export type FailureCause = "reported" | "attempts" | "deadline" | "dependencies";

/** Why a task is pending again after a claim. */
export type ReturnCause = "released" | "failed" | "expired" | "lost";

/** The facts of a notification: those below, and those of its type. Times are ISO 8601, durations milliseconds. */
export interface NotificationData {
  /** The group of the task, or the group itself. Absent if it has none, or if that is not known. */
  readonly group?: string;
  /** The group that an update took the task out of. */
  readonly previousGroup?: string;
  readonly instance?: string;
  readonly attempt?: number;
  readonly cause?: FailureCause | ReturnCause;
  /** Who cancelled the task, or paused the project. */
  readonly by?: Actor;
  /** The client that called, or whose call was denied. */
  readonly actor: string;
  readonly via?: Via;
  readonly [field: string]: unknown;
}

/** A notification in the JSON form of CloudEvents 1.0. */
export interface Notification {
  readonly specversion: "1.0";
  /** The record's `seq`, and the index of this notification among those of the record: `12.0`. Unique in a source. */
  readonly id: string;
  /** The journal: see `sourceOf`. */
  readonly source: string;
  readonly type: `${typeof TYPE_PREFIX}${NotificationType}`;
  /** The bare id of the task, instance, session, group, template, token or webhook. Absent of what is about the whole journal. */
  readonly subject?: string;
  readonly time: string;
  readonly datacontenttype: "application/json";
  readonly data: NotificationData;
}

export interface NotificationOptions {
  /** The journal: see `sourceOf`. */
  readonly source: string;
  /** The group of a task that a record of format 2 or 1 does not tell. Default: such groups stay unknown. */
  readonly groupOf?: (id: string) => string | undefined;
}

/** Names a journal in the way of CloudEvents. `epoch` differs where a repair has given seqs away a second time. */
export function sourceOf({ id, epoch }: { readonly id: string; readonly epoch: number }): string {
  return `orchestrator://journals/${id}/${epoch}`;
}

/** The notifications of a record, in the order in which the facts became true. */
export function notificationsOf(record: JournalRecord, { source, groupOf }: NotificationOptions): Notification[] {
  const { seq, actor, via } = record;
  const time = isoTime(record.at);
  const groups = new GroupsInRecord(record, groupOf);
  const overdue = new Set(record.events.flatMap((event) => event.type === "task.overdue" ? [event.id] : []));
  const notifications: Notification[] = [];
  for (const event of record.events) {
    for (
      const { type, subject, data, by = { actor, ...(via !== undefined && { via }) } } of factsOf(
        event,
        groups,
        overdue,
      )
    ) {
      notifications.push({
        specversion: "1.0",
        id: `${seq}.${notifications.length}`,
        source,
        type: `${TYPE_PREFIX}${type}`,
        ...(subject !== undefined && { subject }),
        time,
        datacontenttype: "application/json",
        data: { ...data, ...by },
      });
    }
  }
  return notifications;
}

/** One fact about one subject, without what it shares with the others of its record. */
interface Fact {
  readonly type: NotificationType;
  readonly subject?: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** The caller, if it is not that of the record. */
  readonly by?: Pick<NotificationData, "actor" | "via">;
}

/** The groups of tasks as the events of one record follow each other. */
class GroupsInRecord {
  readonly #groups = new Map<string, string | undefined>();
  readonly #groupOf: (id: string) => string | undefined;

  constructor({ groups }: JournalRecord, groupOf: (id: string) => string | undefined = () => undefined) {
    // A record that knows groups names every task that has one.
    this.#groupOf = groups === "unknown" ? groupOf : () => undefined;
    for (const { group, tasks } of groups === "unknown" ? [] : groups ?? []) {
      for (const id of tasks) this.#groups.set(id, group);
    }
  }

  of(id: string): string | undefined {
    return this.#groups.has(id) ? this.#groups.get(id) : this.#groupOf(id);
  }

  set(id: string, group: string | undefined): void {
    this.#groups.set(id, group);
  }
}

function factsOf(event: Event, groups: GroupsInRecord, overdue: ReadonlySet<string>): readonly Fact[] {
  const aboutTask = (type: NotificationType, id: string, data: Fact["data"]): readonly Fact[] => {
    const group = groups.of(id);
    return [{ type, subject: id, data: { ...(group !== undefined && { group }), ...data } }];
  };
  switch (event.type) {
    case "tasks.created":
      return event.tasks.map((task) => createdFact("task.created", task, groups));
    case "tasks.imported":
      return event.tasks.map((task) => createdFact("task.imported", task, groups));
    case "task.updated":
      return [updatedFact(event, groups)];
    case "tasks.ready":
      return event.tasks.flatMap((id) => aboutTask("task.ready", id, {}));
    case "tasks.archived":
      return event.tasks.flatMap((id) => aboutTask("task.archived", id, {}));
    case "session.closed":
    case "session.lost": {
      const { type, session, until, ...data } = event;
      return [{ type, subject: session, data: { ...data, ...timesOf({ until }) } }];
    }
    case "session.resumed": {
      const { type, session, ...data } = event;
      return [{ type, subject: session, data }];
    }
    case "clock.corrected":
      return [{ type: event.type, data: timesOf({ from: event.from, to: event.to }) }];
    case "task.deleted":
      return aboutTask("task.deleted", event.id, {});
    case "task.claimed": {
      const { type, id, leaseUntil, ...data } = event;
      return aboutTask(type, id, { ...data, ...timesOf({ leaseUntil }) });
    }
    case "task.completed": {
      const { type, id, keptVerdicts: _, ...data } = event;
      return aboutTask(type, id, data);
    }
    case "task.redacted": {
      const { type, id, fields, reason, by, records, isGone } = event;
      const gone = isGone === true && { isGone };
      return aboutTask(type, id, { fields, reason, by, records: records.length, ...gone });
    }
    case "task.progressed":
    case "task.cancelled":
    case "task.retried":
    case "task.noted":
    case "task.overdue": {
      const { type, id, ...data } = event;
      return aboutTask(type, id, data);
    }
    case "task.failed": {
      const { type, id, ...data } = event;
      return aboutTask(type, id, { cause: "reported" satisfies FailureCause, ...data });
    }
    case "attempt.ended":
      return attemptEnded(event, aboutTask);
    case "task.released": {
      const { type: _, id, ...data } = event;
      return aboutTask("task.returned", id, { cause: "released" satisfies ReturnCause, ...data });
    }
    case "tasks.skipped":
      return event.tasks.flatMap(({ id, because }) => aboutTask("task.skipped", id, { because }));
    case "tasks.abandoned":
      return event.tasks.flatMap(({ id, ...data }) => {
        const cause = causeOf({ id, ...data }, overdue);
        return aboutTask("task.failed", id, { ...data, ...(cause !== undefined && { cause }) });
      });
    case "instance.registered":
      return [{ type: event.type, subject: event.instance, data: { instance: event.instance, ...event.settings } }];
    case "instance.renewed": {
      const { type, instance, expiresAt, leases, ...data } = event;
      const extended = leases?.map(({ id, until }) => ({ task: id, until: isoTime(until) }));
      return [{
        type,
        subject: instance,
        data: { instance, ...data, ...timesOf({ expiresAt }), ...(extended !== undefined && { leases: extended }) },
      }];
    }
    case "instance.drained":
      return [{ type: "instance.draining", subject: event.instance, data: { instance: event.instance } }];
    case "instance.left":
      return [{ type: event.type, subject: event.instance, data: { instance: event.instance } }];
    case "instance.lost": {
      const { type, sessions: _, ...data } = event;
      return [{ type, subject: event.instance, data }];
    }
    case "group.created": {
      const { id, createdAt, ...settings } = event.group;
      return [{ type: event.type, subject: id, data: { group: id, ...settings, ...timesOf({ createdAt }) } }];
    }
    case "group.updated":
      return [{ type: event.type, subject: event.group, data: { group: event.group, settings: event.settings } }];
    case "group.deleted":
      return [{ type: event.type, subject: event.group, data: { group: event.group } }];
    case "template.saved": {
      const { version, createdAt, template: { name, ...content } } = event;
      return [{ type: event.type, subject: name, data: { version, ...content, ...timesOf({ createdAt }) } }];
    }
    case "template.archived":
      return [{ type: event.isArchived ? "template.archived" : "template.restored", subject: event.name, data: {} }];
    case "token.issued": {
      const { name, digest: _, expiresAt, ...data } = event.token;
      return [{ type: event.type, subject: name, data: { ...data, ...timesOf({ expiresAt }) } }];
    }
    case "token.revoked":
      return [{ type: event.type, subject: event.name, data: {} }];
    case "project.paused": {
      const { type, since, ...data } = event;
      return [{ type, data: { ...data, ...timesOf({ since }) } }];
    }
    case "project.resumed":
      return [{ type: event.type, data: {} }];
    case "webhook.saved": {
      const { name, url, audiences, id: _i, secret: _s, ...filter } = event.webhook;
      return [{
        type: event.type,
        subject: name,
        data: { url, filter, ...(audiences !== undefined && { audiences }) },
      }];
    }
    case "webhook.rotated":
      return [{ type: event.type, subject: event.name, data: timesOf({ previousUntil: event.previousUntil }) }];
    case "webhook.replayed": {
      const { type, name, from } = event;
      const place = from !== undefined && "at" in from ? timesOf({ at: from.at }) : from;
      return [{ type, subject: name, data: { ...(place !== undefined && { from: place }) } }];
    }
    case "webhook.disabled":
      return [{ type: event.type, subject: event.name, data: { why: event.why } }];
    case "webhook.deleted":
      return [{ type: event.type, subject: event.name, data: {} }];
    case "access.denied": {
      const { caller, via, ...data } = event.denial;
      return [{ type: event.type, data, by: { actor: caller, ...(via !== undefined && { via }) } }];
    }
    case "handler.failed": {
      const { type, handler, ...data } = event;
      return [{ type, subject: handler, data }];
    }
    default:
      return event satisfies never;
  }
}

function createdFact(
  type: "task.created" | "task.imported",
  { id, keptVerdicts: _, ...task }: NewTask & Partial<Task>,
  groups: GroupsInRecord,
): Fact {
  groups.set(id, task.group);
  return { type, subject: id, data: presented(task) };
}

function updatedFact(
  { id, settings, description, dependencies }: EventOf<"task.updated">,
  groups: GroupsInRecord,
): Fact {
  const before = groups.of(id);
  if (settings?.group !== undefined) groups.set(id, settings.group ?? undefined);
  const group = groups.of(id);
  return {
    type: "task.updated",
    subject: id,
    data: {
      ...(group !== undefined && { group }),
      ...(before !== undefined && before !== group && { previousGroup: before }),
      ...(description !== undefined && { description }),
      ...(dependencies !== undefined && { dependencies }),
      ...(settings !== undefined && { settings: presented(settings) }),
    },
  };
}

function attemptEnded(
  { type: _, id, outcome, retryAt, isLast, ...data }: EventOf<"attempt.ended">,
  aboutTask: (type: NotificationType, id: string, data: Fact["data"]) => readonly Fact[],
): readonly Fact[] {
  return isLast === true
    ? aboutTask("task.failed", id, { cause: "attempts" satisfies FailureCause, outcome, ...data })
    : aboutTask("task.returned", id, { cause: outcome satisfies ReturnCause, ...data, ...timesOf({ retryAt }) });
}

/**
 * Why a rule failed a task. Records of formats 1 and 2 have it in English only: there, a task that was not found overdue
 * in the same record failed by its dependencies, as a deadline is found and acted on at once; otherwise it is unknown.
 */
function causeOf(
  { id, cause }: EventOf<"tasks.abandoned">["tasks"][number],
  overdue: ReadonlySet<string>,
): FailureCause | undefined {
  return cause ?? (overdue.has(id) ? undefined : "dependencies");
}

/** The fields of tasks and settings that are times. */
const TIMES: ReadonlySet<string> = new Set(
  [
    "notBefore",
    "deadline",
    "createdAt",
    "pendingAt",
    "readyAt",
    "retryAt",
    "startedAt",
    "leaseUntil",
    "finishedAt",
  ] satisfies readonly (keyof Task)[],
);

/** A task or its settings with all times as ISO 8601. */
function presented(task: Partial<Task> | Changes<TaskSettings>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(task).map(([field, value]) => {
      if (TIMES.has(field) && typeof value === "number") return [field, isoTime(value)];
      // These fields have these types wherever they occur.
      if (field === "progress") return [field, presentedProgress(value as Progress)];
      if (field === "pastAttempts") return [field, (value as readonly Attempt[]).map(presentedAttempt)];
      if (field === "notes") return [field, (value as readonly Note[]).map(presentedNote)];
      return [field, value];
    }),
  );
}

function presentedNote(note: Note): Readonly<Record<string, unknown>> {
  return { ...note, at: isoTime(note.at) };
}

function presentedProgress(progress: Progress): Readonly<Record<string, unknown>> {
  return { ...progress, at: isoTime(progress.at) };
}

function presentedAttempt(attempt: Attempt): Readonly<Record<string, unknown>> {
  return { ...attempt, startedAt: isoTime(attempt.startedAt), endedAt: isoTime(attempt.endedAt) };
}

/** The given times that are set, as ISO 8601. */
function timesOf(times: Readonly<Record<string, number | undefined>>): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(times).flatMap(([field, at]) => at === undefined ? [] : [[field, isoTime(at)]]),
  );
}

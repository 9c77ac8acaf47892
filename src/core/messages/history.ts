/**
 * Selects notifications, and gives a store keys by which it finds the records that may hold them. Both come from
 * `notificationsOf`, so an index can never disagree with what is shown.
 */

import { Refusal } from "../model/refusal.ts";
import { printable } from "../model/values.ts";
import { askedConditions } from "./asked_conditions.ts";
import type { JournalRecord } from "./events.ts";
import {
  type Notification,
  NOTIFICATION_TYPES,
  notificationsOf,
  type NotificationType,
  TYPE_PREFIX,
} from "./notifications.ts";

/** A notification must match all given fields. */
export interface HistoryFilter {
  /** Only those about this task. */
  readonly task?: string;
  /** Only those about this instance, about a task that it held then, and cancellations by it. */
  readonly instance?: string;
  /** Only those about this group, or about a task that was in it, joined it or left it. */
  readonly group?: string;
  /** Only those of one of these types. */
  readonly types?: readonly NotificationType[];
  /** Only what this client did, or was denied. */
  readonly actor?: string;
  /** Only what holders of this token did, or were denied. */
  readonly token?: string;
}

/** Whether a filter selects a notification. */
export function isSelected(notification: Notification, filter: HistoryFilter): boolean {
  const { type, subject, data } = notification;
  const { task, instance, group, types, actor, token } = filter;
  const name = nameOf(type);
  return (types === undefined || types.includes(name)) &&
    (task === undefined || (name.startsWith("task.") && subject === task) ||
      denied(notification, "tasks").includes(task)) &&
    (instance === undefined || instancesOf(data).includes(instance) ||
      denied(notification, "instances").includes(instance)) &&
    (group === undefined || data.group === group || data.previousGroup === group ||
      denied(notification, "groups").includes(group)) &&
    (actor === undefined || data.actor === actor) &&
    (token === undefined || data.via?.token === token);
}

/** The objects of one kind that a denied call named; none of another notification. */
function denied({ type, data }: Notification, kind: "tasks" | "instances" | "groups"): readonly string[] {
  // A denial has lists of ids.
  return nameOf(type) === "access.denied" ? (data[kind] ?? []) as readonly string[] : [];
}

/** Whether only an admin sees notifications of a type. */
export function isForAdmins(type: NotificationType): boolean {
  return type.startsWith("token.") || type.startsWith("webhook.") || type === "access.denied" ||
    type === "handler.failed";
}

/** The instances that a notification is about: who holds the task or acts, and who cancelled it. */
function instancesOf({ instance, by }: Notification["data"]): readonly string[] {
  return [instance, by?.instance].filter((id) => id !== undefined);
}

/** The type without the prefix that all have. */
export function nameOf(type: Notification["type"]): NotificationType {
  // Every type is made of the prefix and one of these.
  return type.slice(TYPE_PREFIX.length) as NotificationType;
}

/** The type that a text names, with or without the prefix. */
export function findType(text: string): NotificationType | undefined {
  const name = text.startsWith(TYPE_PREFIX) ? text.slice(TYPE_PREFIX.length) : text;
  return NOTIFICATION_TYPES.find((type) => type === name);
}

/**
 * The type that a text names, with or without the prefix.
 *
 * @throws Refusal `invalid_value` if there is none
 */
export function requireType(text: string): NotificationType {
  const type = findType(text);
  if (type !== undefined) return type;
  throw new Refusal(
    "invalid_value",
    `There is no event type ${printable(text)}: there are ${NOTIFICATION_TYPES.join(", ")}`,
  );
}

/** Version of what `keysOfRecord` returns: indexes of other versions are made anew. Raise it when that changes. */
export const KEYS_VERSION = 3;

/**
 * The keys of a record, for an index: a record with a notification that a filter selects has at least one key of each
 * list of `keysOfFilter`. Some keys may repeat.
 */
export function keysOfRecord(record: JournalRecord): readonly string[] {
  const keys: string[] = record.groups === "unknown" ? [UNKNOWN_GROUPS] : [];
  for (const notification of notificationsOf(record, { source: "" })) {
    const { type, subject, data } = notification;
    const name = nameOf(type);
    keys.push(typeKey(name), actorKey(data.actor));
    if (data.via?.token !== undefined) keys.push(tokenKey(data.via.token));
    for (const id of denied(notification, "tasks")) keys.push(taskKey(id));
    for (const id of denied(notification, "instances")) keys.push(instanceKey(id));
    for (const id of denied(notification, "groups")) keys.push(groupKey(id));
    if (name === "handler.failed" && typeof data.task === "string") keys.push(taskKey(data.task));
    if (name.startsWith("task.") && subject !== undefined) keys.push(taskKey(subject));
    for (const instance of instancesOf(data)) keys.push(instanceKey(instance));
    if (data.group !== undefined) keys.push(groupKey(data.group));
    if (data.previousGroup !== undefined) keys.push(groupKey(data.previousGroup));
  }
  for (const { task } of askedConditions(record.events)) keys.push(conditionKey(task));
  return keys;
}

/** Lists of keys: see `keysOfRecord`. They select the records with conditions on the result of a task. */
export function keysOfConditions(task: string): readonly (readonly string[])[] {
  return [[conditionKey(task)]];
}

/** Lists of keys: see `keysOfRecord`. Empty if the filter selects everything. */
export function keysOfFilter(
  { task, instance, group, types, actor, token }: HistoryFilter,
): readonly (readonly string[])[] {
  return [
    ...(task !== undefined ? [[taskKey(task)]] : []),
    ...(instance !== undefined ? [[instanceKey(instance)]] : []),
    ...(group !== undefined ? [[groupKey(group), UNKNOWN_GROUPS]] : []),
    ...(types !== undefined ? [types.map(typeKey)] : []),
    ...(actor !== undefined ? [[actorKey(actor)]] : []),
    ...(token !== undefined ? [[tokenKey(token)]] : []),
  ];
}

/** The key of records that do not tell the groups of their tasks: a search by any group must read these. */
const UNKNOWN_GROUPS = "?";

const taskKey = (id: string) => `t${id}`;
const instanceKey = (id: string) => `i${id}`;
const groupKey = (id: string) => `g${id}`;
const conditionKey = (id: string) => `c${id}`;
const actorKey = (name: string) => `a${name}`;
const tokenKey = (name: string) => `k${name}`;
const typeKey = (type: NotificationType) => `y${type}`;

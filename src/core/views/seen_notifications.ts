/**
 * The notifications that a caller sees: those of groups and tasks that it may see now, and could see then. Of lists of
 * tasks, it sees these only.
 */

import { hasRight, type KnownCaller } from "../model/access.ts";
import { type Dependency, referencesOf } from "../model/dependency.ts";
import type { Assignment, TaskSettings } from "../model/task.ts";
import { isForAdmins, nameOf } from "../messages/history.ts";
import type { Notification, NotificationData } from "../messages/notifications.ts";
import { sawGroup } from "../state/past_audiences.ts";
import { wholeOf } from "../state/sight.ts";
import type { ReadonlyState } from "../state/state.ts";

/** The notifications of a record. */
export interface RecordNotifications {
  readonly seq: number;
  readonly notifications: readonly Notification[];
}

/** Those of some notifications of a record that a caller sees. O(tasks and groups that they name). */
export function seenNotifications(
  state: ReadonlyState,
  { seq, notifications }: RecordNotifications,
  { role, audiences }: KnownCaller,
): readonly Notification[] {
  if (hasRight(role, "administer")) return notifications;
  const open = notifications.filter(({ type }) => !isForAdmins(nameOf(type))).map(withoutAddress);
  if (audiences === undefined) return open;
  const { tasks, groups, instances, pastAudiences } = wholeOf(state);
  const sees = (id: string, at: number) => {
    return sawGroup(pastAudiences, { id, at, now: groups.get(id)?.group }, audiences);
  };
  const isHidden = (id: string, at: number) => {
    const group = tasks.get(id)?.task.group;
    return group !== undefined && !sees(group, at);
  };
  return open.flatMap((each) => {
    const { data, subject, type } = each;
    if ([data.group, data.previousGroup].some((id) => id !== undefined && !sees(id, seq))) return [];
    // The task may have been in a group that the caller does not see.
    if (nameOf(type) === "task.redacted" && data.isGone === true) return [];
    if (nameOf(type).startsWith("task.") && subject !== undefined && isHidden(subject, Infinity)) return [];
    if (tasksNamedBy(data).some((id) => isHidden(id, Infinity))) return [];
    if (groupsNamedBy(data).some((id) => groups.has(id) && !sees(id, Infinity))) return [];
    // An unregistered instance is known by its tasks only.
    if (nameOf(type) === "instance.renewed" && subject !== undefined && !instances.has(subject)) return [];
    const shown = withoutTasks(each, (id) => !tasks.has(id) || isHidden(id, seq));
    return nameOf(type).startsWith("session.") && isEmptied(each, shown) ? [] : [shown];
  });
}

/** The notification without the network address of the client, which only admins see. */
function withoutAddress(notification: Notification): Notification {
  const { via, ...data } = notification.data;
  if (via?.address === undefined) return notification;
  const { address: _, ...shown } = via;
  return { ...notification, data: { ...data, via: shown } };
}

/** The notification with lists of those tasks only that are not hidden. */
function withoutTasks(notification: Notification, isHidden: (id: string) => boolean): Notification {
  const { tasks, leases, ...data } = notification.data;
  if (tasks === undefined && leases === undefined) return notification;
  // Notifications about instances and sessions have lists of ids, and of leases with the ids of their tasks.
  const shown = (tasks as readonly string[] | undefined)?.filter((id) => !isHidden(id));
  const left = (leases as readonly { readonly task: string }[] | undefined)?.filter(({ task }) => !isHidden(task));
  return {
    ...notification,
    data: { ...data, ...(shown !== undefined && { tasks: shown }), ...(left !== undefined && { leases: left }) },
  };
}

/** Whether nothing is left of a notification that has tasks. */
function isEmptied(all: Notification, shown: Notification): boolean {
  return countTasks(all) > 0 && countTasks(shown) === 0;
}

function countTasks({ data: { tasks } }: Notification): number {
  return Array.isArray(tasks) ? tasks.length : 0;
}

/** The part of a notification about a new or changed task that names others. */
interface Naming {
  readonly dependencies?: readonly Dependency[];
  readonly assignTo?: Assignment | null;
  readonly settings?: Pick<TaskSettings, "assignTo">;
}

function tasksNamedBy(data: NotificationData): readonly string[] {
  // These fields have these types wherever they occur.
  const { assignTo, settings } = data as Naming;
  return [
    ...referencesIn(data, "task"),
    ...assignTo?.notBy ?? [],
    ...settings?.assignTo?.notBy ?? [],
  ];
}

function groupsNamedBy(data: NotificationData): readonly string[] {
  return referencesIn(data, "group");
}

function referencesIn(data: NotificationData, wanted: "task" | "group"): readonly string[] {
  const { dependencies = [] } = data as Naming;
  return dependencies.flatMap((dependency) => {
    return Array.from(referencesOf(dependency)).flatMap(({ type, id }) => type === wanted ? id : []);
  });
}

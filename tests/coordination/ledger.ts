/**
 * How things stand after some events, worked out in the plainest way and without the program's own state, so that
 * checks do not trust what they check.
 */

import {
  type AtLeast,
  type Dependency,
  type GroupDependency,
  isList,
  meets,
  type TaskDependency,
} from "../../src/core/model/dependency.ts";
import type { Event } from "../../src/core/messages/events.ts";
import { valueOf } from "../../src/core/model/result.ts";
import type { NewTask } from "../../src/core/model/task.ts";
import type { TaskStatus } from "../../src/core/model/status.ts";

export interface Account {
  readonly task: NewTask;
  status: TaskStatus;
  /** How often it was claimed. */
  attempt: number;
  /** Who works on it. */
  holder: string | undefined;
  result: string;
}

/** By the tasks' ids, in the order of creation. */
export type Ledger = Map<string, Account>;

/** Enters an event. What a coordination run never does is not known here. */
export function enter(ledger: Ledger, event: Event): void {
  switch (event.type) {
    case "tasks.created":
      for (const task of event.tasks) {
        ledger.set(task.id, { task, status: "pending", attempt: 0, holder: undefined, result: "" });
      }
      return;
    case "task.claimed":
      return change(ledger, event.id, { status: "in_progress", holder: event.instance, attempt: event.attempt });
    case "task.completed":
      return change(ledger, event.id, { status: "completed", holder: undefined, result: event.result });
    case "task.failed":
      return change(ledger, event.id, { status: "failed", holder: undefined });
    case "attempt.ended":
      return change(ledger, event.id, { status: event.isLast === true ? "failed" : "pending", holder: undefined });
    case "task.released":
      return change(ledger, event.id, { status: "pending", holder: undefined });
    case "tasks.skipped":
      for (const { id } of event.tasks) change(ledger, id, { status: "skipped" });
  }
}

/** Whether everything that a task waits for has happened. */
export function hasWhatItNeeds(ledger: Ledger, { dependencies }: NewTask): boolean {
  return dependencies.every((dependency) => isMet(ledger, dependency));
}

/** Whether what a dependency asks for has happened. */
export function isMet(ledger: Ledger, dependency: Dependency): boolean {
  if (typeof dependency === "string") return isMet(ledger, { task: dependency });
  if ("task" in dependency) return isTaskMet(ledger, dependency);
  if ("group" in dependency) return isMet(ledger, { at_least: "100%", of: dependency });
  if ("any" in dependency) return dependency.any.some((part) => isMet(ledger, part));
  if ("all" in dependency) return dependency.all.every((part) => isMet(ledger, part));
  return isShareMet(ledger, dependency);
}

/** The tasks of a group. */
export function membersOf(ledger: Ledger, group: string): readonly Account[] {
  return Array.from(ledger.values()).filter(({ task }) => task.group === group);
}

function isTaskMet(ledger: Ledger, { task, on = "completed", when }: TaskDependency): boolean {
  const { status = "pending", result = "" } = ledger.get(task) ?? {};
  const isSo = on === "finished" ? status !== "pending" && status !== "in_progress" : status === on;
  return isSo && (when === undefined || meets(valueOf({ result }), when));
}

function isShareMet(ledger: Ledger, { at_least, of }: AtLeast): boolean {
  const parts = isList(of) ? of : membersAsParts(ledger, of);
  const met = parts.filter((part) => isMet(ledger, part)).length;
  const needed = typeof at_least === "number" ? at_least : Number(at_least.slice(0, -1)) * parts.length / 100;
  return parts.length > 0 && met >= needed;
}

function membersAsParts(ledger: Ledger, { group, on = "completed" }: GroupDependency): readonly Dependency[] {
  return membersOf(ledger, group).map(({ task }) => ({ task: task.id, on }));
}

function change(ledger: Ledger, id: string, changes: Partial<Account>): void {
  const account = ledger.get(id);
  if (account !== undefined) Object.assign(account, changes);
}

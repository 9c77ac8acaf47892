/**
 * The rules for making, changing and removing tasks, and for those ends of theirs that need no holder.
 */

import type { TaskDefaults } from "./commands.ts";
import { checkSettings } from "./check_settings.ts";
import { type Deciders, refuse, viewIn, wrongState } from "./decision.ts";
import { normalize } from "./dependency.ts";
import type { Changes, Event } from "./events.ts";
import { reasonOf, waysOut } from "./explain.ts";
import { checkMove, checkNewDependencies, checkNewTasks, nameSome } from "./graph.ts";
import { IdMap } from "./id_map.ts";
import {
  MAX_DESCRIPTION_BYTES,
  MAX_ERROR_BYTES,
  MAX_IMPORTED_ATTEMPT,
  MAX_MESSAGE_BYTES,
  MAX_NAMED,
  MAX_PAST_ATTEMPTS,
  MAX_REASON_BYTES,
  MAX_RESULT_BYTES,
  MAX_TASKS,
  MAX_TIME_MS,
} from "./limits.ts";
import type { NewTask, Task, TaskSettings } from "./model.ts";
import { Refusal } from "./refusal.ts";
import { eachOnce, type Remedy } from "./remedies.ts";
import { endsAgain } from "./roots.ts";
import type { ReadonlyTaskNode } from "./state.ts";
import { checkId, checkNewId, checkText, hasJsonNumbers } from "./validate.ts";
import { findTask, inOrderOfCreation } from "./views.ts";

export const taskDeciders: Deciders<
  "create_tasks" | "import_tasks" | "update_task" | "delete_task" | "cancel_task" | "retry_task"
> = {
  create_tasks(state, command, context) {
    const tasks = command.tasks.map((task) => completeTask(task, context.defaults));
    checkNewTasks(state, tasks);
    return {
      events: tasks.length === 0 ? [] : [{ type: "tasks.created", tasks }],
      answer: (after) => tasks.map((task) => viewIn(after, task.id)),
    };
  },

  import_tasks(state, command) {
    if (command.tasks.length === 0 || (command.ifEmpty === true && state.tasks.size > 0)) {
      return { events: [], answer: () => ({ imported: 0 }) };
    }
    const tasks = command.tasks.map((task) => ({ ...task, dependencies: normalize(task.dependencies) }));
    const groups = new Set(tasks.map((task) => task.group).filter((group) => group !== undefined));
    const newGroups = new IdMap<true>();
    for (const group of groups) {
      if (state.groups.has(group)) continue;
      checkNewId(group, "Group id", state.groups);
      checkNewId(group, "Group id", newGroups);
      newGroups.set(group, true);
    }
    checkNewTasks(state, tasks, { limit: MAX_TASKS, newGroups });
    tasks.forEach(checkImported);
    return {
      events: [
        ...Array.from(newGroups.keys(), (id): Event => ({ type: "group.created", group: { id } })),
        { type: "tasks.imported", tasks },
      ],
      answer: () => ({ imported: tasks.length }),
    };
  },

  update_task(state, { id, description, dependencies, settings = {} }) {
    const node = findTask(state, id);
    const { task } = node;
    if (task.status !== "pending") {
      throw wrongState("update", task, "only pending tasks can change", waysOut(state, node));
    }
    if (description !== undefined) checkText(description, `Description of task ${id}`, MAX_DESCRIPTION_BYTES);
    const normal = dependencies && normalize(dependencies);
    checkSettings(settings, id, (group) => state.groups.has(group));
    const different = differentSettings(task, settings);
    if (normal !== undefined) checkNewDependencies(state, id, normal, different);
    if (different.group != null) checkMove(state, [{ id, dependencies: normal ?? task.dependencies }], different.group);
    const changes = {
      ...(description !== undefined && description !== task.description && { description }),
      ...(normal !== undefined && !isSame(normal, task.dependencies) && { dependencies: normal }),
      ...(Object.keys(different).length > 0 && { settings: different }),
    };
    return {
      events: Object.keys(changes).length === 0 ? [] : [{ type: "task.updated", id, ...changes }],
      answer: (after) => viewIn(after, id),
    };
  },

  delete_task(state, { id }) {
    const node = findTask(state, id);
    checkDeletable(node, () => false);
    return { events: [{ type: "task.deleted", id }], answer: () => ({ deleted: id }) };
  },

  cancel_task(state, { id, reason }) {
    return { events: cancelling(findTask(state, id).task, reason), answer: (after) => viewIn(after, id) };
  },

  retry_task(state, { id }, { now }) {
    const node = findTask(state, id);
    const { task } = node;
    if (task.status === "in_progress" || task.status === "completed") {
      throw wrongState("retry", task, "only failed, cancelled and skipped tasks can be retried", waysOut(state, node));
    }
    if (endsAgain(node)) {
      const { why, remedies } = reasonOf(state, node);
      throw wrongState("retry", task, why, remedies);
    }
    return { events: retrying(task, now), answer: (after) => viewIn(after, id) };
  },
};

/** A new task in the form in which it is kept, with the server's settings where it does not say otherwise. */
export function completeTask(task: NewTask, defaults: TaskDefaults): NewTask {
  const { id, description } = task;
  return { id, description, dependencies: normalize(task.dependencies), ...defaults, ...settingsOf(task) };
}

/** The settings that a task has, and nothing else that it may have besides. */
function settingsOf(task: TaskSettings): TaskSettings {
  return Object.fromEntries(Object.entries(task).filter(([key]) => Object.hasOwn(SETTINGS, key)));
}

/** The names of all settings. */
const SETTINGS: Readonly<Record<keyof TaskSettings, true>> = {
  priority: true,
  group: true,
  role: true,
  capabilities: true,
  assignTo: true,
  locks: true,
  timeoutMs: true,
  maxAttempts: true,
  backoff: true,
  notBefore: true,
  deadline: true,
  failOnDeadline: true,
  ifUnreachable: true,
};

/** The cancellation of a task that has not ended; nothing, if it is cancelled already. */
export function cancelling(task: Task, reason: string | undefined): readonly Event[] {
  const { id, status } = task;
  if (reason !== undefined) checkText(reason, `Reason for cancelling task ${id}`, MAX_REASON_BYTES);
  if (status === "cancelled") return [];
  if (status !== "pending" && status !== "in_progress") throw wrongState("cancel", task, "it has ended already");
  return [{ type: "task.cancelled", id, ...(reason !== undefined && { reason }) }];
}

/** Another try of a task that failed, was cancelled or skipped; the end of its back-off, if it is pending already. */
export function retrying({ id, status, retryAt = 0 }: Task, now: number): readonly Event[] {
  return status !== "pending" || retryAt > now ? [{ type: "task.retried", id }] : [];
}

/** Refuses to delete a task that somebody works on, or that others depend on which don't go with it. */
export function checkDeletable(node: ReadonlyTaskNode, goesToo: (dependent: ReadonlyTaskNode) => boolean): void {
  const { task } = node;
  const staying = inOrderOfCreation([...dependentsOf(node)].filter((dependent) => !goesToo(dependent)));
  if (staying.length > 0) {
    const ids = staying.map((dependent) => dependent.task.id);
    throw refuse("has_dependents", `Cannot delete task ${task.id} as it has dependent tasks: ${nameSome(ids)}`, {
      remedies: eachOnce(staying.slice(0, MAX_NAMED).flatMap((dependent) => waysToDetach(dependent, "dependencies"))),
      data: { id: task.id, dependents: ids.slice(0, MAX_NAMED), count: ids.length },
    });
  }
  if (task.status === "in_progress") {
    throw wrongState("delete", task, `${task.assignedTo} is working on it`, [{ type: "cancel_task", id: task.id }]);
  }
}

/**
 * What takes a task from what it names: a change while it is pending, and later only its own end and deletion, which
 * begins with what depends on it.
 */
export function waysToDetach(start: ReadonlyTaskNode, change: "dependencies" | "group"): readonly Remedy[] {
  let node = start;
  // No task depends on itself, so this ends.
  for (;;) {
    const { id, status } = node.task;
    if (status === "pending") return [{ type: "update_task", id, change: node === start ? change : "dependencies" }];
    if (status === "in_progress") return [{ type: "cancel_task", id }];
    const [dependent] = inOrderOfCreation(dependentsOf(node));
    if (dependent === undefined) return [{ type: "delete_task", id }];
    node = dependent;
  }
}

/** The tasks that name a task. */
function dependentsOf(node: ReadonlyTaskNode): ReadonlySet<ReadonlyTaskNode> {
  return new Set([...node.dependents, ...Array.from(node.watchers, (gate) => gate.root)]);
}

/** Those of the settings that a task does not have already. */
export function differentSettings(task: Task, settings: Changes<TaskSettings>): Changes<TaskSettings> {
  const entries = Object.entries(settings).filter(([key, value]) => {
    // The keys of settings are those of a task's settings.
    return value !== undefined && !isSame(value, task[key as keyof TaskSettings] ?? null);
  });
  return Object.fromEntries(entries);
}

/** What an import adds to the checks of new tasks: a life that is consistent in itself. */
function checkImported(task: Task): void {
  const { id, status, assignedTo, startedAt, finishedAt } = task;
  checkText(task.result ?? "", `Result of task ${id}`, MAX_RESULT_BYTES);
  checkText(task.error ?? "", `Error of task ${id}`, MAX_ERROR_BYTES);
  checkText(task.reason ?? "", `Reason of task ${id}`, MAX_REASON_BYTES);
  if (assignedTo !== undefined) checkId(assignedTo, "Instance id");
  checkText(task.progress?.message ?? "", `Progress message of task ${id}`, MAX_MESSAGE_BYTES);
  const { pastAttempts = [] } = task;
  for (const past of pastAttempts) {
    checkId(past.instance, "Instance id");
    checkText(past.message ?? "", `Message of an attempt of task ${id}`, MAX_ERROR_BYTES);
  }
  const times = [
    ...[task.createdAt, task.pendingAt, startedAt, finishedAt, task.readyAt, task.retryAt, task.leaseUntil],
    ...[task.progress?.at, task.workedMs, ...pastAttempts.flatMap((past) => [past.startedAt, past.endedAt])],
  ];
  const isTime = (at = 0) => at >= 0 && at <= MAX_TIME_MS;
  const hasEnded = status !== "pending" && status !== "in_progress";
  const faults = {
    "its times must be milliseconds since 1970": !times.every(isTime),
    [`attempt must be a whole number from 0 to ${MAX_IMPORTED_ATTEMPT}`]: !isCount(task.attempt),
    [`failures must be a whole number from 0 to ${MAX_IMPORTED_ATTEMPT}`]: !isCount(task.failures ?? 0),
    [`it cannot have more than ${MAX_PAST_ATTEMPTS} past attempts`]: pastAttempts.length > MAX_PAST_ATTEMPTS,
    "a pending task cannot have assignedTo": status === "pending" && assignedTo !== undefined,
    "a task in progress must have assignedTo": status === "in_progress" && assignedTo === undefined,
    "only a task in progress can have leaseUntil": status !== "in_progress" && task.leaseUntil !== undefined,
    "only a completed task can have a result": status !== "completed" && task.result !== undefined,
    "only a failed task can have an error": status !== "failed" && task.error !== undefined,
    "a task must have finishedAt if it has ended, and only then": hasEnded !== (finishedAt !== undefined),
    "its numbers must be finite, and none of them -0": !hasJsonNumbers(task),
  };
  const fault = Object.entries(faults).find(([, isFault]) => isFault)?.[0];
  if (fault !== undefined) throw new Refusal("invalid_value", `Cannot import task ${id} as it is: ${fault}`, { id });
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value <= MAX_IMPORTED_ATTEMPT;
}

/** Whether two JSON values are written the same. */
function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

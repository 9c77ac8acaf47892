/** The rules for creating, changing, cancelling and retrying tasks: commands that need no holder. */

import type { CommandOf, TaskDefaults } from "../messages/commands.ts";
import type { Changes, Event, EventOf } from "../messages/events.ts";
import { type Dependency, difference, normalize, union } from "../model/dependency.ts";
import { checkAll, checkEach } from "../model/faults.ts";
import { MAX_DESCRIPTION_BYTES, MAX_NAMED, MAX_REASON_BYTES } from "../model/limits.ts";
import { Refusal } from "../model/refusal.ts";
import type { Actor } from "../model/news.ts";
import { holderOf, type NewTask, type Task, type TaskSettings } from "../model/task.ts";
import { snakeCase } from "../model/resembling.ts";
import { checkInPath, checkText, printableNumber } from "../model/values.ts";
import { dependentsOf, findTask, inOrderOfCreation } from "../state/lookup.ts";
import { seen } from "../state/sight.ts";
import { startingAttempt } from "../state/removed_attempts.ts";
import type { ReadonlyState, ReadonlyTaskNode } from "../state/state.ts";
import { reasonOf, remediesForStatus } from "../views/explain.ts";
import { endsAgain } from "../views/roots.ts";
import { checkChange, placed } from "./checks/audience.ts";
import { checkNewInstance } from "./checks/instance.ts";
import { checkMove, checkNewDependencies, checkNewTasks } from "./checks/new_tasks.ts";
import { checkSettings } from "./checks/settings.ts";
import { type Deciders, viewIn, wrongState } from "./decision.ts";

export const taskDeciders: Deciders<"create_tasks" | "update_task" | "cancel_task" | "retry_task"> = {
  create_tasks(state, command, { caller, defaults }) {
    const tasks: NewTask[] = [];
    const unplaced = new Set<string>();
    checkAll(
      () =>
        checkEach(command.tasks, (task) => {
          let given = task;
          try {
            given = placed(state, task, caller);
          } catch (refusal) {
            unplaced.add(task.id);
            throw refusal;
          } finally {
            tasks.push(completeTask(given, defaults));
          }
        }),
      () => checkEach(tasks, ({ id }) => checkInPath(id, "Task id")),
      () => checkNewTasks(state, tasks, { unplaced }),
    );
    return {
      events: tasks.length === 0 ? [] : [createdEvent(state, tasks)],
      answer: (after) => tasks.map((task) => viewIn(after, task.id)),
    };
  },

  update_task(state, command, { caller }) {
    const { id, description } = command;
    const node = findTask(state, id);
    const { task } = node;
    const settings = settingsFor(task, command.settings);
    checkVersion(task, command.ifVersion);
    const dependencies = changedDependencies(task, command);
    const different = differentSettings(task, settings);
    const changes = {
      ...(description !== undefined && description !== task.description && { description }),
      ...(dependencies !== undefined && !isSame(dependencies, task.dependencies) && { dependencies }),
      ...(Object.keys(different).length > 0 && { settings: different }),
    };
    const { group } = different;
    checkAll(
      () => checkOneChange(command),
      () => description !== undefined && checkText(description, `Description of task ${id}`, MAX_DESCRIPTION_BYTES),
      () => checkSettings(settings, id, state),
      () => checkChangeable(state, node, changes),
      () => {
        if (dependencies !== undefined) checkNewDependencies(state, id, dependencies, different);
        else if (group != null) checkMove(state, [{ id, dependencies: task.dependencies }], group);
      },
      () => checkChange(state, node, { caller, ...different, dependencies }),
    );
    return {
      events: Object.keys(changes).length === 0 ? [] : [{ type: "task.updated", id, ...changes }],
      answer: (after) => viewIn(after, id),
    };
  },

  cancel_task(state, { id, reason, instance }, { caller }) {
    const { task } = findTask(state, id);
    const by = { caller: caller.name, ...(instance !== undefined && { instance }) };
    const decideEvents = () => cancelEvents(task, by, reason);
    checkAll(() => instance !== undefined && checkNewInstance(state, instance), decideEvents);
    return { events: decideEvents(), answer: (after) => viewIn(after, id) };
  },

  retry_task(state, { id }, { now }) {
    const node = findTask(state, id);
    const started = node.task.status === "completed" ? startedDependents(state, node) : [];
    return {
      events: node.task.status === "completed"
        ? [{ type: "task.retried", id }]
        : retryEvents(state, node, { now, endsAgain: endsAgain(node) }),
      answer: (after) => ({
        task: viewIn(after, id),
        started: started.slice(0, MAX_NAMED).map(({ task: { id, status } }) => ({ id, status })),
        startedCount: started.length,
      }),
    };
  },
};

/** A new task in the form in which it is stored, with the server's defaults for settings that it does not have. */
export function completeTask(task: NewTask, defaults: TaskDefaults): NewTask {
  const { id, description } = task;
  return { id, description, dependencies: normalize(task.dependencies), ...defaults, ...settingsOf(task) };
}

/** The creation of tasks, each with the attempt that it starts from. */
export function createdEvent(state: ReadonlyState, tasks: readonly NewTask[]): EventOf<"tasks.created"> {
  return {
    type: "tasks.created",
    tasks: tasks.map((task) => {
      const attempt = startingAttempt(state.removed, task.id);
      return attempt === 0 ? task : { ...task, attempt };
    }),
  };
}

/** The settings of a task without its other fields. */
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
  estimateMs: true,
  notBefore: true,
  deadline: true,
  failOnDeadline: true,
  ifUnreachable: true,
  refs: true,
};

/** The settings that can change while a task runs: none of them is about who may claim it, or when. */
const RUNNING_SETTINGS: ReadonlySet<string> = new Set<keyof TaskSettings>([
  "priority",
  "deadline",
  "failOnDeadline",
  "timeoutMs",
  "maxAttempts",
  "backoff",
  "estimateMs",
  "refs",
]);

/** Refuses a change of a task that its status forbids. */
export function checkChangeable(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { settings = {}, ...others }: Pick<CommandOf<"update_task">, "description" | "dependencies" | "settings">,
): void {
  const { task } = node;
  const refused = [...Object.keys(others), ...Object.keys(settings).filter((name) => !RUNNING_SETTINGS.has(name))];
  if (task.status === "completed" && refused.length + Object.keys(settings).length > 0) {
    throw wrongState("update", task, "it is done", remediesForStatus(state, node));
  }
  if (task.status !== "in_progress" || refused.length === 0) return;
  throw wrongState(
    "update",
    task,
    `${task.assignedTo} works on it, so ${refused.map(snakeCase).join(", ")} must stay; what can change is ` +
      `${Array.from(RUNNING_SETTINGS, snakeCase).join(", ")}; add_note tells ${task.assignedTo} more`,
    remediesForStatus(state, node),
  );
}

/** Refuses an edit of another version of a task than the present one. */
function checkVersion({ id, version = 1 }: Task, ifVersion: number | undefined): void {
  if (ifVersion === undefined || ifVersion === version) return;
  throw new Refusal(
    "stale_version",
    `Cannot update version ${
      printableNumber(ifVersion)
    } of task ${id} as it is at version ${version}: look at it with ` +
      "get_task_details, then change it again",
    { id, version },
  );
}

/** Refuses a change that replaces dependencies, and adds or removes some. */
function checkOneChange(command: CommandOf<"update_task">): void {
  const { id, dependencies, addDependencies, removeDependencies } = command;
  if (dependencies === undefined || (addDependencies === undefined && removeDependencies === undefined)) return;
  throw new Refusal(
    "invalid_value",
    `Cannot both replace dependencies of task ${id} and add or remove some: leave one out`,
    { id },
  );
}

/** The dependencies of a task after a change; undefined if it names none. */
function changedDependencies(
  task: Task,
  { dependencies, addDependencies, removeDependencies }: CommandOf<"update_task">,
): readonly Dependency[] | undefined {
  if (dependencies !== undefined) return normalize(dependencies);
  if (addDependencies === undefined && removeDependencies === undefined) return undefined;
  return union(difference(task.dependencies, removeDependencies ?? []), addDependencies ?? []);
}

/** The cancellation of a task that has not ended; empty if it is cancelled already. */
export function cancelEvents(task: Task, by: Actor, reason: string | undefined): readonly Event[] {
  const { id, status } = task;
  if (reason !== undefined) checkText(reason, `Reason for cancelling task ${id}`, MAX_REASON_BYTES);
  if (status === "cancelled") return [];
  if (status !== "pending" && status !== "in_progress") throw wrongState("cancel", task, "it has ended already");
  return [{ type: "task.cancelled", id, ...holderOf(task), ...(reason !== undefined && { reason }), by }];
}

interface Retry {
  readonly now: number;
  /** Whether its dependencies would end the task in the same status at once, though others are retried with it. */
  readonly endsAgain: boolean;
}

/**
 * Retries a task that failed, was cancelled or skipped, but no completed one; ends the back-off of a pending one. Refused
 * if its dependencies would end the task in the same status at once.
 */
export function retryEvents(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  { now, endsAgain }: Retry,
): readonly Event[] {
  const { task } = node;
  const { id, status, retryAt = 0 } = task;
  if (!isRetryable(task)) {
    throw wrongState(
      "retry",
      task,
      "only failed, cancelled and skipped tasks can be retried together",
      remediesForStatus(state, node),
    );
  }
  if (status === "pending") return retryAt > now ? [{ type: "task.retried", id }] : [];
  if (endsAgain) {
    const { why, remedies } = reasonOf(state, node);
    throw wrongState("retry", task, why, remedies);
  }
  return [{ type: "task.retried", id }];
}

/** Whether the status of a task allows a retry. */
export function isRetryable({ status }: Task): boolean {
  return status !== "in_progress" && status !== "completed";
}

/** The dependents that run or have ended otherwise than skipped, in the order of creation. */
function startedDependents(state: ReadonlyState, node: ReadonlyTaskNode): readonly ReadonlyTaskNode[] {
  return inOrderOfCreation(
    seen(state, dependentsOf(node)).filter(({ task: { status } }) => status !== "pending" && status !== "skipped"),
  );
}

/** The changes of a task's settings, where `assignTo` keeps the task's `notBy` unless it has its own; an empty one removes it. */
export function settingsFor(task: Task, settings: Changes<TaskSettings> = {}): Changes<TaskSettings> {
  const { assignTo } = settings;
  if (assignTo == null) return settings;
  const { notBy = task.assignTo?.notBy ?? [], ...reservation } = assignTo;
  return { ...settings, assignTo: { ...reservation, ...(notBy.length > 0 && { notBy }) } };
}

/** The settings that differ from those of a task. */
export function differentSettings(task: Task, settings: Changes<TaskSettings>): Changes<TaskSettings> {
  const entries = Object.entries(settings).filter(([key, value]) => {
    // Settings have the keys of task settings only.
    return value !== undefined && !isSame(value, task[key as keyof TaskSettings] ?? null);
  });
  return Object.fromEntries(entries);
}

/** Whether two values have the same JSON. */
export function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b);
}

/**
 * Rules of the dependency graph: every dependency exists, and no task waits for itself through any path, groups
 * included. All walks are iterative: a chain may be as long as the graph.
 */

import { checkDependencies } from "./check_dependencies.ts";
import { checkSettings } from "./check_settings.ts";
import { type Dependency, referencesOf } from "./dependency.ts";
import { gatesOn } from "./gates.ts";
import { MAX_BATCH_TASKS, MAX_DESCRIPTION_BYTES, MAX_NAMED, MAX_TASKS } from "./limits.ts";
import type { NewTask } from "./model.ts";
import { Refusal } from "./refusal.ts";
import type { ReadonlyGroupNode, ReadonlyState, ReadonlyTaskNode } from "./state.ts";
import { checkId, checkText } from "./validate.ts";

export interface NewTasksOptions {
  /** Most tasks. */
  readonly limit?: number;
  /** A group that is created together with them. */
  readonly newGroups?: ReadonlySet<string>;
}

/** Refuses tasks that cannot be added, all together, to the graph. */
export function checkNewTasks(state: ReadonlyState, tasks: readonly NewTask[], options: NewTasksOptions = {}): void {
  const { limit = MAX_BATCH_TASKS, newGroups } = options;
  if (tasks.length > limit) {
    throw new Refusal("limit_exceeded", `Cannot create ${tasks.length} tasks at once: at most ${limit} are allowed`, {
      limit,
    });
  }
  if (state.tasks.size + tasks.length > MAX_TASKS) {
    throw new Refusal("limit_exceeded", `Cannot create more tasks as there are ${state.tasks.size} of ${MAX_TASKS}`, {
      limit: MAX_TASKS,
    });
  }
  const batch = new Map<string, NewTask>();
  for (const task of tasks) {
    checkId(task.id, "Task id");
    checkText(task.description, `Description of task ${task.id}`, MAX_DESCRIPTION_BYTES);
    if (state.tasks.has(task.id)) {
      throw new Refusal("already_exists", `Task ${task.id} already exists: choose another id, or use update_task`, {
        id: task.id,
      });
    }
    if (batch.has(task.id)) {
      throw new Refusal("already_exists", `Task ${task.id} already exists in this batch: name each id once`, {
        id: task.id,
      });
    }
    batch.set(task.id, task);
  }
  const existing = {
    task: (id: string) => batch.has(id) || state.tasks.has(id),
    group: (id: string) => newGroups?.has(id) === true || state.groups.has(id),
  };
  for (const task of tasks) {
    checkSettings(task, task.id, existing.group);
    checkDependencies(task.id, task.dependencies, existing);
  }
  refuseCycle(state, batch);
}

/** Refuses dependencies that an existing task cannot have; with `changes`, in the group that it changes to. */
export function checkNewDependencies(
  state: ReadonlyState,
  id: string,
  dependencies: readonly Dependency[],
  changes: { readonly group?: string | null } = {},
): void {
  checkDependencies(id, dependencies, {
    task: (each) => state.tasks.has(each),
    group: (each) => state.groups.has(each),
  });
  const group = changes.group === undefined ? state.tasks.get(id)?.task.group : changes.group;
  refuseCycle(state, new Map([[id, { dependencies, ...(group != null && { group }) }]]));
}

/** Refuses to move tasks to a group that they wait for, directly or through others. */
export function checkMove(
  state: ReadonlyState,
  tasks: readonly Pick<NewTask, "id" | "dependencies">[],
  group: string,
): void {
  refuseCycle(state, new Map(tasks.map(({ id, dependencies }) => [id, { dependencies, group }])));
}

/**
 * The tasks that wait for a group, directly or through others: none of them can join it. As each circle through the
 * group comes to a task that joins it, before all others, from the group, it does not matter which others join too.
 * O(those tasks and their dependents).
 */
export function waitingForGroup(state: ReadonlyState, id: string): ReadonlySet<ReadonlyTaskNode> {
  const tasks = new Set<ReadonlyTaskNode>();
  const groups = new Set<ReadonlyGroupNode | undefined>();
  const addWaiters = (group: ReadonlyGroupNode | undefined) => {
    if (groups.has(group)) return;
    groups.add(group);
    for (const gate of group === undefined ? [] : gatesOn(group)) tasks.add(gate.root);
  };
  addWaiters(state.groups.get(id));
  // A set yields what is added meanwhile.
  for (const node of tasks) {
    for (const dependent of node.dependents) tasks.add(dependent);
    for (const gate of node.watchers) tasks.add(gate.root);
    addWaiters(node.group);
  }
  return tasks;
}

/**
 * The first cycle reachable from `starts`, as a path whose last node is its first, or undefined.
 * Depth-first search with three colours (Cormen et al., Introduction to Algorithms, "Depth-first search").
 * O(nodes + edges) of what is reachable.
 */
export function findCycle(
  starts: Iterable<string>,
  nextOf: (id: string) => Iterable<string>,
): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of starts) {
    if (done.has(start)) continue;
    const path = [{ id: start, next: nextOf(start)[Symbol.iterator]() }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const step = top.next.next();
      if (step.done === true) {
        path.pop();
        onPath.delete(top.id);
        done.add(top.id);
      } else if (onPath.has(step.value)) {
        const ids = path.map((each) => each.id);
        return [...ids.slice(ids.indexOf(step.value)), step.value];
      } else if (!done.has(step.value)) {
        path.push({ id: step.value, next: nextOf(step.value)[Symbol.iterator]() });
        onPath.add(step.value);
      }
    }
  }
  return undefined;
}

/** The first names of a list, and how many more there are. */
export function nameSome(ids: readonly string[], total: number = ids.length): string {
  const named = ids.slice(0, MAX_NAMED);
  return named.join(", ") + (total > named.length ? ` and ${total - named.length} more` : "");
}

/**
 * Refuses a cycle that tasks, new or with new dependencies or groups, would close. The walk goes from each of them to
 * what waits for it, directly or through its group, as little usually waits for what is new; so it finds paths from
 * their ends.
 */
function refuseCycle(
  state: ReadonlyState,
  changed: ReadonlyMap<string, Pick<NewTask, "dependencies" | "group">>,
): void {
  const waiting = new Map<string, string[]>();
  for (const [id, { dependencies }] of changed) {
    for (const dependency of dependencies) {
      for (const reference of referencesOf(dependency)) {
        const key = keyOf(reference.type, reference.id);
        const waiters = waiting.get(key);
        if (waiters === undefined) waiting.set(key, [keyOf("task", id)]);
        else waiters.push(keyOf("task", id));
      }
    }
  }
  const isAwaited = (key: string, watchers = 0) => watchers > 0 || waiting.has(key);
  // No circle goes through what nothing waits for, itself or as a member of its group.
  const starts = Array.from(changed).filter(([id, { group }]) => {
    const node = state.tasks.get(id);
    return isAwaited(keyOf("task", id), node && node.dependents.size + node.watchers.size) ||
      (group !== undefined && isAwaited(keyOf("group", group), state.groups.get(group)?.watches.size));
  });
  const isUnchanged = (key: string) => !changed.has(key.slice(1));
  function* waitersOf(key: string): Iterable<string> {
    yield* waiting.get(key) ?? [];
    const id = key.slice(1);
    if (key.startsWith(GROUP_MARK)) {
      const group = state.groups.get(id);
      for (const gate of group === undefined ? [] : gatesOn(group)) {
        const waiter = keyOf("task", gate.root.task.id);
        if (isUnchanged(waiter)) yield waiter;
      }
      return;
    }
    const node = state.tasks.get(id);
    for (const { task } of node?.dependents ?? []) {
      const waiter = keyOf("task", task.id);
      if (isUnchanged(waiter)) yield waiter;
    }
    for (const gate of node?.watchers ?? []) {
      const waiter = keyOf("task", gate.root.task.id);
      if (isUnchanged(waiter)) yield waiter;
    }
    const group = changed.has(id) ? changed.get(id)?.group : node?.task.group;
    if (group !== undefined) yield keyOf("group", group);
  }
  const found = findCycle(starts.map(([id]) => keyOf("task", id)), waitersOf);
  if (found === undefined) return;
  const cycle = found.toReversed().map((key) => key.startsWith(GROUP_MARK) ? `group ${key.slice(1)}` : key.slice(1));
  const path = cycle.length > 2 * MAX_NAMED ? [...cycle.slice(0, MAX_NAMED), "…", ...cycle.slice(-MAX_NAMED)] : cycle;
  throw new Refusal(
    "cycle",
    `Dependencies would create a cycle: ${path.join(" → ")}; leave out one of these dependencies`,
    { cycle: cycle.slice(0, 2 * MAX_NAMED), length: cycle.length - 1 },
  );
}

/** Tasks and groups may have the same id. */
function keyOf(type: "task" | "group", id: string): string {
  return (type === "group" ? GROUP_MARK : TASK_MARK) + id;
}

const GROUP_MARK = "g";
const TASK_MARK = "t";

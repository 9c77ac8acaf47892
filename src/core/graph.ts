/**
 * Rules of the dependency graph: every dependency exists, and no task waits for itself through any path.
 * All walks are iterative: a chain may be as long as the graph.
 */

import { MAX_BATCH_TASKS, MAX_DEPENDENCIES, MAX_DESCRIPTION_BYTES, MAX_NAMED, MAX_TASKS } from "./limits.ts";
import type { NewTask } from "./model.ts";
import { Refusal } from "./refusal.ts";
import type { ReadonlyState } from "./state.ts";
import { checkId, checkText } from "./validate.ts";

/** Refuses tasks that cannot be added, all together, to the graph. */
export function checkNewTasks(state: ReadonlyState, tasks: readonly NewTask[], limit = MAX_BATCH_TASKS): void {
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
  for (const task of tasks) {
    checkDependencies(task, (id) => batch.has(id) || state.tasks.has(id));
  }
  // Tasks that exist cannot depend on new ones, so a cycle lies within the batch.
  refuseCycle(findCycle(batch.keys(), (id) => batch.get(id)?.dependencies ?? []));
}

/** Refuses dependencies that an existing task cannot have. */
export function checkNewDependencies(state: ReadonlyState, id: string, dependencies: readonly string[]): void {
  checkDependencies({ id, dependencies }, (dependency) => state.tasks.has(dependency));
  const node = state.tasks.get(id);
  const added = dependencies.filter((dependency) => node?.task.dependencies.includes(dependency) !== true);
  // A new cycle leads from an added dependency back to the task, and so through one that depends on it.
  if (added.length === 0 || (node?.dependents.size === 0 && !added.includes(id))) return;
  refuseCycle(findCycle([id], (task) => task === id ? added : state.tasks.get(task)?.task.dependencies ?? []));
}

/**
 * The first cycle reachable from `starts`, as a path whose last node is its first, or undefined.
 * Depth-first search with three colours (Cormen et al., Introduction to Algorithms, "Depth-first search").
 * O(nodes + edges) of what is reachable.
 */
export function findCycle(
  starts: Iterable<string>,
  dependenciesOf: (id: string) => readonly string[],
): readonly string[] | undefined {
  const done = new Set<string>();
  for (const start of starts) {
    if (done.has(start)) continue;
    const path = [{ id: start, dependencies: dependenciesOf(start), next: 0 }];
    const onPath = new Set([start]);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const id = top.dependencies[top.next++];
      if (id === undefined) {
        path.pop();
        onPath.delete(top.id);
        done.add(top.id);
      } else if (onPath.has(id)) {
        const ids = path.map((step) => step.id);
        return [...ids.slice(ids.indexOf(id)), id];
      } else if (!done.has(id)) {
        path.push({ id, dependencies: dependenciesOf(id), next: 0 });
        onPath.add(id);
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

function checkDependencies(
  { id: task, dependencies }: Pick<NewTask, "id" | "dependencies">,
  exists: (id: string) => boolean,
): void {
  if (dependencies.length > MAX_DEPENDENCIES) {
    throw new Refusal(
      "limit_exceeded",
      `Cannot depend on ${dependencies.length} tasks: at most ${MAX_DEPENDENCIES} are allowed; ` +
        "put a task that gathers some of them in between",
      { limit: MAX_DEPENDENCIES },
    );
  }
  for (const id of dependencies) {
    checkId(id, "Task id");
    if (!exists(id)) {
      throw new Refusal(
        "dependency_not_found",
        `Dependency task ${id} not found: task ${task} names it; create it first, or together with that task`,
        { id, task },
      );
    }
  }
}

function refuseCycle(cycle: readonly string[] | undefined): void {
  if (cycle === undefined) return;
  const path = cycle.length > 2 * MAX_NAMED ? [...cycle.slice(0, MAX_NAMED), "…", ...cycle.slice(-MAX_NAMED)] : cycle;
  throw new Refusal(
    "cycle",
    `Dependencies would create a cycle: ${path.join(" → ")}; leave out one of these dependencies`,
    { cycle: cycle.slice(0, 2 * MAX_NAMED), length: cycle.length - 1 },
  );
}

/** What the indexes of a state must be, worked out from its tasks in the plainest way. */

import type { Task, TaskStatus } from "../../src/core/model.ts";
import type { State } from "../../src/core/state.ts";

/** What the state knows beyond the tasks, in a form that does not depend on the order of its sets and its heap. */
export interface Indexes {
  /** In the order of claims. */
  readonly ready: readonly { readonly id: string; readonly since: number }[];
  readonly blocked: readonly string[];
  readonly held: readonly (readonly [instance: string, ids: readonly string[]])[];
  readonly counts: Readonly<Record<TaskStatus, number>>;
  readonly nodes: readonly NodeIndexes[];
}

interface NodeIndexes {
  readonly id: string;
  readonly dependencies: readonly string[];
  readonly dependents: readonly string[];
  readonly unmet: number;
  readonly broken: number;
}

/** The indexes as they stand. */
export function indexesOf(state: State): Indexes {
  return {
    ready: state.ready.toSorted((a, b) => a.readySince - b.readySince || a.order - b.order)
      .map(({ task, readySince }) => ({ id: task.id, since: readySince })),
    blocked: idsOf(state.blocked).toSorted(),
    held: Array.from(state.held, ([instance, nodes]) => [instance, idsOf(nodes).toSorted()] as const).toSorted(
      byInstance,
    ),
    counts: state.counts,
    nodes: Array.from(state.tasks, ([id, node]) => ({
      id,
      dependencies: idsOf(node.dependencies),
      dependents: idsOf(node.dependents).toSorted(),
      unmet: node.unmet,
      broken: node.broken,
    })),
  };
}

/** The same, from the tasks alone, in the plainest way. */
export function naiveIndexesOf(tasks: readonly Task[]): Indexes {
  const dependenciesOf = (task: Task) => task.dependencies.flatMap((id) => tasks.filter((each) => each.id === id));
  const count = (task: Task, ...statuses: readonly TaskStatus[]) =>
    dependenciesOf(task).filter(({ status }) => statuses.includes(status)).length;
  const unmet = (task: Task) => count(task, "pending", "in_progress", "failed", "cancelled");
  const broken = (task: Task) => count(task, "failed", "cancelled");
  const since = (task: Task) =>
    Math.max(task.pendingAt, ...dependenciesOf(task).map(({ finishedAt }) => finishedAt ?? 0));
  const pending = tasks.filter(({ status }) => status === "pending");
  const running = tasks.filter(({ status }) => status === "in_progress");
  const holders = new Set(running.map(({ assignedTo }) => assignedTo ?? ""));
  const counts = { pending: 0, in_progress: 0, completed: 0, failed: 0, cancelled: 0 };
  for (const { status } of tasks) counts[status]++;
  return {
    ready: pending.filter((task) => unmet(task) === 0)
      .toSorted((a, b) => since(a) - since(b) || a.order - b.order)
      .map((task) => ({ id: task.id, since: since(task) })),
    blocked: pending.filter((task) => broken(task) > 0).map(({ id }) => id).toSorted(),
    held: Array.from(holders, (holder) => {
      const ids = running.filter(({ assignedTo }) => assignedTo === holder).map(({ id }) => id);
      return [holder, ids.toSorted()] as const;
    }).toSorted(byInstance),
    counts,
    nodes: tasks.map((task) => ({
      id: task.id,
      dependencies: task.dependencies,
      dependents: tasks.filter(({ dependencies }) => dependencies.includes(task.id)).map(({ id }) => id).toSorted(),
      unmet: unmet(task),
      broken: broken(task),
    })),
  };
}

/** The ids of nodes, in their order. */
export function idsOf(nodes: Iterable<{ readonly task: Task }>): readonly string[] {
  return Array.from(nodes, ({ task }) => task.id);
}

function byInstance([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number {
  return a < b ? -1 : 1;
}

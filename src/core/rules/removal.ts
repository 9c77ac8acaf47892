/** The rule for deleting a task, and what keeps tasks and groups from being removed: the tasks that name them. */

import { MAX_NAMED } from "../model/limits.ts";
import { refuse } from "../model/refusal.ts";
import { eachOnce, type Remedy, type TaskChange } from "../model/remedies.ts";
import { dependentsOf, findTask, inOrderOfCreation } from "../state/lookup.ts";
import { seen, wholeOf } from "../state/sight.ts";
import { NO_NODES, type ReadonlyState, type ReadonlyTaskNode } from "../state/state.ts";
import { namedTo } from "./checks/audience.ts";
import { type Deciders, wrongState } from "./decision.ts";

export const removalDeciders: Deciders<"delete_task"> = {
  delete_task(state, { id }) {
    const node = findTask(state, id);
    checkDeletable(state, node, () => false);
    return { events: [{ type: "task.deleted", id }], answer: () => ({ deleted: id }) };
  },
};

/** Refuses to delete a task in progress, or one with dependents that are not deleted, too: `notBy` counts as well. */
export function checkDeletable(
  state: ReadonlyState,
  node: ReadonlyTaskNode,
  isDeleted: (dependent: ReadonlyTaskNode) => boolean,
): void {
  const { task } = node;
  const all = Array.from(namersOf(state, node)).filter((dependent) => !isDeleted(dependent));
  if (all.length > 0) {
    const remaining = inOrderOfCreation(seen(state, all));
    const { ids, named } = namedTo(state, all);
    throw refuse("has_dependents", `Cannot delete task ${task.id} as it has dependent tasks: ${named}`, {
      remedies: eachOnce(
        remaining.slice(0, MAX_NAMED).flatMap((dependent) => {
          const isDependent = dependentsOf(node).has(dependent);
          return remediesToDetach(state, dependent, isDependent ? "dependencies" : "requirements");
        }),
      ),
      data: { id: task.id, dependents: ids.slice(0, MAX_NAMED), count: ids.length },
    });
  }
  if (task.status === "in_progress") {
    throw wrongState("delete", task, `${task.assignedTo} is working on it`, [{ type: "cancel_task", id: task.id }]);
  }
}

/**
 * The remedy that detaches a task from its dependency or group, or from a task in its `notBy`. A running task must end
 * first. A completed one can only be deleted, after all that name it, or opened again; so can one in a group that not all
 * see, as another group could show it to too many. Any other can be changed.
 */
export function remediesToDetach(
  state: ReadonlyState,
  start: ReadonlyTaskNode,
  startChange: "dependencies" | "group" | "requirements",
): readonly Remedy[] {
  let node = start;
  let change: TaskChange = startChange;
  const visited = new Set<ReadonlyTaskNode>();
  // Ends, as each task is visited once.
  for (;;) {
    const { id, status } = node.task;
    if (status === "in_progress") return [{ type: "cancel_task", id }];
    const isKept = status === "completed" || (change === "group" && node.group?.group.visibleTo !== undefined);
    if (!isKept) return [{ type: "update_task", id, change }];
    // Tasks can name each other in `notBy`.
    if (visited.has(node)) return [{ type: "retry_task", id }];
    visited.add(node);
    const [dependent] = inOrderOfCreation(seen(state, dependentsOf(node)));
    const next = dependent ?? inOrderOfCreation(namingIn(state, node))[0];
    if (next === undefined) return [{ type: "delete_task", id }];
    change = dependent === undefined ? "requirements" : "dependencies";
    node = next;
  }
}

/** The tasks that name a task: that depend on it, or have it in `notBy`. Hidden ones are among them. */
export function namersOf(state: ReadonlyState, node: ReadonlyTaskNode): ReadonlySet<ReadonlyTaskNode> {
  return new Set([...dependentsOf(node), ...namingIn(wholeOf(state), node)]);
}

/** The tasks that name a task in `notBy`. */
function namingIn(state: ReadonlyState, { task }: ReadonlyTaskNode): ReadonlySet<ReadonlyTaskNode> {
  return state.notBy.get(task.id) ?? NO_NODES;
}

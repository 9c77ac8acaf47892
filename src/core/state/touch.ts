/** Notes changes of what is shown of tasks and groups, from which `version.ts` makes their versions. */

import type { GroupNode, State, TaskNode } from "./state.ts";

/** Notes that a task, its readiness or what it waits for has changed. Its group shows that, too. O(1). */
export function touch({ seq }: Pick<State, "seq">, node: TaskNode): void {
  node.changes++;
  node.changedAfter = seq;
  if (node.group !== undefined) touchGroup(node.group);
}

/** Notes that a group, one of its members, or what limits its members has changed. O(1). */
export function touchGroup(group: GroupNode): void {
  group.changes++;
}

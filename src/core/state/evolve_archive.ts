/** Applies that tasks are archived. Nothing stays of one but its count in its group, and its last attempt for a while. */

import { nodeOf } from "./edges.ts";
import { noteArchived } from "./group_counts.ts";
import { noteRemoved } from "./removed_attempts.ts";
import type { State } from "./state.ts";
import { removeTask } from "./task_index.ts";

/** Removes ended tasks that no task names but others of them. Verdicts on their groups stay, as groups count them. */
export function archiveTasks(state: State, ids: readonly string[]): void {
  for (const id of ids) {
    const { group, task } = nodeOf(state, id);
    // Before its removal, which looks at the verdicts on the group.
    if (group !== undefined) noteArchived(group, task);
    noteRemoved(state.removed, removeTask(state, id));
  }
  state.hasArchive = true;
}

/** How much of the plan is before and after a task: through other tasks, and through groups that are waited for. */

import type { PlanTable } from "./plan_table.ts";

/** How many tasks are up- and downstream of a row, without it: as many as the graph shows. O(tasks + dependencies). */
export function reachOf(table: PlanTable, row: number): { readonly before: number; readonly after: number } {
  // Groups are numbered after the rows, so that a large one is entered once.
  const { size } = table;
  const groupNumber = (group: number) => group < 0 ? [] : [size + group];
  return {
    before: reach(size, row, (at) =>
      at >= size ? table.membersOf(at - size) : [
        ...(table.dependencies[at] ?? []).map(({ from }) => from),
        ...(table.groupDependencies.get(at) ?? []).flatMap(({ from }) => groupNumber(from)),
      ]),
    after: reach(
      size,
      row,
      (at) =>
        at >= size
          ? table.dependentsOfGroup(at - size)
          : [...table.dependentsOf(at), ...groupNumber(table.group[at] ?? -1)],
    ),
  };
}

/** How many numbers below `size` can be reached from one, without it. */
function reach(size: number, first: number, next: (at: number) => readonly number[]): number {
  const seen = new Set([first]);
  const waiting = [first];
  let count = -1;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (at < size) count++;
    for (const each of next(at)) {
      if (seen.has(each)) continue;
      seen.add(each);
      waiting.push(each);
    }
  }
  return count;
}

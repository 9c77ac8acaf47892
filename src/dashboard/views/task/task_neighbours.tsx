/** What depends on a task, and how much of the plan is before and after it. */

import { plan, planStructure } from "../../live/live_plan.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { TaskLink } from "../../ui/status.tsx";

/** Most dependents that are listed. */
const MAX_LISTED = 30;

export function TaskNeighbours({ id }: { readonly id: string }) {
  planStructure.value;
  const table = plan.value;
  const row = table?.rowOf(id);
  if (table === undefined || row === undefined) return null;
  const dependents = table.dependentsOf(row);
  const before = reach(row, (at) => (table.dependencies[at] ?? []).map(({ from }) => from));
  const after = reach(row, (at) => table.dependentsOf(at));
  return (
    <section>
      <h3>In the plan</h3>
      <p>
        {count(before)} before it, {count(after)} after it
      </p>
      {dependents.length > 0 && (
        <ul class="dependencies" aria-label="What depends on it">
          {dependents.slice(0, MAX_LISTED).map((each) => <Dependent key={each} table={table} row={each} />)}
          {dependents.length > MAX_LISTED && <li class="quiet">and {dependents.length - MAX_LISTED} more</li>}
        </ul>
      )}
    </section>
  );
}

function Dependent({ table, row }: { readonly table: PlanTable; readonly row: number }) {
  return (
    <li>
      <TaskLink id={table.ids[row] ?? ""} />
    </li>
  );
}

function count(tasks: number): string {
  return tasks === 1 ? "1 task" : `${tasks} tasks`;
}

/** How many rows can be reached from a row, without it. O(dependencies). */
function reach(row: number, next: (row: number) => readonly number[]): number {
  const seen = new Set([row]);
  const waiting = [row];
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    for (const each of next(at)) {
      if (seen.has(each)) continue;
      seen.add(each);
      waiting.push(each);
    }
  }
  return seen.size - 1;
}

/** What depends on a task, and how much of the plan is before and after it. */

import { plan, planStructure } from "../../live/live_plan.ts";
import { reachOf } from "../../plan/plan_reach.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { TaskLink } from "../../ui/status.tsx";
import { taskCount } from "../../ui/task_count.ts";

/** Most dependents that are listed. */
const MAX_LISTED = 30;

export function TaskNeighbours({ id }: { readonly id: string }) {
  planStructure.value;
  const table = plan.value;
  const row = table?.rowOf(id);
  if (table === undefined || row === undefined) return null;
  const dependents = [...new Set([...table.dependentsOf(row), ...table.dependentsOfGroup(table.group[row] ?? -1)])];
  const { before, after } = reachOf(table, row);
  return (
    <section>
      <h3>In the plan</h3>
      <p>
        {taskCount(before)} before it, {taskCount(after)} after it
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

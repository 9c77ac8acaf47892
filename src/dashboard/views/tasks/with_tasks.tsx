/** Shows a view of tasks once there are any, and before that what to do first. */

import type { VNode } from "preact";
import { plan, planRevision } from "../../live/live_plan.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { Loading } from "../../ui/notice.tsx";
import { NoTasks } from "../start/no_tasks.tsx";

export function WithTasks({ children }: { readonly children: (table: PlanTable) => VNode }) {
  const table = plan.value;
  if (table === undefined) return <Loading />;
  if (table.size > 0) return children(table);
  // The first task is a change of the same table.
  planRevision.value;
  return <NoTasks />;
}

/** Shows a view of tasks once there are any, and before that what to do first. */

import type { VNode } from "preact";
import { plan, planError, planRevision } from "../../live/live_plan.ts";
import { pastError } from "../../live/past_plan.ts";
import type { PlanTable } from "../../plan/plan_table.ts";
import { Failed, Loading } from "../../ui/notice.tsx";
import { NoTasks } from "../start/no_tasks.tsx";

export function WithTasks({ children }: { readonly children: (table: PlanTable) => VNode }) {
  const table = plan.value;
  if (table === undefined) {
    const error = pastError.value ?? planError.value;
    return error === undefined ? <Loading /> : <Failed error={error} />;
  }
  if (table.size > 0) return children(table);
  // The first task is a change of the same table.
  planRevision.value;
  return <NoTasks />;
}

/** What the marks of the graph mean, how many tasks have each status, and how far the selected task reaches. */

import { plan, planRevision } from "../../live/live_plan.ts";
import { viewAddress } from "../../navigation.ts";
import { STATUSES } from "../../plan/statuses.ts";
import { StatusMark } from "../../ui/status.tsx";
import type { Reach } from "./plan_canvas.ts";

export function PlanLegend({ reach }: { readonly reach: Reach | undefined }) {
  planRevision.value;
  const counts = STATUSES.map(() => 0);
  for (const status of plan.value?.status ?? []) counts[status] = (counts[status] ?? 0) + 1;
  return (
    <div class="plan-legend" aria-label="Legend">
      {reach !== undefined && (
        <p class="reach">
          <strong>{reach.upstream}</strong> before it · <strong>{reach.downstream}</strong> after it
        </p>
      )}
      <ul>
        {STATUSES.map((status, code) =>
          (counts[code] ?? 0) > 0 && (
            <li key={status}>
              <a href={viewAddress("table", { status })}>
                <StatusMark status={status} />
              </a>
              <span class="count">{counts[code]}</span>
            </li>
          )
        )}
        <li>
          <span class="critical-mark" aria-hidden="true" /> critical path
        </li>
        {reach !== undefined && (
          <li>
            <span class="blocker-mark" aria-hidden="true" /> what it finally waits for
          </li>
        )}
      </ul>
    </div>
  );
}

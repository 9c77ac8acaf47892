/** What the marks of the graph mean, how many tasks have each status, and how far the selected task reaches. */

import { plan, planRevision } from "../../live/live_plan.ts";
import { place, setParams } from "../../navigation.ts";
import { readFilter } from "../../plan/row_filter.ts";
import { type Status, STATUSES } from "../../plan/statuses.ts";
import { StatusMark } from "../../ui/status.tsx";
import type { Reach } from "./plan_canvas.ts";

export function PlanLegend({ reach }: { readonly reach: Reach | undefined }) {
  planRevision.value;
  const chosen = readFilter(place.value.params).statuses;
  const counts = STATUSES.map(() => 0);
  for (const status of plan.value?.status ?? []) counts[status] = (counts[status] ?? 0) + 1;
  return (
    <div class="plan-legend" role="group" aria-label="Legend">
      {reach !== undefined && (
        <p class="reach">
          <strong>{reach.upstream}</strong> before it · <strong>{reach.downstream}</strong> after it
        </p>
      )}
      <ul>
        {STATUSES.map((status, code) =>
          (counts[code] !== 0 || chosen.includes(status)) && (
            <li key={status}>
              <button
                type="button"
                aria-pressed={chosen.includes(status)}
                title="Dim all other tasks"
                onClick={() => toggle(status, chosen)}
              >
                <StatusMark status={status} />
                <span class="count">{counts[code]}</span>
              </button>
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

function toggle(status: Status, chosen: readonly Status[]): void {
  const next = STATUSES.filter((each) => chosen.includes(each) !== (each === status));
  setParams({ status: next.length === 0 ? undefined : next.join(",") });
}

/** What was created and done in each period, and how much was open at its end: as charts and as a table. */

import { Chart } from "../../ui/chart.tsx";
import { Time } from "../../ui/time.tsx";
import type { Period } from "./answers.ts";

const COLUMNS = ["created", "claimed", "completed", "failed", "dropped", "open", "in_progress"] as const;

export function Throughput({ periods }: { readonly periods: readonly Period[] }) {
  if (periods.length === 0) return <p>Nothing has happened yet.</p>;
  const at = periods.map((period) => Date.parse(period.at));
  const of = (name: typeof COLUMNS[number]) => periods.map((period) => period[name]);
  return (
    <>
      <div class="charts">
        <Chart
          label="Tasks completed and failed in each period"
          kind="bars"
          at={at}
          series={[
            { label: "completed", color: "--status-completed", values: of("completed") },
            { label: "failed", color: "--status-failed", values: of("failed") },
          ]}
        />
        <Chart
          label="Tasks open and running at the end of each period"
          kind="lines"
          at={at}
          series={[
            { label: "open", color: "--status-waiting", values: of("open") },
            { label: "running", color: "--status-in-progress", values: of("in_progress") },
          ]}
        />
      </div>
      <details>
        <summary>As a table</summary>
        <div class="scrolled">
          <table>
            <thead>
              <tr>
                <th scope="col">From</th>
                {COLUMNS.map((name) => <th key={name} scope="col">{name.replace("_", " ")}</th>)}
              </tr>
            </thead>
            <tbody>
              {periods.toReversed().map((period) => (
                <tr key={period.at}>
                  <td>
                    <Time at={period.at} />
                  </td>
                  {COLUMNS.map((name) => <td key={name}>{period[name]}</td>)}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </details>
    </>
  );
}

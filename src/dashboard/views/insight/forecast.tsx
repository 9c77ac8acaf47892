/** When the plan will be done with some numbers of instances, simulated when the user asks for it. */

import { useSignal } from "@preact/signals";
import { get } from "../../api/client.ts";
import { moment } from "../../navigation.ts";
import { Refused, useAction } from "../../ui/action.tsx";
import { TaskLink } from "../../ui/status.tsx";
import { Duration } from "../../ui/time.tsx";
import type { Forecast, Outlook } from "./answers.ts";

/** Most different numbers of instances in one forecast. */
const MAX_NUMBERS = 5;

export function ForecastSection() {
  const action = useAction();
  const numbers = useSignal("1, 2, 4, 8");
  const forecast = useSignal<Forecast | undefined>(undefined);
  const simulate = async (event: Event) => {
    event.preventDefault();
    const instances = numbers.value.split(/[\s,]+/).filter((each) => each !== "").slice(0, MAX_NUMBERS);
    await action.run(async () => {
      forecast.value = await get<Forecast>("/analysis", {
        at: moment.value,
        query: { detail: "forecast", ...(instances.length > 0 && { instances }) },
      });
    });
  };
  return (
    <section>
      <h2>Forecast</h2>
      <form class="line" onSubmit={(event) => void simulate(event)}>
        <label>
          With so many instances{" "}
          <input value={numbers.value} size={14} onInput={({ currentTarget }) => numbers.value = currentTarget.value} />
        </label>
        <button type="submit" disabled={action.isPending}>
          {action.isPending ? "Simulating…" : "Simulate the rest"}
        </button>
      </form>
      <Refused error={action.error} />
      {forecast.value !== undefined && <Outlooks forecast={forecast.value} />}
    </section>
  );
}

function Outlooks({ forecast: { open, runs, failure_rate, forecast } }: { readonly forecast: Forecast }) {
  const latest = Math.max(1, ...forecast.map(({ p90_ms }) => p90_ms ?? 0));
  return (
    <>
      <table>
        <thead>
          <tr>
            {["Instances", "Done in (median)", "Four of five between", ""].map((name) => (
              <th key={name} scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {forecast.map((outlook) => <Row key={outlook.instances} outlook={outlook} latest={latest} />)}
        </tbody>
      </table>
      <p class="quiet">
        {runs} simulations of {open} open tasks; {Math.round(100 * failure_rate)} % of attempts fail, as before.
      </p>
    </>
  );
}

function Row({ outlook, latest }: { readonly outlook: Outlook; readonly latest: number }) {
  const { instances, ends_share, p10_ms, p50_ms, p90_ms, stuck = [] } = outlook;
  if (p10_ms === undefined || p50_ms === undefined || p90_ms === undefined) {
    return (
      <tr>
        <td>{instances}</td>
        <td colSpan={3}>
          It does not end: nobody could do {stuck.slice(0, 5).map((id) => <TaskLink key={id} id={id} />)}
          {stuck.length > 5 && " and others"}
        </td>
      </tr>
    );
  }
  return (
    <tr>
      <td>{instances}</td>
      <td>
        <Duration ms={p50_ms} />
      </td>
      <td>
        <Duration ms={p10_ms} /> and <Duration ms={p90_ms} />
        {ends_share < 1 && <span class="refused">only in {Math.round(100 * ends_share)} % of the simulations</span>}
      </td>
      <td class="span">
        <span style={{ marginLeft: `${100 * p10_ms / latest}%`, width: `${100 * (p90_ms - p10_ms) / latest}%` }} />
      </td>
    </tr>
  );
}

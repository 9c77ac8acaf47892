/** The attempts in view as a table: what the canvas shows, for those who do not see it. */

import { useMemo } from "preact/hooks";
import { now } from "../../ui/clock.ts";
import { StatusMark, TaskLink } from "../../ui/status.tsx";
import { Duration, Time } from "../../ui/time.tsx";
import { type Bar, endOf, OUTCOME_LOOKS, OUTCOME_WORDS } from "./bars.ts";
import type { Span } from "./time_scale.ts";

/** Most rows: whoever wants others zooms in. */
const MAX_ROWS = 200;

export function BarTable({ bars, inView }: { readonly bars: readonly Bar[]; readonly inView: Span }) {
  const { from, to } = inView;
  const found = useMemo(
    () => bars.filter((bar) => bar.start <= to && endOf(bar, now.peek()) >= from).sort((a, b) => a.start - b.start),
    [bars, from, to],
  );
  return (
    <div class="table-scroll" tabIndex={0} role="region" aria-label="Attempts in view">
      <table>
        <caption>
          {found.length > MAX_ROWS
            ? `The first ${MAX_ROWS} of ${found.length} attempts in view: zoom in for others`
            : `${found.length} attempts in view`}
        </caption>
        <thead>
          <tr>
            {["Task", "Attempt", "Instance", "Group", "Outcome", "Start", "Duration", "Waited before"].map((name) => (
              <th key={name} scope="col">{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {found.slice(0, MAX_ROWS).map((bar) => <BarRow key={bar.key} bar={bar} />)}
        </tbody>
      </table>
    </div>
  );
}

function BarRow({ bar }: { readonly bar: Bar }) {
  return (
    <tr>
      <th scope="row">
        <TaskLink id={bar.id} />
      </th>
      <td>{bar.attempt}</td>
      <td>{bar.instance}</td>
      <td>{bar.group}</td>
      <td>
        <StatusMark status={OUTCOME_LOOKS[bar.outcome]} word={false} /> {OUTCOME_WORDS[bar.outcome]}
      </td>
      <td>
        <Time at={bar.start} />
      </td>
      <td>
        <Duration ms={endOf(bar, bar.outcome === "running" ? now.value : Infinity) - bar.start} />
      </td>
      <td>{bar.queued === 0 ? "" : <Duration ms={Math.max(0, bar.start - bar.queued)} />}</td>
    </tr>
  );
}

/** What there is to say of the bar under the cursor. */

import { formatDuration } from "../../time_format.ts";
import { now } from "../../ui/clock.ts";
import { StatusMark } from "../../ui/status.tsx";
import { Time } from "../../ui/time.tsx";
import { type Bar, endOf, OUTCOME_LOOKS, OUTCOME_WORDS } from "./bars.ts";

export interface Pointed {
  readonly bar: Bar;
  /** The cursor, in CSS pixels of the canvas. */
  readonly x: number;
  readonly y: number;
}

export function Tooltip({ bar, x, y }: Pointed) {
  const { id, attempt, instance, group, outcome, start, queued } = bar;
  return (
    <div class="tooltip" aria-hidden="true" style={{ left: `min(${x + 14}px, 100% - 300px)`, top: `${y + 16}px` }}>
      <strong>{id}</strong>
      <span>
        <StatusMark status={OUTCOME_LOOKS[outcome]} word={false} /> {OUTCOME_WORDS[outcome]} ·{" "}
        {formatDuration(endOf(bar, now.value) - start)}
      </span>
      <span class="quiet">attempt {attempt} by {instance}{group === "" ? "" : ` · ${group}`}</span>
      <span class="quiet">
        from <Time at={start} />
        {queued === 0 ? "" : ` · waited ${formatDuration(Math.max(0, start - queued))} before`}
      </span>
    </div>
  );
}

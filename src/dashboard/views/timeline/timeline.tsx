/** Who worked on what, and when: attempts as bars, by instance or by group. */

import { useSignal } from "@preact/signals";
import { useMemo } from "preact/hooks";
import { place, setParams } from "../../navigation.ts";
import { now } from "../../ui/clock.ts";
import { Failed, Loading } from "../../ui/notice.tsx";
import { type Bar, type Bars, passes, readBarFilter } from "./bars.ts";
import { BarTable } from "./bar_table.tsx";
import { Chart } from "./chart.tsx";
import { pack } from "./lanes.ts";
import { busySpans, createScale, gapFor, type Span } from "./time_scale.ts";
import { Toolbar } from "./toolbar.tsx";
import { MAX_BARS, useAttempts } from "./use_attempts.ts";

export function TimelineView() {
  const { bars, error, hasMore, readMore } = useAttempts();
  if (bars.value === undefined) return error.value === undefined ? <Loading /> : <Failed error={error.value} />;
  return (
    <Timeline
      bars={bars.value}
      error={error.value}
      readMore={hasMore.value ? readMore : undefined}
      isCut={bars.value.size >= MAX_BARS}
    />
  );
}

interface TimelineProps {
  readonly bars: Bars;
  readonly error: string | undefined;
  readonly readMore: (() => void) | undefined;
  /** Whether there may be older bars than may be kept. */
  readonly isCut: boolean;
}

function Timeline({ bars, error, readMore, isCut }: TimelineProps) {
  const { params } = place.value;
  const filter = readBarFilter(params);
  const filterKey = JSON.stringify(filter);
  const by = params["by"] === "group" ? "group" : "instance";
  const shown = useMemo(() => Array.from(bars.values()).filter((bar) => passes(bar, filter)), [bars, filterKey]);
  const picture = useMemo(() => pack(shown, by), [shown, by]);
  const scale = useScale(shown, params["idle"] === "true");
  const inView = useSignal<Span>({ from: 0, to: 0 });
  const isTable = params["rows"] === "1";
  return (
    <div class="timeline">
      <h1 class="hidden-text">Timeline of attempts</h1>
      <Toolbar bars={bars} count={shown.length} filter={filter} by={by} readMore={readMore} isCut={isCut} />
      {error !== undefined && <p class="refused" role="alert">{error}</p>}
      {bars.size === 0
        ? <p class="empty-timeline quiet">No task has been claimed yet. Each attempt at a task will be a bar here.</p>
        : shown.length === 0
        ? <p class="empty-timeline quiet">No attempt matches the filter.</p>
        : <Chart bars={shown} picture={picture} scale={scale} onView={(view) => inView.value = view} />}
      <details
        class="bar-table"
        open={isTable}
        onToggle={({ currentTarget: { open } }) => {
          if (open !== isTable) setParams({ rows: open ? "1" : undefined }, { replace: true });
        }}
      >
        <summary>The attempts in view as a table</summary>
        {isTable && <BarTable bars={shown} inView={inView.value} />}
      </details>
    </div>
  );
}

/** A running bar grows into the last span: the scale need not be made again each second. */
function useScale(shown: readonly Bar[], isTrueTime: boolean) {
  return useMemo(() => {
    const spans = busySpans(shown, now.peek());
    return createScale(spans, isTrueTime ? Infinity : gapFor(spans));
  }, [shown, isTrueTime]);
}

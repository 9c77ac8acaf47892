/** Travels in time: a slider over all records of the journal, from the first one to now, that all views of the plan follow. */

import { type Signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { livePlan, plan, planRevision } from "../live/live_plan.ts";
import { isInPast, isLooking, pastError, scrubbed } from "../live/past_plan.ts";
import { moment, setParams } from "../navigation.ts";
import { recordTimes, timeTicks } from "../plan/time_ticks.ts";
import { formatDuration } from "../time_format.ts";
import { announce } from "./announcer.tsx";
import { useShortcuts } from "./keys.ts";
import { Time } from "./time.tsx";

/** Playing shows the whole journal in about so many steps, one each time the last one is shown. */
const PLAY_STEPS = 200;
const PLAY_PAUSE_MS = 120;

export function TimeBar() {
  const { position, last } = useRange();
  const isPlaying = useSignal(false);
  const travel = useTravel(last);
  usePlaying(isPlaying, { position, last, travel });
  // Keys may come faster than the page is drawn: each step begins where the last one led.
  const reached = useRef(position);
  reached.current = position;
  const step = (by: number) => {
    isPlaying.value = false;
    reached.current = Math.min(Math.max(reached.current + by, 1), last);
    travel.to(reached.current);
  };
  useShortcuts([
    { key: ",", what: "One record back in time", run: () => step(-1) },
    { key: ".", what: "One record on in time", run: () => step(1) },
  ], [position, last]);
  const hasNoPast = last < 2;
  const play = () => {
    if (!isPlaying.value && position >= last) travel.drag(1);
    isPlaying.value = !isPlaying.value;
    if (!isPlaying.value) travel.settle();
  };
  return (
    <div class={`time-bar ${isInPast.value ? "past" : ""}`} role="group" aria-label="Time travel">
      <button
        type="button"
        onClick={() => step(-1)}
        disabled={hasNoPast || position <= 1}
        aria-label="One record back"
        title="One record back (,)"
      >
        ‹
      </button>
      <button
        type="button"
        onClick={play}
        disabled={hasNoPast}
        aria-label={isPlaying.value ? "Pause" : "Play from here"}
        title={isPlaying.value ? "Pause" : "Play from here"}
      >
        {isPlaying.value ? "❚❚" : "▶"}
      </button>
      <button
        type="button"
        onClick={() => step(1)}
        disabled={position >= last}
        aria-label="One record on"
        title="One record on (.)"
      >
        ›
      </button>
      <div class="moments">
        <Ticks last={last} />
        <input
          type="range"
          min={1}
          max={Math.max(2, last)}
          value={position}
          disabled={hasNoPast}
          aria-label="Moment"
          aria-valuetext={isInPast.value ? `Record ${position} of ${last}` : "Now"}
          onInput={({ currentTarget }) => {
            isPlaying.value = false;
            travel.drag(Number(currentTarget.value));
          }}
          onChange={travel.settle}
        />
      </div>
      <Shown position={position} last={last} />
      <button
        type="button"
        class="now"
        disabled={!isInPast.value}
        onClick={() => {
          isPlaying.value = false;
          travel.to(last);
        }}
      >
        Now
      </button>
    </div>
  );
}

/** The slider has other marks when its end is so much further on, as a share. */
const TICKS_EVERY = 0.02;

const MAX_TICKS = 60;
/** The least room of a mark on average, in CSS pixels. */
const TICK_ROOM = 6;

/** Where equal stretches of time begin on the slider. */
function Ticks({ last }: { readonly last: number }) {
  const table = livePlan.value;
  const stage = Math.floor(Math.log(last) / TICKS_EVERY);
  const element = useRef<SVGSVGElement>(null);
  const most = useSignal(0);
  useLayoutEffect(() => {
    const svg = element.current;
    if (svg === null) return;
    const observer = new ResizeObserver(([seen]) =>
      most.value = Math.min(MAX_TICKS, Math.floor((seen?.contentRect.width ?? 0) / TICK_ROOM))
    );
    observer.observe(svg);
    return () => observer.disconnect();
  }, []);
  const { stepMs, at } = useMemo(
    () => {
      const isMeasured = most.value > 0;
      const times = table === undefined || !isMeasured ? new Float64Array() : recordTimes(table);
      return timeTicks(times, { records: last, most: most.value });
    },
    [table, stage, most.value],
  );
  return (
    <svg ref={element} class="ticks" aria-hidden="true">
      <title>{`A mark each ${formatDuration(stepMs)}: the wider the space, the more happened`}</title>
      <rect width="100%" height="100%" />
      {at.map((share) => <line key={share} x1={`${share * 100}%`} x2={`${share * 100}%`} y1="0" y2="100%" />)}
    </svg>
  );
}

/** Which moment is in view. */
function Shown({ position, last }: { readonly position: number; readonly last: number }) {
  const table = plan.value;
  if (pastError.value !== undefined) return <span class="moment refused" role="alert">{pastError.value}</span>;
  if (!isInPast.value) return <span class="moment quiet">Now · record {last}</span>;
  return (
    <span class="moment" aria-busy={isLooking.value}>
      <strong>{table === undefined ? "…" : <Time at={table.now} />}</strong>
      <span class="quiet">{`record ${position} of ${last} · read only`}</span>
    </span>
  );
}

interface Range {
  readonly position: number;
  readonly last: number;
}

/** The record that is shown, and the last one. In the past the end stands still, so that the handle does. */
function useRange(): Range {
  planRevision.value;
  const end = useRef(1);
  const seq = livePlan.value?.seq ?? 1;
  end.current = isInPast.value ? Math.max(end.current, end.current === 1 ? seq : 1) : seq;
  // A moment that is a time is no number.
  const wanted = Number(scrubbed.value ?? moment.value ?? NaN);
  const shown = isInPast.value ? Number.isNaN(wanted) ? plan.value?.seq ?? 1 : wanted : end.current;
  return { position: Math.min(shown, end.current), last: end.current };
}

interface Travel {
  /** Shows a record that is not put into the address before `settle`: browsers bound how often that may change. */
  readonly drag: (seq: number) => void;
  readonly settle: () => void;
  /** Shows a record; the last one is now. */
  readonly to: (seq: number) => void;
}

function useTravel(last: number): Travel {
  useEffect(() => () => scrubbed.value = undefined, []);
  const go = (seq: number) => {
    const at = seq >= last ? undefined : String(Math.max(1, seq));
    // One step for the back button, however often the moment changes.
    setParams({ at }, { replace: isInPast.peek() });
    scrubbed.value = undefined;
  };
  return {
    drag(seq) {
      if (!isInPast.peek()) go(Math.min(seq, last - 1));
      scrubbed.value = String(seq);
    },
    settle() {
      if (scrubbed.peek() !== undefined) go(Number(scrubbed.peek()));
    },
    to(seq) {
      go(seq);
      announce(seq >= last ? "The plan as it is now" : `The plan at record ${seq} of ${last}`);
    },
  };
}

interface PlayOptions extends Range {
  readonly travel: Travel;
}

/** Goes on in time, one step after the answer to the last one. Ends at now. */
function usePlaying(isPlaying: Signal<boolean>, { position, last, travel }: PlayOptions): void {
  const isRunning = isPlaying.value && !isLooking.value;
  useEffect(() => {
    if (!isRunning) return;
    const timer = setTimeout(() => {
      const next = position + Math.max(1, Math.ceil(last / PLAY_STEPS));
      if (next < last) return travel.drag(next);
      isPlaying.value = false;
      travel.to(last);
    }, PLAY_PAUSE_MS);
    return () => clearTimeout(timer);
  }, [isRunning, position]);
}

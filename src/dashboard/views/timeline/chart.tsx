/** The canvas of the timeline with what it takes from mouse, touch and keyboard, and the tooltip. */

import { useSignal } from "@preact/signals";
import type { RefObject, TargetedKeyboardEvent, TargetedPointerEvent } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { place, selectedTask, selectTask, setParams } from "../../navigation.ts";
import { DARK, LIGHT } from "../../plan/palette.ts";
import { isDark, theme, times } from "../../preferences.ts";
import { formatDuration } from "../../time_format.ts";
import { announce } from "../../ui/announcer.tsx";
import { now } from "../../ui/clock.ts";
import { useShortcuts } from "../../ui/keys.ts";
import { type Bar, endOf, OUTCOME_WORDS } from "./bars.ts";
import type { Picture } from "./lanes.ts";
import { Surface } from "./surface.ts";
import type { Span, TimeScale } from "./time_scale.ts";
import { type Pointed, Tooltip } from "./tooltip.tsx";

export interface ChartProps {
  readonly bars: readonly Bar[];
  readonly picture: Picture;
  readonly scale: TimeScale;
  /** Called with the times at both edges, once they stand still. */
  readonly onView: (view: Span) => void;
}

/** What one key press moves by, in CSS pixels, and zooms by. */
const KEY_PIXELS = 80;
const KEY_ZOOM = 1.4;
const WHEEL_ZOOM = 0.002;

/** After how long without a move the view counts as standing still, in milliseconds. */
const STILL_MS = 300;

export function Chart({ bars, picture, scale, onView }: ChartProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const active = useSignal<Bar | undefined>(undefined);
  const pointed = useSignal<Pointed | undefined>(undefined);
  const surface = useSurface(canvas, onView);
  const isDarkNow = useDark();
  useLayoutEffect(() => {
    surface.current?.show({
      picture,
      scale,
      palette: isDarkNow ? DARK : LIGHT,
      times: times.value,
      now: now.value,
      active: active.value,
      selected: selectedTask.value,
    }, readSpan(place.peek().params["span"]));
  }, [picture, scale, isDarkNow, times.value, now.value, active.value, selectedTask.value]);
  const step = (by: number) => {
    const bar = neighbour(bars, active.peek(), by);
    if (bar === undefined) return;
    active.value = bar;
    surface.current?.reveal(bar);
    announce(sentenceOf(bar));
  };
  const open = () => active.peek() !== undefined && selectTask(active.peek()!.id);
  useShortcuts([
    { key: "j", what: "Next attempt", run: () => step(1) },
    { key: "k", what: "Previous attempt", run: () => step(-1) },
    { key: "f", what: "Fit all attempts into view", run: () => surface.current?.fit() },
    { key: "+", what: "Zoom in", run: () => surface.current?.zoom(KEY_ZOOM) },
    { key: "-", what: "Zoom out", run: () => surface.current?.zoom(1 / KEY_ZOOM) },
  ], [bars]);
  return (
    <div class="chart-box">
      <canvas
        ref={canvas}
        tabIndex={0}
        role="application"
        aria-label="Timeline. Arrows move it, plus and minus zoom, f fits, j and k go between attempts, Enter opens the task."
        onKeyDown={(event) => onKey(event, surface.current, open)}
        {...usePointer(surface, { active, pointed })}
      />
      <div class="chart-buttons" role="group" aria-label="Zoom">
        <button type="button" aria-label="Zoom in" onClick={() => surface.current?.zoom(KEY_ZOOM)}>+</button>
        <button type="button" aria-label="Zoom out" onClick={() => surface.current?.zoom(1 / KEY_ZOOM)}>−</button>
        <button type="button" onClick={() => surface.current?.fit()}>Fit</button>
      </div>
      {pointed.value !== undefined && <Tooltip {...pointed.value} />}
    </div>
  );
}

function useSurface(
  canvas: RefObject<HTMLCanvasElement | null>,
  onView: (view: Span) => void,
): RefObject<Surface | null> {
  const surface = useRef<Surface>(null);
  const tell = useRef(onView);
  tell.current = onView;
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let told = "";
    const made = surface.current = new Surface(element, (view) => {
      const span = `${Math.round(view.from)}-${Math.round(view.to)}`;
      if (span === told) return;
      told = span;
      clearTimeout(timer);
      timer = setTimeout(() => {
        setParams({ span }, { replace: true });
        tell.current(view);
      }, STILL_MS);
    });
    const observer = new ResizeObserver(() => made.invalidate());
    observer.observe(element);
    // The wheel would scroll the page, too.
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      const isZoom = event.ctrlKey || event.metaKey || (!made.scrolls && event.deltaX === 0 && !event.shiftKey);
      if (isZoom) made.zoom(Math.exp(-event.deltaY * WHEEL_ZOOM), event.offsetX);
      else if (event.shiftKey) made.pan(event.deltaX + event.deltaY, 0);
      else made.pan(event.deltaX, event.deltaY);
    };
    element.addEventListener("wheel", onWheel, { passive: false });
    return () => {
      clearTimeout(timer);
      observer.disconnect();
      element.removeEventListener("wheel", onWheel);
      made.stop();
    };
  }, []);
  return surface;
}

/** Whether the page is dark, also when the system changes. */
function useDark(): boolean {
  const system = useSignal(false);
  useEffect(() => {
    const query = matchMedia("(prefers-color-scheme: dark)");
    const read = () => system.value = query.matches;
    read();
    query.addEventListener("change", read);
    return () => query.removeEventListener("change", read);
  }, []);
  system.value;
  theme.value;
  return isDark();
}

function onKey(event: TargetedKeyboardEvent<HTMLCanvasElement>, surface: Surface | null, open: () => void): void {
  const moves: Readonly<Record<string, readonly [x: number, y: number]>> = {
    ArrowLeft: [-KEY_PIXELS, 0],
    ArrowRight: [KEY_PIXELS, 0],
    ArrowUp: [0, -KEY_PIXELS],
    ArrowDown: [0, KEY_PIXELS],
  };
  const move = moves[event.key];
  if (move !== undefined) surface?.pan(...move);
  else if (event.key === "Enter") open();
  else return;
  event.preventDefault();
}

interface PointerOptions {
  readonly active: { value: Bar | undefined };
  readonly pointed: { value: Pointed | undefined };
}

/** Dragging pans, a click opens the task, two fingers zoom. */
function usePointer(surface: RefObject<Surface | null>, { active, pointed }: PointerOptions) {
  const down = useRef(new Map<number, { x: number; y: number }>());
  const moved = useRef(0);
  type Pointer = TargetedPointerEvent<HTMLCanvasElement>;
  const end = ({ pointerId }: Pointer) => down.current.delete(pointerId);
  return {
    onPointerDown(event: Pointer) {
      event.currentTarget.setPointerCapture(event.pointerId);
      down.current.set(event.pointerId, { x: event.offsetX, y: event.offsetY });
      moved.current = 0;
    },
    onPointerMove({ pointerId, offsetX: x, offsetY: y }: Pointer) {
      const last = down.current.get(pointerId);
      if (last === undefined) {
        const bar = surface.current?.barAt(x, y);
        pointed.value = bar === undefined ? undefined : { bar, x, y };
        return;
      }
      pointed.value = undefined;
      moved.current += Math.abs(x - last.x) + Math.abs(y - last.y);
      const other = Array.from(down.current).find(([id]) => id !== pointerId)?.[1];
      if (other === undefined) surface.current?.pan(last.x - x, last.y - y);
      else surface.current?.zoom(distance({ x, y }, other) / distance(last, other), (x + other.x) / 2);
      down.current.set(pointerId, { x, y });
    },
    onPointerUp(event: Pointer) {
      end(event);
      if (moved.current > CLICK_PIXELS) return;
      const bar = surface.current?.barAt(event.offsetX, event.offsetY);
      active.value = bar;
      if (bar !== undefined) selectTask(bar.id);
    },
    onPointerCancel: end,
    onPointerLeave: () => pointed.value = undefined,
  };
}

/** A press that moves less than this is a click, in CSS pixels. */
const CLICK_PIXELS = 5;

interface Point {
  readonly x: number;
  readonly y: number;
}

function distance(a: Point, b: Point): number {
  return Math.max(1, Math.hypot(a.x - b.x, a.y - b.y));
}

/** The bar that starts after or before another one; without, the first or last. */
function neighbour(bars: readonly Bar[], bar: Bar | undefined, by: number): Bar | undefined {
  const sorted = bars.toSorted((a, b) => a.start - b.start || (a.key < b.key ? -1 : 1));
  const at = sorted.findIndex(({ key }) => key === bar?.key);
  if (at < 0) return sorted.at(by > 0 ? 0 : -1);
  return sorted[at + by];
}

function sentenceOf(bar: Bar): string {
  const { id, attempt, instance, outcome, start, queued } = bar;
  const waited = queued === 0 ? "" : `, after waiting ${formatDuration(Math.max(0, start - queued))}`;
  const lasted = formatDuration(endOf(bar, now.peek()) - start);
  return `${id}, attempt ${attempt} by ${instance}: ${OUTCOME_WORDS[outcome].toLowerCase()}, ${lasted}${waited}`;
}

/** The times of an address: `1700000000000-1700000060000`. */
function readSpan(text = ""): Span | undefined {
  const [, from, to] = /^(-?\d{1,16})-(-?\d{1,16})$/.exec(text) ?? [];
  return from === undefined || Number(to) <= Number(from) ? undefined : { from: Number(from), to: Number(to) };
}

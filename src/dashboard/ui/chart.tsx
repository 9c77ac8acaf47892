/**
 * A chart over time, as SVG: bars beside each other, or lines. For the hundred points that it draws, a library would weigh as
 * much as all views together. The numbers are in a table beside it, so that nobody needs to see it.
 */

import { useSignal } from "@preact/signals";
import { useLayoutEffect, useRef } from "preact/hooks";
import { times } from "../preferences.ts";
import { formatTime } from "../time_format.ts";
import { linePath, niceTop, ticksOf } from "./chart_scale.ts";
import { now } from "./clock.ts";

export interface Series {
  readonly label: string;
  /** A colour of the style sheet: `--status-completed`. */
  readonly color: string;
  readonly values: readonly number[];
}

export interface ChartProps {
  readonly label: string;
  readonly kind: "bars" | "lines";
  /** Where each period begins, in milliseconds since the Unix epoch, ascending. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
}

/** In CSS pixels. */
const HEIGHT = 180;
const LEFT = 40;
const BOTTOM = 22;
const TOP = 8;
const LABEL_WIDTH = 130;

export function Chart({ label, kind, at, series }: ChartProps) {
  const box = useRef<HTMLElement>(null);
  const width = useSignal(480);
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => width.value = element.clientWidth);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const top = niceTop(Math.max(0, ...series.flatMap(({ values }) => values)));
  const slot = (width.value - LEFT) / Math.max(1, at.length);
  const x = (index: number) => LEFT + slot * (index + 0.5);
  const y = (value: number) => TOP + (HEIGHT - TOP - BOTTOM) * (1 - value / top);
  const every = Math.max(1, Math.ceil(LABEL_WIDTH / slot));
  return (
    <figure ref={box} class="chart">
      <svg width={width.value} height={HEIGHT} role="img" aria-label={label}>
        {ticksOf(top).map((tick) => (
          <g key={tick}>
            <line class="grid" x1={LEFT} x2={width.value} y1={y(tick)} y2={y(tick)} />
            <text x={LEFT - 6} y={y(tick)} text-anchor="end" dominant-baseline="middle">{tick}</text>
          </g>
        ))}
        {at.map((ms, index) =>
          index % every === 0 && (
            <text key={ms} x={x(index)} y={HEIGHT - 6} text-anchor="middle">
              {formatTime(ms, { now: now.value, times: times.value })}
            </text>
          )
        )}
        {kind === "bars"
          ? <Bars series={series} slot={slot} x={x} y={y} />
          : series.map(({ label, color, values }) => (
            <path key={label} class="line" d={linePath(values, { x, y })} style={{ stroke: `var(${color})` }} />
          ))}
        {at.map((ms, index) => (
          <rect key={ms} class="hit" x={x(index) - slot / 2} y={0} width={slot} height={HEIGHT - BOTTOM}>
            <title>
              {titleOf(
                ms,
                series.map(({ label, values }) =>
                  `${label} ${values[index] ?? 0}`
                ),
              )}
            </title>
          </rect>
        ))}
      </svg>
      <figcaption>
        {series.map(({ label, color }) => (
          <span key={label}>
            <span class="swatch" style={{ background: `var(${color})` }} />
            {label}
          </span>
        ))}
      </figcaption>
    </figure>
  );
}

interface BarsProps {
  readonly series: readonly Series[];
  readonly slot: number;
  readonly x: (index: number) => number;
  readonly y: (value: number) => number;
}

function Bars({ series, slot, x, y }: BarsProps) {
  const width = Math.min(26, slot * 0.8 / series.length);
  return (
    <>
      {series.flatMap(({ label, color, values }, place) =>
        values.map((value, index) =>
          value > 0 && (
            <rect
              key={`${label} ${index}`}
              x={x(index) + (place - series.length / 2) * width}
              y={y(value)}
              width={width}
              height={y(0) - y(value)}
              style={{ fill: `var(${color})` }}
            />
          )
        )
      )}
    </>
  );
}

function titleOf(ms: number, values: readonly string[]): string {
  return [formatTime(ms, { now: now.peek(), times: times.peek() }), ...values].join("\n");
}

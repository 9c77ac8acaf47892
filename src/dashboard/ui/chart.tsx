/** A chart over time. Numbers that it draws are in a table beside it, so that nobody needs to see it. */

import { effect } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import uPlot from "uplot";
import { times } from "../preferences.ts";

export interface Series {
  readonly label: string;
  /** A variable of the style sheet: `--status-completed`. */
  readonly color: string;
  readonly values: readonly number[];
  readonly isBar?: boolean;
}

export interface ChartProps {
  readonly label: string;
  /** Milliseconds since the Unix epoch, ascending. */
  readonly at: readonly number[];
  readonly series: readonly Series[];
  /** In CSS pixels. */
  readonly height: number;
}

export function Chart({ label, at, series, height }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | undefined>(undefined);
  const shape = JSON.stringify(series.map(({ label, color, isBar }) => [label, color, isBar]));
  const data = () => [at.map((ms) => ms / 1_000), ...series.map(({ values }) => [...values])] as uPlot.AlignedData;
  useEffect(() => {
    const element = box.current;
    if (element === null) return;
    const make = () => {
      chart.current?.destroy();
      chart.current = new uPlot(optionsOf(series, { width: element.clientWidth, height }), data(), element);
    };
    // Also when the way of writing times changes.
    const stop = effect(() => {
      times.value;
      make();
    });
    const observer = new ResizeObserver(() => chart.current?.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", make);
    return () => {
      stop();
      observer.disconnect();
      dark.removeEventListener("change", make);
      chart.current?.destroy();
      chart.current = undefined;
    };
  }, [shape, height]);
  useEffect(() => chart.current?.setData(data()), [at, series]);
  return <div ref={box} class="chart" role="img" aria-label={label} />;
}

function optionsOf(
  series: readonly Series[],
  size: { readonly width: number; readonly height: number },
): uPlot.Options {
  const style = getComputedStyle(document.documentElement);
  const color = (name: string) => style.getPropertyValue(name).trim();
  const axis: uPlot.Axis = {
    stroke: color("--quiet"),
    grid: { stroke: color("--line"), width: 1 },
    ticks: { stroke: color("--line"), width: 1 },
  };
  const bars = uPlot.paths.bars?.({ size: [0.7, 60] });
  return {
    ...size,
    cursor: { drag: { x: false, y: false } },
    ...(times.value === "utc" && { tzDate: (seconds: number) => uPlot.tzDate(new Date(seconds * 1_000), "UTC") }),
    scales: { y: { range: (_, __, max) => [0, Math.max(1, max * 1.1)] } },
    axes: [axis, { ...axis, size: 46 }],
    series: [
      {},
      ...series.map(({ label, color: name, isBar }) => ({
        label,
        stroke: color(name),
        width: 2,
        points: { show: false },
        ...(isBar === true && {
          fill: color(name),
          width: 0,
          ...(bars !== undefined && { paths: bars }),
        }),
      })),
    ],
  };
}

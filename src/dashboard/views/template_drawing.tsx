/** Draws what a template makes, as the plan will show it. The list of its tasks is the equivalent for readers. */

import { useSignal, useSignalEffect } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { PlanGraph } from "../plan/layout/graph.ts";
import { createPainter, type Painter } from "../plan/painter/painter.ts";
import type { PlanDetails } from "../plan/painter/scene.ts";
import { DARK, LIGHT } from "../plan/palette.ts";
import { STATUS_CODE } from "../plan/statuses.ts";
import { isDark, theme } from "../preferences.ts";
import { Failed } from "../ui/notice.tsx";
import { sizeOf, watchSize } from "./plan/canvas_size.ts";
import { LayoutClient } from "./plan/layout_client.ts";

interface Drawn {
  readonly graph: PlanGraph;
  /** By task. */
  readonly titles: readonly string[];
}

export function TemplateDrawing(drawn: Drawn) {
  const element = useRef<HTMLCanvasElement>(null);
  const painter = useRef<Painter | undefined>(undefined);
  const layouts = useRef<LayoutClient | undefined>(undefined);
  const latest = useRef(drawn);
  const failure = useSignal<string | undefined>(undefined);
  latest.current = drawn;
  useLayoutEffect(() => {
    const canvas = element.current;
    const context = canvas?.getContext("2d", { alpha: false });
    if (canvas === null || context === null || context === undefined) return;
    const created = paintOn(canvas, context);
    const ended = new AbortController();
    watchSize(canvas, (size) => {
      created.resize(size, devicePixelRatio);
      created.fit();
    }, ended.signal);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", () => created.setPalette(isDark() ? DARK : LIGHT), { signal: ended.signal });
    painter.current = created;
    layouts.current = new LayoutClient({
      onLayout: ({ graph, layout }) => {
        // Another one is laid out already.
        if (graph !== latest.current.graph) return;
        created.show(graph, layout, detailsOf(latest.current));
        created.fit();
      },
      onFailure: (message) => failure.value = message,
    });
    return () => {
      ended.abort();
      layouts.current?.close();
      created.dispose();
    };
  }, []);
  useEffect(() => layouts.current?.ask(drawn.graph), [drawn.graph]);
  useSignalEffect(() => {
    theme.value;
    painter.current?.setPalette(isDark() ? DARK : LIGHT);
  });
  if (failure.value !== undefined) return <Failed error={failure.value} />;
  return <canvas ref={element} class="template-drawing" role="img" aria-label="The graph that it makes" />;
}

function paintOn(canvas: HTMLCanvasElement, context: CanvasRenderingContext2D): Painter {
  return createPainter({
    context,
    requestFrame: (paint) => requestAnimationFrame(paint),
    cancelFrame: (frame) => cancelAnimationFrame(frame),
    now: () => performance.now(),
    startTimer: (act, afterMs) => setTimeout(act, afterMs),
    cancelTimer: (timer) => clearTimeout(timer),
    createPath: (path) => new Path2D(path),
    hasReducedMotion: () => true,
  }, { palette: isDark() ? DARK : LIGHT, size: sizeOf(canvas), ratio: devicePixelRatio });
}

/** As right after the tasks are made: what depends on nothing is ready. */
function detailsOf({ graph: { ids, to }, titles }: Drawn): PlanDetails {
  const waiting = new Set(to);
  return {
    titles,
    workers: ids.map(() => ""),
    progress: new Float32Array(ids.length).fill(-1),
    status: Uint8Array.from(ids, (_, task) => waiting.has(task) ? STATUS_CODE.waiting : STATUS_CODE.ready),
    critical: new Uint8Array(ids.length),
  };
}

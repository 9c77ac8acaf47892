/** Runs the layout beside the page: one question at a time, each answered once. */
/// <reference lib="webworker" />
import { createLayouter } from "./layouter.ts";
import type { LayoutAnswer, LayoutQuestion } from "./messages.ts";

declare const self: DedicatedWorkerGlobalScope;

const layouter = createLayouter();

self.onmessage = ({ data: { id, graph, fresh } }: MessageEvent<LayoutQuestion>) => {
  self.postMessage(answer(id, () => layouter.layOut(graph, { fresh })));
};

function answer(id: number, layOut: () => ReturnType<typeof layouter.layOut>): LayoutAnswer {
  try {
    return { type: "layout", id, layout: layOut() };
  } catch (error) {
    return { type: "failure", id, message: error instanceof Error ? error.message : String(error) };
  }
}

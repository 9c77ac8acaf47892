/** Runs the layout beside the page: one question at a time, each answered once. */
import { createLayouter } from "./layouter.ts";
import type { LayoutAnswer, LayoutQuestion } from "./messages.ts";

/** What a worker's scope has of it: the types of a whole worker and those of a page exclude each other. */
declare const self: {
  onmessage: ((event: MessageEvent<LayoutQuestion>) => void) | null;
  postMessage(answer: LayoutAnswer): void;
};

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

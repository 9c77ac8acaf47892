/** Runs the layout beside the page: one question at a time, each answered once. */
import { graphOf, isSameGraph } from "./plan_graph.ts";
import { PlanTable } from "./plan_table.ts";
import type { Layout, PlanGraph } from "./layout/graph.ts";
import { createLayouter } from "./layout/layouter.ts";
import type { LayoutAnswer, LayoutQuestion, Preparation } from "./layout_messages.ts";

/** What a worker's scope has of it: the types of a whole worker and those of a page exclude each other. */
declare const self: {
  onmessage: ((event: MessageEvent<Preparation | LayoutQuestion>) => void) | null;
  postMessage(answer: LayoutAnswer): void;
};

const layouter = createLayouter();

/** A layout that the first question may ask for. */
let prepared: { readonly graph: PlanGraph; readonly layout: Layout } | undefined;

self.onmessage = ({ data }: MessageEvent<Preparation | LayoutQuestion>) => {
  if (data.type === "prepare") prepare(data);
  else self.postMessage(answer(data));
};

/** A plan that cannot be laid out is reported when the page asks for it. */
function prepare({ rows, folding }: Preparation): void {
  try {
    const table = new PlanTable();
    table.merge(JSON.parse(rows), 0);
    const graph = graphOf(table, folding);
    prepared = { graph, layout: layouter.layOut(graph) };
  } catch {
    prepared = undefined;
  }
}

function answer(question: LayoutQuestion): LayoutAnswer {
  const { id } = question;
  try {
    return { type: "layout", id, layout: layOut(question) };
  } catch (error) {
    return { type: "failure", id, message: error instanceof Error ? error.message : String(error) };
  }
}

function layOut({ graph, fresh }: LayoutQuestion): Layout {
  const ready = prepared;
  prepared = undefined;
  return ready !== undefined && isSameGraph(ready.graph, graph) ? ready.layout : layouter.layOut(graph, { fresh });
}

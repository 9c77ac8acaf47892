/** The layout worker as the page uses it: a real worker, which lays out what it is told early, and then what it is asked. */

import { assertEquals } from "@std/assert";
import type { Layout, PlanGraph } from "../../../src/dashboard/plan/layout/graph.ts";
import { createLayouter } from "../../../src/dashboard/plan/layout/layouter.ts";
import type { LayoutAnswer, LayoutQuestion, Preparation } from "../../../src/dashboard/plan/layout_messages.ts";
import { graphOf, isSameGraph } from "../../../src/dashboard/plan/plan_graph.ts";
import { PlanTable } from "../../../src/dashboard/plan/plan_table.ts";
import { planRows } from "./plan_rows.ts";

const NOTHING_FOLDED = { collapsed: new Set<string>(), unfolded: new Set<string>() };

const ROWS = {
  ...planRows([{ id: "a", group: "g" }, { id: "b", group: "g" }, { id: "c" }, { id: "d" }]),
  from: [0, 1],
  to: [1, 2],
  kind: [0, 0],
};

function graphOfRows(rows = ROWS, folding = NOTHING_FOLDED): PlanGraph {
  const table = new PlanTable();
  table.merge(rows, 0);
  return graphOf(table, folding);
}

function startWorker() {
  const worker = new Worker(new URL("../../../src/dashboard/plan/layout_worker.ts", import.meta.url), {
    type: "module",
  });
  let lastId = 0;
  return {
    prepare: (rows: string) =>
      worker.postMessage({ type: "prepare", rows, folding: NOTHING_FOLDED } satisfies Preparation),
    ask: async (graph: PlanGraph): Promise<Layout> => {
      const { promise, resolve } = Promise.withResolvers<LayoutAnswer>();
      worker.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => resolve(data);
      worker.postMessage({ type: "layOut", id: ++lastId, graph, fresh: false } satisfies LayoutQuestion);
      const answer = await promise;
      if (answer.type === "failure") throw new Error(answer.message);
      assertEquals(answer.id, lastId);
      return answer.layout;
    },
    [Symbol.dispose]: () => worker.terminate(),
  };
}

Deno.test("what was laid out early is what the page asks for, and other plans are laid out when they are asked for", async () => {
  using worker = startWorker();
  const graph = graphOfRows();
  worker.prepare(JSON.stringify(ROWS));
  assertEquals(await worker.ask(graph), createLayouter().layOut(graph));
  const folded = graphOfRows(ROWS, { ...NOTHING_FOLDED, collapsed: new Set(["g"]) });
  assertEquals((await worker.ask(folded)).keys, ["group g", "task c", "task d"]);
  assertEquals((await worker.ask(graph)).keys.length, 5);
});

Deno.test("another plan than the one that was told early is not taken for it", async () => {
  using worker = startWorker();
  worker.prepare(JSON.stringify(ROWS));
  const graph = graphOfRows({ ...ROWS, from: [0, 3], to: [1, 2] });
  assertEquals((await worker.ask(graph)).edges.from.length, 2);
  assertEquals((await worker.ask(graph)).keys, createLayouter().layOut(graph).keys);
});

Deno.test("an early text that is no plan leaves the worker able to answer", async () => {
  using worker = startWorker();
  worker.prepare("<html>");
  const graph = graphOfRows();
  assertEquals(await worker.ask(graph), createLayouter().layOut(graph));
});

Deno.test("graphs are the same only if nothing that is laid out differs", () => {
  const graph = graphOfRows();
  assertEquals(isSameGraph(graph, graphOfRows()), true);
  const others: readonly PlanGraph[] = [
    { ...graph, ids: ["a", "b", "c", "e"] },
    { ...graph, group: Int32Array.of(0, 0, -1, 0) },
    { ...graph, groups: ["h"] },
    { ...graph, joins: [{ id: "c needs", label: "any", group: -1 }] },
    { ...graph, from: Uint32Array.of(0, 0) },
    { ...graph, to: Uint32Array.of(1, 3) },
    { ...graph, mark: Uint32Array.of(0, 1) },
    { ...graph, marks: ["", "on failed"] },
    { ...graph, collapsed: new Set(["g"]) },
    { ...graph, unfolded: new Set(["stack"]) },
  ];
  for (const other of others) assertEquals(isSameGraph(graph, other), false, JSON.stringify(other));
});

import dagre from "@dagrejs/dagre";
import { assert } from "@std/assert";
import type { Layout, PlanGraph } from "../../../../src/dashboard/plan/layout/graph.ts";
import { createLayouter } from "../../../../src/dashboard/plan/layout/layouter.ts";
import { graphOf, type PlanText, randomPlan, realisticPlan } from "../plans.ts";
import { crossings, type Line } from "./geometry.ts";

/** Groups dissolved, since dagre knows none: both lay out the same items and edges. */
function withoutGroups({ tasks, joins = [], edges }: PlanText): PlanText {
  return {
    tasks: tasks.map(({ id }) => ({ id })),
    joins: joins.map(({ id, label }) => ({ id, label })),
    edges: edges.filter(([from]) => !from.startsWith("group:")),
  };
}

function ownCrossings(graph: PlanGraph): number {
  const layout = createLayouter().layOut(graph);
  const { edges: { from, start, points } } = layout;
  return crossings(Array.from(from.keys(), (edge) => {
    const line: [number, number][] = [];
    for (let i = start[edge]! * 2; i < start[edge + 1]! * 2; i += 2) line.push([points[i]!, points[i + 1]!]);
    return { line, ends: endsOf(layout, edge) };
  }));
}

/** dagre lays out what our layout draws: the same stacks, joins and tasks. */
function dagreCrossings(graph: PlanGraph): number {
  const layout = createLayouter().layOut(graph);
  const { edges: { from }, keys, width, height } = layout;
  const drawing = new dagre.graphlib.Graph();
  drawing.setGraph({ rankdir: "LR", ranker: "tight-tree", nodesep: 20, ranksep: 72 });
  keys.forEach((key, item) => drawing.setNode(key, { width: width[item]!, height: height[item]! }));
  from.forEach((_, edge) => drawing.setEdge(...endsOf(layout, edge), {}));
  dagre.layout(drawing);
  return crossings(
    drawing.edges().map(({ v, w }) => {
      const { points = [] } = drawing.edge({ v, w }) as { points?: { x: number; y: number }[] };
      return { line: points.map(({ x, y }): Line[number] => [x, y]), ends: [v, w] };
    }),
  );
}

function endsOf({ keys, edges: { from, to } }: Layout, edge: number): [string, string] {
  return [keys[from[edge]!] as string, keys[to[edge]!] as string];
}

for (
  const [name, make] of [
    ["random", (seed: number) => randomPlan(120, seed)],
    ["tightly knit", (seed: number) => randomPlan(100, seed, 8)],
    ["realistic", (seed: number) => withoutGroups(realisticPlan(120, seed))],
  ] as const
) {
  Deno.test({
    name: `edges do not cross more often than in dagre's layout, over six plans: ${name}`,
    permissions: { env: true },
    fn: () => {
      let own = 0, dagres = 0;
      for (let seed = 1; seed <= 6; seed++) {
        const graph = graphOf(make(seed));
        own += ownCrossings(graph);
        dagres += dagreCrossings(graph);
      }
      assert(own <= dagres, `${own} crossings, dagre has ${dagres}`);
    },
  });
}

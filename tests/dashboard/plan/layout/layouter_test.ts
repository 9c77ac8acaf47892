import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { KIND, type Layout, type PlanGraph } from "../../../../src/dashboard/plan/layout/graph.ts";
import { createLayouter } from "../../../../src/dashboard/plan/layout/layouter.ts";
import { graphOf, grownPlan, type PlanText, randomPlan, realisticPlan } from "../plans.ts";
import { coveredItems, movedShare, overlaps } from "./geometry.ts";

const permissions = "none";

const layOut = (graph: PlanGraph) => createLayouter().layOut(graph);
const itemOf = (layout: Layout, key: string) => layout.keys.indexOf(key);
const leftOf = (layout: Layout, key: string) => layout.x[itemOf(layout, key)]!;

Deno.test({
  name: "a task stands to the right of all that it depends on",
  permissions,
  fn: () => {
    const graph = graphOf(randomPlan(120, 1));
    const layout = layOut(graph);
    graph.from.forEach((from, edge) => {
      const a = layout.itemOf[from]!, b = layout.itemOf[graph.to[edge]!]!;
      if (a !== b) assert(layout.x[a]! + layout.width[a]! < layout.x[b]!, `${layout.keys[a]} → ${layout.keys[b]}`);
    });
  },
});

/** Tasks in up to four groups or none, each with up to three edges to later ones, some behind joins and whole groups. */
const plans = fc.record({
  groups: fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 0, maxLength: 40 }),
  edges: fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 70 }),
  joins: fc.array(fc.tuple(fc.nat(39), fc.nat(39)), { maxLength: 4 }),
  collapsed: fc.subarray(["g1", "g2", "g3", "g4"]),
}).map(({ groups, edges, joins, collapsed }): PlanText => {
  const tasks = groups.map((group, i) => ({ id: `t${i}`, ...group === 0 ? {} : { group: `g${group}` } }));
  const inOrder = [...edges, ...joins].map(([a, b]): [number, number] => a < b ? [a, b] : [b, a])
    .map(([a, b]) => a < b && b < tasks.length ? [a, b] as const : undefined);
  const direct = inOrder.slice(0, edges.length).flatMap((pair) =>
    pair ? [[`t${pair[0]}`, `t${pair[1]}`] as [string, string]] : []
  );
  const joined = inOrder.slice(edges.length).flatMap((pair, i) => pair ? [{ id: `j${i}`, pair }] : []);
  return {
    tasks,
    collapsed,
    joins: joined.map(({ id, pair }) => {
      const group = tasks[pair[1]]?.group;
      return { id, label: "any", ...group === undefined ? {} : { group } };
    }),
    edges: [
      ...direct,
      ...joined.flatMap(({ id, pair }): [string, string][] => [[`t${pair[0]}`, id], [id, `t${pair[1]}`]]),
    ],
  };
});

Deno.test({
  name: "no two items overlap, members stand in their boxes, and each edge runs from its dependency to its dependent",
  permissions,
  fn: () => {
    fc.assert(
      fc.property(plans, fc.nat(1_000), (plan, seed) => {
        const layouter = createLayouter();
        for (const text of [plan, plan.tasks.length > 0 ? grownPlan(plan, 0.1, seed) : plan, plan]) {
          const layout = layouter.layOut(graphOf(text));
          assertEquals(overlaps(layout), []);
          assertEquals(edgesThatMissTheirEnds(layout), []);
        }
      }),
      { numRuns: 60, examples: [[EMPTIED_LAYER, 333]] },
    );
  },
});

/** Grown with this seed, it has an edge through a layer in which no task stands any more. */
const EMPTIED_LAYER: PlanText = {
  tasks: [{ id: "t0", group: "g3" }, { id: "t1", group: "g3" }],
  edges: [["t0", "t1"]],
  joins: [],
  collapsed: [],
};

function edgesThatMissTheirEnds(layout: Layout): string[] {
  const { edges: { from, to, start, points }, x, y, width, height, keys } = layout;
  const touches = (item: number, px: number, py: number) =>
    (Math.abs(px - x[item]!) < 1 || Math.abs(px - x[item]! - width[item]!) < 1) && py >= y[item]! - 1 &&
    py <= y[item]! + height[item]! + 1;
  return Array.from(from.keys()).filter((edge) => {
    const first = start[edge]! * 2, last = start[edge + 1]! * 2 - 2;
    return !(last > first && touches(from[edge]!, points[first]!, points[first + 1]!) &&
      touches(to[edge]!, points[last]!, points[last + 1]!));
  }).map((edge) => `${keys[from[edge]!]} → ${keys[to[edge]!]}`);
}

Deno.test({
  name: "edges run between cards, not behind them",
  permissions,
  fn: () => {
    assertEquals(coveredItems(layOut(graphOf(realisticPlan(150, 2)))), []);
    assertEquals(coveredItems(layOut(graphOf(randomPlan(150, 2)))), []);
  },
});

for (
  const [name, plan, growth] of [
    ["realistic", realisticPlan(1_000, 9), 5],
    ["realistic and large", realisticPlan(2_000, 8), 5],
    ["random", randomPlan(600, 7), 5],
    ["random and large", randomPlan(2_000, 1), 5],
    ["random, large and entangled", randomPlan(2_000, 4, 100), 5],
    ["random, where parts merge", randomPlan(600, 11, 100), 111],
    ["random, where the largest part gets two more rows above tasks without edges", randomPlan(2_000, 7), 5],
    ["random, where it gets three more rows", randomPlan(2_000, 11), 111],
    ["random, where it gets a column before the first", randomPlan(2_000, 3), 5],
  ] as const
) {
  Deno.test({
    name: `1 % new tasks move at most 5 % of the others by more than 40 pixels: ${name}`,
    permissions,
    fn: () => {
      const layouter = createLayouter();
      const before = layouter.layOut(graphOf(plan));
      const after = layouter.layOut(graphOf(grownPlan(plan, 0.01, growth)));
      const share = movedShare(before, after, 40);
      assert(share <= 0.05, `${(share * 100).toFixed(1)} % moved`);
    },
  });
}

Deno.test({
  name: "the same plan again moves nothing, and a fresh layout is the first one",
  permissions,
  fn: () => {
    const layouter = createLayouter();
    const plan = realisticPlan(200, 3);
    const first = layouter.layOut(graphOf(plan));
    assertEquals(layouter.layOut(graphOf(plan)), first);
    layouter.layOut(graphOf(grownPlan(plan, 0.05, 1)));
    assertEquals(layouter.layOut(graphOf(plan), { fresh: true }), first);
  },
});

Deno.test({
  name: "a chain of 20,000 tasks with an edge past all of them is one row",
  permissions,
  fn: () => {
    const count = 20_000;
    const tasks = Array.from({ length: count }, (_, i) => ({ id: `t${i}` }));
    const edges = tasks.slice(1).map(({ id }, i): [string, string] => [`t${i}`, id]);
    const layout = layOut(graphOf({ tasks, edges: [...edges, ["t0", `t${count - 1}`]] }));
    assert(layout.x.every((x, i) => i === 0 || x > layout.x[i - 1]!));
    assert(layout.bounds.height < 500);
  },
});

Deno.test({
  name: "eight siblings fold into a stack, seven do not; a different mark sets one apart; unfolded they stand alone",
  permissions,
  fn: () => {
    const fan = (count: number, odd = ""): PlanText => ({
      tasks: ["start", "end", ...Array.from({ length: count }, (_, i) => `case-${i}`)].map((id) => ({ id })),
      edges: Array.from({ length: count }, (_, i): [string, string, string?][] => [
        i === 0 && odd !== "" ? ["start", "case-0", odd] : ["start", `case-${i}`],
        [`case-${i}`, "end"],
      ]).flat(),
    });
    const kinds = (plan: PlanText) =>
      Array.from(layOut(graphOf(plan)).kind).filter((kind) => kind === KIND.stack).length;
    assertEquals([kinds(fan(7)), kinds(fan(8)), kinds(fan(8, "on failed")), kinds(fan(9, "on failed"))], [0, 1, 0, 1]);
    const folded = layOut(graphOf(fan(8)));
    assertEquals(folded.keys.length, 3);
    assertEquals(folded.stacks[0]?.tasks.length, 8);
    assertEquals(Array.from(folded.edges.count), [8, 8]);
    const unfolded = layOut(graphOf({ ...fan(8), unfolded: [folded.stacks[0]?.key ?? ""] }));
    assertEquals(unfolded.keys.length, 10);
  },
});

Deno.test({
  name: "a collapsed group is one node, and an edge to its member ends there",
  permissions,
  fn: () => {
    const plan: PlanText = {
      tasks: [{ id: "a", group: "g" }, { id: "b", group: "g" }, { id: "c" }],
      edges: [["a", "b"], ["b", "c"], ["group:g", "c"]],
    };
    const open = layOut(graphOf(plan));
    assertEquals(open.keys.length, 4);
    assert(leftOf(open, "task c") > leftOf(open, "group g") + open.width[itemOf(open, "group g")]!);
    const closed = layOut(graphOf({ ...plan, collapsed: ["g"] }));
    assertEquals(closed.keys, ["group g", "task c"]);
    assertEquals(Array.from(closed.edges.count), [2]);
  },
});

Deno.test({
  name: "folded groups stand as near to each other as in a new layout; unfolded again, none is on another",
  permissions,
  fn: () => {
    const plan = realisticPlan(200, 4);
    const collapsed = [...new Set(plan.tasks.flatMap(({ group }) => group ?? []))];
    const layouter = createLayouter();
    layouter.layOut(graphOf(plan));
    const folded = layouter.layOut(graphOf({ ...plan, collapsed }));
    const width = layOut(graphOf({ ...plan, collapsed })).bounds.width;
    assert(folded.bounds.width <= width, `${folded.bounds.width} instead of ${width}`);
    assertEquals(overlaps(layouter.layOut(graphOf(plan))), []);
  },
});

Deno.test({
  name: "groups that depend on each other crosswise are laid out, each edge with a way",
  permissions,
  fn: () => {
    const layout = layOut(graphOf({
      tasks: [{ id: "a1", group: "a" }, { id: "b1", group: "b" }, { id: "a2", group: "a" }],
      edges: [["a1", "b1"], ["b1", "a2"]],
    }));
    assertEquals(overlaps(layout), []);
    assertEquals(edgesThatMissTheirEnds(layout), []);
  },
});

Deno.test({
  name: "tasks without edges stand in a grid that is wider than high; an empty plan has no items",
  permissions,
  fn: () => {
    const tasks = Array.from({ length: 60 }, (_, i) => ({ id: `t${i}` }));
    const { x, y, bounds } = layOut(graphOf({ tasks, edges: [] }));
    assert(new Set(x).size > 3 && new Set(y).size > 3);
    assert(bounds.width > bounds.height);
    assertEquals(layOut(graphOf({ tasks: [], edges: [] })).keys, []);
  },
});

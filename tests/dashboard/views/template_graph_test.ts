/** The drawing of a template has its tasks, the joins of its expressions, and what edges ask for. */

import { assertEquals } from "@std/assert";
import { templateGraph } from "../../../src/dashboard/views/template_graph.ts";

Deno.test("every form of a dependency between a template's tasks is an edge or a join", () => {
  const tasks = [
    { id: "a" },
    { id: "b", dependencies: ["a"] },
    { id: "c-{{part}}", dependencies: [{ task: "b", on: "failed" }] },
    {
      id: "d",
      dependencies: [
        { any: ["a", { all: ["b", { task: "c-{{part}}", when: { equals: 1 } }] }] },
        { at_least: 2, of: ["a", "b", "c-{{part}}"] },
        { group: "others" },
        "elsewhere",
      ],
    },
  ];
  const { ids, joins, from, to, mark, marks } = templateGraph(tasks, (id) => id.replace("{{part}}", "ui"));
  assertEquals(ids, ["a", "b", "c-ui", "d"]);
  assertEquals(joins.map(({ label }) => label), ["any", "2 of 3"]);
  const ends = [...ids, "any", "2 of 3"];
  const edges = Array.from(from, (source, edge) => [ends[source], ends[to[edge]!], marks[mark[edge]!]]);
  assertEquals(edges, [
    ["a", "b", ""],
    ["b", "c-ui", "on failed"],
    ["a", "any", ""],
    ["b", "any", ""],
    ["c-ui", "any", "result = 1"],
    ["any", "d", ""],
    ["a", "2 of 3", ""],
    ["b", "2 of 3", ""],
    ["c-ui", "2 of 3", ""],
    ["2 of 3", "d", ""],
  ]);
});

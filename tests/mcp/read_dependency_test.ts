/** Shows how dependencies are read: expressions as JSON text at any depth, and null as absent where it is no value. */

import { assertEquals } from "@std/assert";
import { parseDependencies } from "../../src/core/model/parse_dependency.ts";
import { readDependency } from "../../src/mcp/read_dependency.ts";

for (
  const [given, expected] of [
    ["a", "a"],
    ["[1]", "[1]"],
    ["[draft] a", "[draft] a"],
    ["{draft} a", "{draft} a"],
    ['{"group":"g"}', { group: "g" }],
    [' {"task":"a","on":"failed"}', { task: "a", on: "failed" }],
    [{ task: "a", on: null, when: null, group: null }, "a"],
    [{ any: '["a","b"]' }, { any: ["a", "b"] }],
    [{ any: ["a", '{"all":["b","c"]}'], all: null }, { any: ["a", { all: ["b", "c"] }] }],
    [{ at_least: "2", of: ["a", "b", "c"] }, { at_least: 2, of: ["a", "b", "c"] }],
    [{ at_least: "60%", of: '{"group":"g","on":null}' }, { at_least: "60%", of: { group: "g" } }],
    [{ task: "a", when: '{"pointer":"/v","equals":1}' }, { task: "a", when: { pointer: "/v", equals: 1 } }],
    [{ task: "a", when: { pointer: null, equals: 1, exists: null } }, { task: "a", when: { equals: 1 } }],
    [{ task: "a", when: { equals: null, not_equals: "x" } }, { task: "a", when: { not_equals: "x" } }],
    // Here null is what the result is compared with.
    [{ task: "a", when: { pointer: "/v", equals: null } }, { task: "a", when: { pointer: "/v", equals: null } }],
    [{ task: "a", when: { not_equals: null } }, { task: "a", when: { not_equals: null } }],
    [{ task: "a", when: { contains: null } }, { task: "a", when: { contains: null } }],
    [{ task: "a", when: { equals: { b: null } } }, { task: "a", when: { equals: { b: null } } }],
  ] as const
) {
  Deno.test({
    name: `the dependency ${JSON.stringify(given)} is ${JSON.stringify(expected)}`,
    permissions: "none",
    fn: () => assertEquals(parseDependencies([readDependency(given)]), [expected]),
  });
}

/** Shows which unknown names are taken for misspelt parameters, which for a client's own, and which for neither. */

import { assertEquals } from "@std/assert";
import { meantBy, snakeCase } from "../../src/core/model/resembling.ts";
import { isInjected } from "../../src/mcp/parameter_names.ts";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";

const PARAMETERS = ["id", "description", "dependencies", "priority", "role", "timeout_ms", "not_before", "assign_to"];

function test(name: string, fn: () => void): void {
  Deno.test({ name, permissions: "none", fn });
}

for (
  const [name, meant] of [
    ["dependancies", "dependencies"],
    ["dependency", "dependencies"],
    ["dependancy", "dependencies"],
    ["dependecies", "dependencies"],
    ["depends_on", "dependencies"],
    ["dependsOn", "dependencies"],
    ["Dependencies", "dependencies"],
    ["desc", "description"],
    ["dep", "dependencies"],
    ["deps", "dependencies"],
    ["decription", "description"],
    ["descriptions", "description"],
    ["prioirty", "priority"],
    ["roles", "role"],
    ["ids", "id"],
    ["ID", "id"],
    ["timeout", "timeout_ms"],
    ["timeoutMs", "timeout_ms"],
    ["timeout-ms", "timeout_ms"],
    ["assignTo", "assign_to"],
    ["assigned_to", "assign_to"],
    ["notBefore", "not_before"],
  ] as const
) {
  test(`${name} is taken for ${meant}`, () => assertEquals(meantBy(name, PARAMETERS), meant));
}

for (
  const name of [
    "title",
    "tags",
    "notes",
    "x",
    "",
    "i",
    "wait_ms",
    "__proto__",
    "constructor",
    "toString",
  ]
) {
  test(`${JSON.stringify(name)} resembles no parameter`, () => assertEquals(meantBy(name, PARAMETERS), undefined));
}

test("very long names are not compared", () => assertEquals(meantBy("dependencies".repeat(10), PARAMETERS), undefined));

for (
  const name of [
    "wait_for_previous",
    "waitForPreviousTools",
    "task_progress",
    "toolCallId",
    "sessionId",
    "chatInput",
    "random_string",
    "_sessionID",
    "_meta",
  ]
) {
  test(`${name} is known as added by a client, and no tool has it`, () => {
    assertEquals(isInjected(name), true);
    for (const tool of toolsOf(TOOLSETS)) {
      assertEquals(Object.hasOwn(tool.list().inputSchema.properties ?? {}, snakeCase(name)), false, tool.name);
    }
  });
}

test("no parameter of a tool is taken for another one of the same tool", () => {
  for (const tool of toolsOf(TOOLSETS)) {
    const names = Object.keys(tool.list().inputSchema.properties ?? {});
    for (const name of names) assertEquals(meantBy(name, names), name, `${tool.name}: ${name}`);
  }
});

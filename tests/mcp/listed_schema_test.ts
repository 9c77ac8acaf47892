/**
 * Holds the listing of every tool against what converters of real clients can read: Claude's (no `anyOf` at the top),
 * Gemini's `parameters` (single types, objects with properties), OpenAI's strict mode (closed objects), VS Code's (`items`
 * on every array) and Cursor's (one `type` as a text; its check of `anyOf` fails whole numbers).
 */

import { assert, assertEquals } from "@std/assert";
import { TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";
import type { Schema } from "./arbitrary_calls.ts";

/** The keywords that all of them read or pass over. */
const KEYWORDS = ["type", "description", "properties", "required", "items", "enum", "anyOf"];

const TYPES = ["string", "integer", "number", "boolean", "array", "object"];

/** Objects without properties, and why they may be. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  "list_templates": "it takes nothing, and converters leave out the parameters of such a tool",
  "register_instance.metadata.anyOf.0": "a map, which may come as JSON text too: the other alternative",
  "apply_template.parameters.anyOf.0": "a map, which may come as JSON text too: the other alternative",
  "create_task.refs.anyOf.0": "a map, which may come as JSON text too: the other alternative",
};

for (const tool of toolsOf(TOOLSETS)) {
  Deno.test({
    name: `the listing of ${tool.name} uses only keywords that all clients can read`,
    permissions: "none",
    fn() {
      const { name, inputSchema } = tool.list();
      assert(/^[a-zA-Z0-9_-]{1,64}$/.test(name));
      assertEquals(inputSchema.type, "object");
      assert(!("anyOf" in inputSchema), "Claude takes no anyOf at the top level");
      check(inputSchema as Schema, name);
    },
  });
}

Deno.test({
  name: "every exception is needed",
  permissions: "none",
  fn() {
    const found = toolsOf(TOOLSETS).flatMap((tool) => {
      const { name, inputSchema } = tool.list();
      return [...nodes(inputSchema as Schema, name)].filter(([, schema]) => isBare(schema)).map(([path]) => path);
    });
    assertEquals(found.sort(), Object.keys(EXCEPTIONS).sort());
  },
});

function check(root: Schema, name: string): void {
  for (const [path, schema] of nodes(root, name)) {
    const { type, anyOf, items, required = [], properties = {} } = schema;
    assert((type === undefined) !== (anyOf === undefined), `${path} has neither one type nor anyOf`);
    if (type !== undefined) assert(TYPES.includes(type), `${path} is of type ${JSON.stringify(type)}`);
    for (const each of anyOf ?? []) {
      assert(
        each.type !== undefined && each.type !== "integer" && each.type !== "number",
        `${path} takes ${each.type}`,
      );
    }
    if (type === "array") assert(items !== undefined, `${path} has no items`);
    for (const key of required) assert(Object.hasOwn(properties, key), `${path} requires ${key}`);
    const isMap = isBare(schema) && path.includes("anyOf");
    const known = [...KEYWORDS, ...(isMap ? ["additionalProperties"] : [])];
    assertEquals(Object.keys(schema).filter((key) => !known.includes(key)), [], path);
    if (isBare(schema)) assert(Object.hasOwn(EXCEPTIONS, path), `${path} is an object without properties`);
  }
}

/** Whether Gemini would ask which properties the object has. */
function isBare({ type, properties = {} }: Schema): boolean {
  return type === "object" && Object.keys(properties).length === 0;
}

/** A schema and all those within it, each with its path. */
function* nodes(schema: Schema, path: string): Iterable<readonly [path: string, schema: Schema]> {
  yield [path, schema];
  for (const [key, each] of Object.entries(schema.properties ?? {})) yield* nodes(each, `${path}.${key}`);
  if (schema.items !== undefined) yield* nodes(schema.items, `${path}.items`);
  for (const [index, each] of (schema.anyOf ?? []).entries()) yield* nodes(each, `${path}.anyOf.${index}`);
}

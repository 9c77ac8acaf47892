/**
 * Compares what the listing of each tool says with what its check takes: clients that convert or validate by the listing
 * must be able to send every value, if need be as JSON text, and it must arrive as it is.
 */

import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import * as z from "zod";
import { Refusal } from "../../src/core/model/refusal.ts";
import { readArguments } from "../../src/mcp/read_arguments.ts";
import { readDependency } from "../../src/mcp/read_dependency.ts";
import { type Tool, TOOLSETS } from "../../src/mcp/tool.ts";
import { toolsOf } from "../../src/mcp/tools/mod.ts";
import type { Json } from "../support/server.ts";
import { dependency, type Schema } from "./arbitrary_calls.ts";

const DEPENDENCIES = ["dependencies", "add_dependencies", "remove_dependencies"];

for (const tool of toolsOf(TOOLSETS)) {
  Deno.test({
    name: `all that ${tool.name} takes can be sent through its listing`,
    permissions: "none",
    fn() {
      const listed = tool.list().inputSchema as Schema;
      assertEquals(Object.keys(listed.properties ?? {}), Object.keys(tool.input.shape));
      fc.assert(
        fc.property(valueOf(tool.input, "").map(asJson), (args) => {
          const sent = toListed(listed, args, tool.name);
          assertEquals(received(tool, sent), received(tool, args));
        }),
        { numRuns: 50 },
      );
    },
  });
}

Deno.test({
  name: "what null removes in the core can be removed through the listed options of clear",
  permissions: "none",
  fn() {
    const optionsOf = (name: string) => {
      const listed = toolsOf(TOOLSETS).find((tool) => tool.name === name)?.list().inputSchema as Schema;
      return listed.properties?.["clear"]?.items;
    };
    assertEquals(optionsOf("update_tasks"), { type: "string", enum: ["to_assign", "to_group"] });
    assertEquals(optionsOf("update_group"), {
      type: "string",
      enum: ["title", "max_parallel", "preamble", "visible_to"],
    });
    assertEquals(optionsOf("update_task"), { type: "string" });
  },
});

/** What a tool gets: the checked arguments, with dependencies as the core parses them; or that they are refused. */
function received({ input }: Tool, args: unknown): unknown {
  try {
    const { args: read, unknown, misnamed } = readArguments(input, args);
    assertEquals([unknown, misnamed], [[], []]);
    const { success, data } = input.safeParse(read);
    assert(success, `refused: ${JSON.stringify(read)}`);
    return asJson(withDependencies(data));
  } catch (error) {
    if (error instanceof Refusal) return error.code;
    throw error;
  }
}

function withDependencies(args: Json): Json {
  return Object.fromEntries(
    Object.entries(args).map(([key, value]) => {
      if (DEPENDENCIES.includes(key) && Array.isArray(value)) return [key, value.map(readDependency)];
      return [key, key === "tasks" && Array.isArray(value) ? value.map(withDependencies) : value];
    }),
  );
}

/** The value as it arrives: without undefined fields. */
function asJson(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

/** The value as a client sends it that knows the listed schema only. Throws if the schema has no form for it. */
function toListed(schema: Schema, value: unknown, path: string): unknown {
  const { type, anyOf, items, properties, additionalProperties } = schema;
  if (anyOf !== undefined) {
    const fitting = anyOf.find((each) => each.type === typeof value && isListed(each, value));
    const text = anyOf.find((each) => each.type === "string");
    assert(fitting !== undefined || text !== undefined, `${path} cannot be ${JSON.stringify(value)}`);
    return fitting === undefined ? JSON.stringify(value) : value;
  }
  switch (type) {
    case "array":
      assert(items !== undefined && Array.isArray(value), path);
      return value.map((item) => toListed(items, item, `${path}[]`));
    case "object":
      assert(typeof value === "object" && value !== null && additionalProperties === undefined, path);
      return Object.fromEntries(
        Object.entries(value).map(([key, each]) => {
          const property = properties?.[key];
          assert(property !== undefined, `${path}.${key} is not listed`);
          return [key, toListed(property, each, `${path}.${key}`)];
        }),
      );
    case "string":
      if (typeof value !== "string") return JSON.stringify(value);
      assert(schema.enum?.includes(value) ?? true, `${path} does not list ${value}`);
      return value;
    default:
      assert(type === typeof value || Number.isInteger(value), `${path} cannot be ${JSON.stringify(value)}`);
      return value;
  }
}

/** Whether an alternative has a form for a value as it is. */
function isListed({ type, properties, additionalProperties }: Schema, value: unknown): boolean {
  if (type !== "object") return true;
  const isText = (each: unknown) => each === undefined || typeof each === "string";
  return Object.entries(Object(value)).every(([key, each]) =>
    isText(each) && (properties === undefined ? additionalProperties !== undefined : Object.hasOwn(properties, key))
  );
}

/** Values that the check takes. */
function valueOf(schema: z.core.$ZodType, name: string): fc.Arbitrary<unknown> {
  if (schema instanceof z.ZodOptional) return fc.option(valueOf(schema.unwrap(), name), { nil: undefined });
  if (schema instanceof z.ZodObject) {
    return fc.record(Object.fromEntries(Object.entries(schema.shape).map(([key, each]) => [key, valueOf(each, key)])));
  }
  if (schema instanceof z.ZodArray) return fc.array(valueOf(schema.element, name), { maxLength: 3 });
  if (schema instanceof z.ZodRecord) return fc.dictionary(fc.constantFrom("a", "b"), fc.string(), { maxKeys: 2 });
  if (schema instanceof z.ZodEnum) return fc.constantFrom(...schema.options);
  if (schema instanceof z.ZodBoolean) return fc.boolean();
  if (schema instanceof z.ZodString) return fc.string({ minLength: 1, maxLength: 20 });
  if (schema instanceof z.ZodNumber) {
    const min = Math.max(schema.minValue ?? -1_000, -1_000);
    return fc.integer({ min, max: Math.min(schema.maxValue ?? 1_000, 1_000) });
  }
  assert(schema instanceof z.ZodUnknown && DEPENDENCIES.includes(name), `${name} has a schema of another kind`);
  return dependency(2).filter((value) => typeof value === "string" || typeof value === "object");
}

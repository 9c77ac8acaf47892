/**
 * Converts the schema that checks a tool's arguments to the JSON Schema in `tools/list`. Clients convert it again for
 * their models. All of them support single types, and `anyOf` of single types.
 */

import * as z from "zod";
import type { ToolListing } from "./sdk.ts";

/** Most options that a brief listing names. Longer enums are omitted; the refusal of a wrong value names all options. */
const MAX_BRIEF_OPTIONS = 12;

/**
 * The JSON Schema for `tools/list`. It omits parts that cost context and do not help a model: the bounds of
 * numbers (the refusal of another number names them), the type of keys, and `additionalProperties: false` (a call with
 * other parameters gets a note). A brief listing also omits descriptions and long enums, and lists maps and objects without
 * required properties as JSON text, as which any object can be sent.
 */
export function listedSchema(schema: z.ZodObject, isBrief: boolean): ToolListing["inputSchema"] {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: "input",
    override({ zodSchema, jsonSchema }) {
      delete jsonSchema.minimum;
      delete jsonSchema.maximum;
      if (zodSchema instanceof z.ZodRecord) listAsMap(jsonSchema);
      if (isBrief) shorten(jsonSchema, zodSchema === schema);
      if (jsonSchema.type === "object" && jsonSchema.properties !== undefined) delete jsonSchema.additionalProperties;
    },
  });
  // The schema of a ZodObject is always of type "object".
  return rest as ToolListing["inputSchema"];
}

/** Lists a map also as JSON text: some clients cannot express objects without fixed properties. */
function listAsMap(jsonSchema: z.core.JSONSchema.BaseSchema): void {
  delete jsonSchema.type;
  delete jsonSchema.propertyNames;
  delete jsonSchema.additionalProperties;
  jsonSchema.anyOf = [
    { type: "object", additionalProperties: { type: "string" } },
    { type: "string" },
  ];
}

function shorten(jsonSchema: z.core.JSONSchema.BaseSchema, isRoot: boolean): void {
  delete jsonSchema.description;
  if (jsonSchema.enum !== undefined && jsonSchema.enum.length > MAX_BRIEF_OPTIONS) delete jsonSchema.enum;
  const isMap = jsonSchema.anyOf?.some(({ additionalProperties }) => typeof additionalProperties === "object");
  const isSettings = jsonSchema.type === "object" && jsonSchema.required === undefined && !isRoot;
  if (isMap !== true && !isSettings) return;
  delete jsonSchema.anyOf;
  delete jsonSchema.properties;
  delete jsonSchema.additionalProperties;
  jsonSchema.type = "string";
  jsonSchema.description = "JSON";
}
